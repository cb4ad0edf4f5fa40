/**
 * Texts of scripts in the page's language. Its catalogue is a script of its own, loaded before these; without one (in
 * English) texts stay as they are written. `manage.py makemessages` finds what is marked with `t` and `n`.
 */

const catalogue = globalThis.django ?? {};

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** `text` translated; `{name}` in it is replaced by `values.name`. */
export function t(text, values = {}) {
  return fill(catalogue.gettext ? catalogue.gettext(text) : text, values);
}

/** The same by number: `n("{count} bar", "{count} bars", 3)`. */
export function n(one, many, count, values = {}) {
  const text = catalogue.ngettext ? catalogue.ngettext(one, many, count) : count === 1 ? one : many;
  return fill(text, { count, ...values });
}
