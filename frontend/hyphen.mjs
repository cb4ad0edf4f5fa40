/**
 * A hyphen is no figure: Inter's tabular figures make it as wide as a digit, in dates as in "Log-ins" among them.
 * `hyphenAsItIs` takes it out of what `tnum` replaces, in a font as TrueType; the buffer is changed in place and given back.
 */
const HYPHEN = 0x2d;
const SINGLE = 1; // a lookup that puts one glyph in the place of another

export function hyphenAsItIs(font) {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const u16 = (at) => view.getUint16(at);
  const tag = (at) => font.toString("latin1", at, at + 4);
  const list = (at, size, read) => Array.from({ length: u16(at) }, (_, i) => read(at + 2 + i * size));
  const tables = new Map(Array.from({ length: u16(4) }, (_, i) => [tag(12 + 16 * i), view.getUint32(20 + 16 * i)]));

  const hyphen = glyphOf(HYPHEN);
  const gsub = tables.get("GSUB");
  const [features, lookups] = [gsub + u16(gsub + 6), gsub + u16(gsub + 8)];
  const named = list(features, 6, (at) => (tag(at) === "tnum" ? list(features + u16(at + 4) + 2, 2, u16) : []));
  const tabular = [...new Set(named.flat())];
  const single = (number) => {
    const lookup = lookups + u16(lookups + 2 + 2 * number);
    return u16(lookup) === SINGLE ? list(lookup + 4, 2, (at) => lookup + u16(at)).filter((table) => u16(table) === 2) : [];
  };
  // Between digits and capitals another one, drawn higher, stands for it.
  const hyphens = new Set([hyphen]);
  for (let number = 0; number < u16(lookups); number++) {
    if (tabular.includes(number)) continue;
    for (const table of single(number)) {
      const place = covered(table + u16(table + 2)).indexOf(hyphen);
      if (place >= 0) hyphens.add(u16(table + 6 + 2 * place));
    }
  }
  let found = 0;
  for (const table of tabular.flatMap(single)) {
    for (const [place, glyph] of covered(table + u16(table + 2)).entries()) {
      if (!hyphens.has(glyph)) continue;
      view.setUint16(table + 6 + 2 * place, glyph);
      found += 1;
    }
  }
  if (found !== 2) throw new Error("Inter's tnum or its hyphens are made in another way than they were: see hyphen.mjs");
  return font;

  /** By the segments of the table for the first 65,536 characters. */
  function glyphOf(character) {
    const cmap = tables.get("cmap");
    const table = Array.from({ length: u16(cmap + 2) }, (_, i) => cmap + view.getUint32(cmap + 8 + 8 * i)).find((at) => u16(at) === 4);
    const room = u16(table + 6); // two bytes a segment
    for (let at = table + 14; at < table + 14 + room; at += 2) {
      if (u16(at) < character) continue;
      const [first, delta, offset] = [u16(at + room + 2), u16(at + 2 * room + 2), u16(at + 3 * room + 2)];
      const glyph = offset ? u16(at + 3 * room + 2 + offset + 2 * (character - first)) : character;
      return (glyph + delta) & 0xffff;
    }
    throw new Error("Inter has no hyphen");
  }

  /** The glyphs of a coverage table, in its order. */
  function covered(at) {
    if (u16(at) === 1) return list(at + 2, 2, u16);
    return list(at + 2, 6, (range) => Array.from({ length: u16(range + 2) - u16(range) + 1 }, (_, i) => u16(range) + i)).flat();
  }
}
