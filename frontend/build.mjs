/**
 * Builds everything under static/dist from frontend/.
 *
 *   node frontend/build.mjs           write static/dist
 *   node frontend/build.mjs --watch   write it again whenever a source or a template changes
 *   node frontend/build.mjs --check   build elsewhere and fail when static/dist differs by a byte
 *
 * The output is committed, so that running the project needs no Node. File names are stable; Django's static
 * files storage adds the content hashes. For that reason no bundle is split and none names a source map.
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile, optimize } from "@tailwindcss/node";
import { Scanner } from "@tailwindcss/oxide";
import esbuild from "esbuild";
import subsetFont from "subset-font";
import { hyphenAsItIs } from "./hyphen.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(HERE);
const DIST = path.join(ROOT, "static", "dist");
const MODULES = path.join(ROOT, "node_modules");

const WEIGHTS = { min: 400, max: 600, default: 400 };

/** Tailwind over app.css; the class names are found in the sources that app.css itself lists. */
async function buildStyles(out) {
  const source = path.join(HERE, "css", "app.css");
  const compiler = await compile(await readFile(source, "utf8"), {
    base: path.dirname(source),
    from: source,
    onDependency: () => {},
    shouldRewriteUrls: false,
  });
  const candidates = new Scanner({ sources: compiler.sources }).scan();
  const css = optimize(compiler.build(candidates.sort()), { minify: true }).code;
  await writeFile(path.join(out, "app.css"), css);
}

/** Blockly's core alone: its generators and stock blocks, which its plugin names, stay out. */
const blocklyCore = {
  name: "blockly-core",
  setup: (build) => build.onResolve({ filter: /^blockly(\/core)?$/ }, () => ({ path: path.join(MODULES, "blockly", "blockly_compressed.js") })),
};

/** One self-contained classic script per entry point. */
async function buildScripts(out) {
  const entry = (name) => path.join(HERE, "js", name);
  await esbuild.build({
    entryPoints: {
      theme: entry("theme.js"),
      app: entry("app.js"),
      charts: entry("charts/index.js"),
      editor: entry("editor/index.js"),
      blocks: entry("blocks/index.js"),
    },
    plugins: [blocklyCore],
    absWorkingDir: ROOT,
    outdir: out,
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "eof",
    logLevel: "warning",
  });
}

