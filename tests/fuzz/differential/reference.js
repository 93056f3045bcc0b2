// SPDX-License-Identifier: Apache-2.0
// The other engine of the differential fuzzer: Node's V8. Reads a line of JSON with a module's path
// and what run_modules said that it wants and calls, does the same, and answers in the same lines.
// A second opinion on whether it is valid is asked of npm's @napi-rs/wasm-tools where that is found.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const readline = require("node:readline");

const MEMORY_SHOWN = 16 << 20;

let second = null;
try {
	second = require(process.env.WASM_TOOLS || "@napi-rs/wasm-tools");
} catch (error) {
	// Then there is no second opinion.
}

const TRAPS = [
	[/^unreachable/, "unreachable"],
	[/^memory access out of bounds|^data segment .*out of bounds/, "memory-bounds"],
	[/^operation does not support unaligned accesses/, "memory-bounds"],
	[/^table (index is|access) out of bounds|^table index is out of bounds|^element segment .*out of bounds/, "table-bounds"],
	[/^divide result unrepresentable|^float unrepresentable/, "overflow"],
	[/^(divide|remainder) by zero/, "integer-divide"],
	[/^null function or function signature mismatch/, "signature"],
	[/^dereferencing a null pointer|^rethrowing null value/, "null-reference"],
	[/^illegal cast/, "cast"],
	[/^array element access out of bounds|^array (too large|index)/, "array-bounds"],
	[/^Atomics.wait cannot be called/, "unshared-wait"],
];

function bits(letter, value) {
	if (letter === "f" || letter === "d") {
		if (Number.isNaN(value)) return "nan";
		const view = new DataView(new ArrayBuffer(8));
		if (letter === "f") view.setFloat32(0, value);
		else view.setFloat64(0, value);
		return (letter === "f" ? BigInt(view.getUint32(0)) : view.getBigUint64(0)).toString(16);
	}
	if (letter === "i") return (value >>> 0).toString(16);
	if (letter === "I") return BigInt.asUintN(64, value).toString(16);
	return value === null ? "null" : "ref";
}

function value(letter, text) {
	if (text === "nan") return NaN;
	if (letter === "i") return parseInt(text, 16) | 0;
	if (letter === "I") return BigInt.asIntN(64, BigInt("0x" + text));
	if (letter === "f" || letter === "d") {
		const view = new DataView(new ArrayBuffer(8));
		view.setBigUint64(0, BigInt("0x" + text));
		return letter === "f" ? view.getFloat32(4) : view.getFloat64(0);
	}
	return text === "null" ? null : {};
}

const ZEROS = { i: 0, I: 0n, f: 0, d: 0 };
const zero = (letter) => (letter in ZEROS ? ZEROS[letter] : null);
const TYPES = { i: "i32", I: "i64", f: "f32", d: "f64", v: "v128", F: "anyfunc", E: "externref" };

const show = (what, letters, values) =>
	console.log([">", what, ...[...letters].map((letter, i) => bits(letter, values[i]))].join(" "));

// What a module imports, from a line "import MODULE NAME KIND TYPES".
function make(kind, types) {
	const [, first, last] = types.split(":");
	if (kind === "func")
		return (...args) => {
			show("log", first, args);
			const results = [...last].map(zero);
			return last.length > 1 ? results : results[0];
		};
	if (kind === "tag")
		return new WebAssembly.Tag({ parameters: [...first].map((letter) => TYPES[letter]) });
	const mutable = last === "mut";
	if (first === "e") return mutable ? null : {};
	if (!mutable) return zero(first);
	return new WebAssembly.Global({ value: TYPES[first], mutable }, zero(first));
}

function trap(where, error) {
	if (error instanceof WebAssembly.Exception) {
		console.log(`> ${where} trap exception`);
	} else if (error instanceof WebAssembly.RuntimeError) {
		const found = TRAPS.find(([pattern]) => pattern.test(error.message.replace(/^WebAssembly.Instance\(\): /, "")));
		console.log(`> ${where} trap ${found ? found[1] : error.message}`);
	} else {
		console.log("> stopped");
		console.log(`stopped: ${error}`);
		return false;
	}
	return true;
}

function call(func, args, letters) {
	try {
		const result = func(...args);
		show("call", letters, letters.length > 1 ? result : [result]);
		return true;
	} catch (error) {
		return trap("call", error);
	}
}

function showMemory(memory) {
	const bytes = new Uint8Array(memory.buffer, 0, Math.min(memory.buffer.byteLength, MEMORY_SHOWN));
	const digest = crypto.createHash("sha256").update(Buffer.from(bytes)).digest("hex");
	console.log(`> memory ${memory.buffer.byteLength} ${digest}`);
}

// One line of the plan; false: no more of it.
function step(exports, line) {
	const [word, name, rest, more] = line.split(" ");
	if (word === "call") {
		const [args, letters] = rest.split(":");
		const values = args.split(",").filter(Boolean).map((arg) => value(arg[0], arg.slice(1)));
		return call(exports[name], values, letters);
	}
	if (word === "show" && rest === "memory") showMemory(exports[name]);
	else if (word === "show") show("global", rest, [exports[name].value]);
	return true;
}

function run(module, plan) {
	const imports = {};
	let instance;
	for (const line of plan.filter((text) => text.startsWith("import "))) {
		const [, from, name, kind, types] = line.split(" ");
		const folder = (imports[from] = imports[from] || {});
		folder[name] = make(kind, types);
	}
	try {
		instance = new WebAssembly.Instance(module, imports);
	} catch (error) {
		trap("start", error);
		return;
	}
	for (const line of plan) if (!step(instance.exports, line)) return;
}

function secondOpinion(bytes) {
	if (!second) return;
	try {
		new second.ModuleConfig().parse(bytes);
		console.log("second valid");
	} catch (error) {
		console.log(`second invalid ${String(error.message).replaceAll("\n", " ")}`);
	}
}

function answer({ path, plan, run: runs, ask_second: asks }) {
	const bytes = fs.readFileSync(path);
	let module;
	if (asks) secondOpinion(bytes);
	try {
		module = new WebAssembly.Module(bytes);
	} catch (error) {
		console.log(`invalid ${error.message.replaceAll("\n", " ")}`);
		return;
	}
	console.log("valid");
	if (runs) run(module, plan);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
	answer(JSON.parse(line));
	console.log(".");
});
