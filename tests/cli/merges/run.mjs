// Modules that import from each other do in one merged module what they do when each is
// instantiated by itself: run.mjs WPKG FOLDER FIRST COUNT. Random modules (generate.mjs) are wired up
// here, and merged; the same calls must give the same results, traps, messages to the host and
// memories. What they gave is also written down as a script, which our interpreter runs. Where
// WASM_MERGE names binaryen's wasm-merge, there is such a script of what that makes of them, too: of
// some it makes what Node 20 does not know.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { generate } from "./generate.mjs";

const [, , wpkg, folder, first, count] = process.argv;

function host() {
  const log = [];
  return { log, imports: { spectest: { print_i32: (value) => log.push(value) } } };
}

// Traps are compared by kind: engines word them each in their way.
const attempt = (action) => {
  try {
    return { value: action() };
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    return { trap: error.message.replace(/ at .*/, "") };
  }
};

const argument = ({ type, value }) => (type === "i64" ? BigInt(value) : value);

function observe(exportOf, test, log) {
  const results = test.calls.map((call) =>
    attempt(() => exportOf(call.module, call.field)(...call.args.map(argument))));
  const state = [], globals = {};
  for (const module of test.modules)
    for (const item of module.exports) {
      const value = item.kind === "memory" || item.kind === "global" ? exportOf(module.name, item.field) : null;
      if (item.kind === "memory") state.push(Buffer.from(value.buffer).toString("latin1"));
      if (item.kind === "global") globals[`${module.name}.${item.field}`] = value.value;
    }
  return { results, state, globals, log };
}

// The order in which the linker says that a host does it: a module after those that it imports
// from, which come in the order of the imports.
function order(test) {
  const placed = new Set();
  const visit = (module) => {
    for (const { module: name } of WebAssembly.Module.imports(module.compiled)) {
      const from = test.modules.find((other) => other.name === name);
      if (from && !placed.has(from)) visit(from);
    }
    placed.add(module);
  };
  for (const module of [...test.modules].reverse()) if (!placed.has(module)) visit(module);
  return placed;
}

function apart(test) {
  const { log, imports } = host();
  const start = attempt(() => {
    for (const module of order(test))
      imports[module.name] = new WebAssembly.Instance(module.compiled, imports).exports;
  });
  return start.trap ? { start, log } : observe((module, field) => imports[module][field], test, log);
}

function merged(test, bytes, nameOf) {
  const { log, imports } = host();
  let exports;
  const start = attempt(() => {
    exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  });
  if (start.trap) return { start, log };
  return observe((module, field) => exports[nameOf(module, field)], test, log);
}

const show = (value) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v));

const root = (test) => test.modules[test.modules.length - 1].name;
const ours = (test) => (module, field) => (module === root(test) ? field : `${module}.${field}`);
const byModule = (module, field) => `${module}.${field}`;

// It keeps the exports of all modules, so that each has its module's name in its own.
function wasmMerge(test, output) {
  const operands = [];
  for (const module of order(test)) {
    const file = `${folder}/oracle-${module.name}`;
    writeFileSync(`${file}.wat`, module.text
      .replace(/\(export "/g, `(export "${module.name}.`)
      .replace(/\(import "(?!spectest")([^"]*)" "/g, '(import "$1" "$1.'));
    execFileSync(wpkg, ["wat", "parse", `${file}.wat`, "-o", `${file}.wasm`]);
    operands.push(`${file}.wasm`, module.name);
  }
  const features = ["multimemory", "bulk-memory", "reference-types", "gc"];
  execFileSync(process.env.WASM_MERGE,
    [...operands, ...features.map((name) => `--enable-${name}`), "-o", output]);
}

function script(test, seen, file, nameOf) {
  const bytes = readFileSync(file);
  const text = [...bytes].map((byte) => "\\" + (256 + byte).toString(16).slice(1)).join("");
  if (seen.start) return `(assert_trap (module binary "${text}") "")\n`;
  const lines = [`(module binary "${text}")`];
  test.calls.forEach((call, i) => {
    const name = nameOf(call.module, call.field);
    const args = call.args.map((a) => `(${a.type}.const ${a.value})`).join(" ");
    const { trap, value } = seen.results[i];
    const invoke = `(invoke "${name}" ${args})`;
    if (trap) lines.push(`(assert_trap ${invoke} "")`);
    else lines.push(`(assert_return ${invoke} ${call.result ? `(${call.result}.const ${value})` : ""})`);
  });
  for (const module of test.modules)
    for (const item of module.exports.filter((e) => e.kind === "global")) {
      const name = nameOf(module.name, item.field);
      lines.push(`(assert_return (get "${name}") (${item.value}.const ${seen.globals[`${module.name}.${item.field}`]}))`);
    }
  return lines.join("\n") + "\n";
}

// Node 20 runs modules of one memory only.
const memories = (test) => test.modules.flatMap((m) => m.exports).filter((e) => e.kind === "memory").length;

let compared = 0, trapped = 0, wired = 0;
const failures = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const test = generate(seed);
  const operands = [];
  for (const module of test.modules) {
    const file = `${folder}/${module.name}`;
    writeFileSync(`${file}.wat`, module.text);
    execFileSync(wpkg, ["wat", "parse", `${file}.wat`, "-o", `${file}.wasm`]);
    module.compiled = new WebAssembly.Module(readFileSync(`${file}.wasm`));
    operands.unshift(`${file}.wasm`);
  }
  const output = `${folder}/merged-${seed}.wasm`;
  const link = spawnSync(wpkg, ["link", ...operands, "--prefix", "-o", output], { encoding: "utf8" });
  if (link.status !== 0) {
    failures.push(`${seed}: ${link.stderr}`);
    continue;
  }
  const one = apart(test);
  compared += one.results ? one.results.length : 1;
  trapped += one.results ? one.results.filter((result) => result.trap).length : 1;
  writeFileSync(`${folder}/merged-${seed}.wast`, script(test, one, output, ours(test)));
  if (process.env.WASM_MERGE) {
    wasmMerge(test, `${folder}/oracle.wasm`);
    writeFileSync(`${folder}/oracle-${seed}.wast`, script(test, one, `${folder}/oracle.wasm`, byModule));
  }
  if (memories(test) > 1) continue;
  wired++;
  const other = merged(test, readFileSync(output), ours(test));
  if (show(one) !== show(other)) {
    const at = (one.results ?? []).findIndex((result, i) => show(result) !== show(other.results?.[i]));
    failures.push(`${seed}: differs at ${at < 0 ? "start, state or messages" : show(test.calls[at])}`);
  }
}
for (const failure of failures.slice(0, 20)) console.log(failure);
console.log(`${compared} calls, ${trapped} of them trap; ${wired} modules run in Node; ${failures.length} failures`);
process.exit(failures.length > 0 || wired === 0 ? 1 : 0);
