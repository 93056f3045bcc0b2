// Runs theirs.wasm and ours.wasm of each program in Node: node run.mjs PROGRAMS FOLDER
import fs from "node:fs";
import path from "node:path";
import { WASI } from "node:wasi";

const [programs, folder] = process.argv.slice(2);

function behave(file, invoke) {
	const out = file + ".out";
	const fd = fs.openSync(out, "w+");
	let end;
	try {
		const module = new WebAssembly.Module(fs.readFileSync(file));
		const wasi = new WASI({ version: "preview1", args: ["program"], stdout: fd, stderr: fd, returnOnExit: true });
		const imports = { wasi_snapshot_preview1: wasi.wasiImport };
		for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
			if (from !== "wasi_snapshot_preview1") {
				imports[from] ??= {};
				imports[from][name] = kind === "memory" ? new WebAssembly.Memory({ initial: 2 })
					: name === "time" ? () => 7n : () => 7;
			}
		const instance = new WebAssembly.Instance(module, imports);
		if (instance.exports._start) {
			end = wasi.start(instance);
		} else {
			if (instance.exports._initialize)
				wasi.initialize(instance);
			const called = invoke ?? (instance.exports.get ? "get" : "go");
			end = [instance.exports[called](), instance.exports[called]()].join();
		}
	} catch (error) {
		end = error.constructor.name;
	}
	fs.closeSync(fd);
	return fs.readFileSync(out, "utf8") + "end " + end;
}

let ran = 0, failed = 0;
for (const name of fs.readdirSync(programs)) {
	const at = path.join(folder, path.basename(name, ".txt"));
	const [theirs, ours] = ["theirs", "ours"].map((who) => path.join(at, who + ".wasm"));
	if (!fs.existsSync(theirs) || !fs.existsSync(ours))
		continue;
	const source = fs.readFileSync(path.join(programs, name), "utf8");
	const said = /^\/\/ node: (end \S+)/m.exec(source)?.[1];
	const invoke = /^\/\/ invoke: (.*)$/m.exec(source)?.[1];
	const [expected, got] = [said ?? behave(theirs, invoke), behave(ours, invoke)];
	ran++;
	if (expected === got)
		continue;
	failed++;
	console.log(`${name}: theirs: ${expected}\n${name}: ours: ${got}`);
}
console.log(`${ran} programs, ${failed} differ`);
process.exit(failed === 0 && ran >= 40 ? 0 : 1);