/** A sprite of the Lucide icons named in icons.txt, and our own from frontend/icons. */
async function buildIcons(out) {
  const symbols = new Map();
  const names = (await readFile(path.join(HERE, "icons", "icons.txt"), "utf8")).split(/\s+/).filter(Boolean);
  for (const name of names) {
    const svg = await readFile(path.join(MODULES, "lucide-static", "icons", `${name}.svg`), "utf8");
    symbols.set(name, symbol(name, svg, 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'));
  }
  for (const file of (await readdir(path.join(HERE, "icons"))).filter((f) => f.endsWith(".svg"))) {
    const name = path.basename(file, ".svg");
    symbols.set(name, symbol(name, await readFile(path.join(HERE, "icons", file), "utf8"), 'fill="currentColor"'));
  }
  const body = [...symbols.keys()].sort().map((name) => symbols.get(name)).join("\n");
  const notice = "<!-- Icons: Lucide (https://lucide.dev), ISC licence; the mark is Candlewright's own. -->";
  await writeFile(path.join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${notice}\n${body}\n</svg>\n`);
}

function symbol(name, svg, paint) {
  const viewBox = /viewBox="([^"]+)"/.exec(svg)[1];
  const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>[\s\S]*$/, "");
  return `<symbol id="${name}" viewBox="${viewBox}" ${paint}>${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
}

/** The characters of a `unicode-range`. */
function characters(range) {
  return range
    .split(",")
    .flatMap((part) => {
      const [first, last = first] = part.trim().slice(2).split("-").map((digits) => parseInt(digits, 16));
      return Array.from({ length: last - first + 1 }, (_, number) => String.fromCodePoint(first + number));
    })
    .join("");
}

/**
 * The fonts of fonts.css, cut to the characters that it names and to the weights we write in. Inter keeps the shapes
 * that are switched on by features (tabular figures, whose hyphen stays as it is); code is written without ligatures, so
 * those are left out.
 */
async function cutFonts(out) {
  await mkdir(path.join(out, "fonts"), { recursive: true });
  const faces = await readFile(path.join(HERE, "css", "fonts.css"), "utf8");
  for (const [, name, range] of faces.matchAll(/fonts\/([\w-]+)\.woff2[^}]*unicode-range: ([^;]+);/g)) {
    const [, family, subset] = /^(inter|jetbrains-mono)-(.+)$/.exec(name);
    const whole = await readFile(path.join(MODULES, "@fontsource-variable", family, "files", `${family}-${subset}-wght-normal.woff2`));
    const kept = characters(range);
    const hasHyphen = name === "inter-latin";
    const cut = await subsetFont(whole, kept, {
      targetFormat: hasHyphen ? "truetype" : "woff2",
      variationAxes: { wght: WEIGHTS },
      noLayoutClosure: family === "jetbrains-mono",
    });
    const mended = hasHyphen ? await subsetFont(hyphenAsItIs(Buffer.from(cut)), kept, { targetFormat: "woff2" }) : cut;
    await writeFile(path.join(out, "fonts", `${name}.woff2`), mended);
  }
  for (const family of ["inter", "jetbrains-mono"]) {
    await copyFile(path.join(MODULES, "@fontsource-variable", family, "LICENSE"), path.join(out, "fonts", `${family}-LICENSE.txt`));
  }
}

/** Blockly's pictures: cursors, arrows, the handle of comments. */
async function copyBlockly(out) {
  await mkdir(path.join(out, "blockly"), { recursive: true });
  const folder = path.join(MODULES, "blockly", "media");
  for (const file of (await readdir(folder)).filter((name) => !name.endsWith(".mp3"))) await copyFile(path.join(folder, file), path.join(out, "blockly", file));
}

async function build(out) {
  const parts = await Promise.allSettled([buildStyles(out), buildScripts(out), buildIcons(out), cutFonts(out), copyBlockly(out)]);
  const failed = parts.find((part) => part.status === "rejected"); // told once none of them writes any more
  if (failed) throw failed.reason;
}

/** Builds beside static/dist and takes its place at the end: a build that fails leaves what stood there. */
async function buildDist() {
  const folder = await mkdtemp(path.join(path.dirname(DIST), ".dist-"));
  try {
    await build(folder);
    await chmod(folder, 0o755);
    await rm(DIST, { recursive: true, force: true });
    await rename(folder, DIST);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((e) => e.isFile()).map((e) => path.relative(folder, path.join(e.parentPath, e.name))).sort();
}

/** Names of the files that differ between two folders, missing ones included. */
async function differences(left, right) {
  const names = new Set([...(await files(left)), ...(await files(right))]);
  const read = (folder, name) => readFile(path.join(folder, name)).catch(() => null);
  const changed = [];
  for (const name of names) {
    const [a, b] = await Promise.all([read(left, name), read(right, name)]);
    if (a === null || b === null || !a.equals(b)) changed.push(name);
  }
  return changed;
}

async function check() {
  const folder = await mkdtemp(path.join(tmpdir(), "candlewright-dist-"));
  try {
    await build(folder);
    const changed = await differences(DIST, folder);
    if (changed.length) {
      console.error(`static/dist is not what the sources build: ${changed.join(", ")}. Run "npm run build" and commit it.`);
      process.exitCode = 1;
    } else {
      console.log("static/dist matches its sources.");
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function watchSources() {
  let timer;
  const rebuild = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const began = Date.now();
      await buildDist().then(
        () => console.log(`built in ${Date.now() - began} ms`),
        (error) => console.error(error.message),
      );
    }, 120);
  };
  for (const folder of [HERE, path.join(ROOT, "templates")]) watch(folder, { recursive: true }, rebuild);
  rebuild();
}

const mode = process.argv[2];
if (mode === "--check") await check();
else if (mode === "--watch") await watchSources();
else await buildDist();
