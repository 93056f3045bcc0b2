// SPDX-License-Identifier: Apache-2.0
// WASI preview 1 for a command that runs inside of a browser: arguments, environment, clocks,
// randomness, three streams, and the files of a tree in memory, whose root is "/". There is no
// socket, and nothing of the machine.
//
//   const wasi = new Wasi({ args, env, tree, stdin, stdout, stderr });
//   const missing = wasi.missing(module);          // imports that only another host has
//   const code = await wasi.run(module);           // the exit code; a trap is thrown as it is
//
// What must end the program from inside of a call (its exit, a host's limit) is thrown through it.
// A program that catches everything would catch that as well: so whatever it calls next throws it
// again.

import { FileTree } from "./file-tree.js";
import { FILETYPE, WasiError } from "./wasi-abi.js";
import { DescriptorTable, descriptorFunctions } from "./wasi-descriptors.js";
import { WasiMemory } from "./wasi-memory.js";
import { pathFunctions } from "./wasi-paths.js";
import { makeClocks, pollFunction } from "./wasi-poll.js";

const NAMESPACE = "wasi_snapshot_preview1";
const CLOCK_STEP = 1000n; // nanoseconds; browsers tell no finer
const RANDOM_PIECE = 65536; // bytes that getRandomValues gives at once
const SIGNAL_MAX = 30;
const IGNORED_SIGNALS = [0, 16, 17, 22, 27]; // none, and those that end no process

class Exit extends Error {
	constructor(code) {
		super(`exit ${code}`);
		this.exitCode = code;
	}
}

function inputStream(bytes) {
	return {
		filetype: FILETYPE.unknown,
		left: bytes.length,
		read(count) {
			const piece = bytes.subarray(
				bytes.length - this.left,
				bytes.length - this.left + count,
			);
			this.left -= piece.length;
			return piece;
		},
		write() {
			throw new WasiError("badf");
		},
	};
}

// A terminal, for libc: so that lines come as they are written.
function outputStream(write) {
	return {
		filetype: FILETYPE.characterDevice,
		read: () => new Uint8Array(0),
		write,
	};
}

// Texts as preview 1 hands them over: pointers to them, and the texts, each closed by a NUL.
function textFunctions(texts, memory, name) {
	const encoded = texts.map((text) => new TextEncoder().encode(`${text}\0`));
	return {
		[`${name}_sizes_get`](count, size) {
			memory.check(count, 4);
			memory.check(size, 4);
			memory.putU32(count, encoded.length);
			memory.putU32(
				size,
				encoded.reduce((sum, text) => sum + text.length, 0),
			);
		},
		[`${name}_get`](pointers, buffer) {
			let at = buffer >>> 0;
			encoded.forEach((text, i) => {
				memory.putU32((pointers >>> 0) + 4 * i, at);
				memory.bytes(at, text.length).set(text);
				at += text.length;
			});
		},
	};
}

function clockFunctions(clocks, memory) {
	const known = (id) => {
		if (!(id in clocks)) {
			throw new WasiError("inval");
		}
		return clocks[id];
	};
	return {
		clock_res_get(id, result) {
			known(id);
			memory.putU64(result, CLOCK_STEP);
		},
		clock_time_get(id, precision, result) {
			memory.putU64(result, known(id)());
		},
	};
}

function randomGet(memory) {
	return (address, size) => {
		const bytes = memory.bytes(address, size);
		for (let at = 0; at < bytes.length; at += RANDOM_PIECE) {
			crypto.getRandomValues(bytes.subarray(at, at + RANDOM_PIECE));
		}
	};
}

// As if the signal came to a process that handles none, with the exit code of a shell.
function raise(signal) {
	if (signal >>> 0 > SIGNAL_MAX) {
		throw new WasiError("inval");
	}
	if (signal >= 18 && signal <= 21) {
		throw new WasiError("notsup"); // a process that stops
	}
	if (!IGNORED_SIGNALS.includes(signal)) {
		throw new Exit(128 + signal);
	}
}

function socketFunctions(table) {
	const refuse = (number) => {
		table.find(number);
		throw new WasiError("notsock");
	};
	return { sock_accept: refuse, sock_recv: refuse, sock_send: refuse, sock_shutdown: refuse };
}

export class Wasi {
	#memory = new WasiMemory();
	#functions;
	#ended = null; // what was thrown to end the program

	constructor({ args = [], env = {}, tree = null, stdin = new Uint8Array(0), stdout, stderr }) {
		const files = tree ?? new FileTree({ nodes: 1 });
		const table = new DescriptorTable(files);
		const memory = this.#memory;
		const clocks = makeClocks();
		table.addStream(inputStream(stdin));
		table.addStream(outputStream(stdout));
		table.addStream(outputStream(stderr));
		if (tree) {
			table.addPreopen(tree.root, "/");
		}
		this.#functions = this.#guard({
			...textFunctions(args, memory, "args"),
			...textFunctions(
				Object.entries(env).map(([name, value]) => `${name}=${value}`),
				memory,
				"environ",
			),
			...clockFunctions(clocks, memory),
			...descriptorFunctions(table, memory),
			...pathFunctions(table, memory, files),
			...socketFunctions(table),
			poll_oneoff: pollFunction(table, memory, clocks),
			random_get: randomGet(memory),
			sched_yield() {},
			proc_exit(code) {
				throw new Exit(code >>> 0);
			},
			proc_raise: raise,
		});
	}

	// Errors of preview 1 become numbers; everything else ends the program.
	#guard(functions) {
		const guard =
			(call) =>
			(...values) => {
				if (this.#ended) {
					throw this.#ended;
				}
				try {
					call(...values);
					return 0;
				} catch (error) {
					if (error instanceof WasiError) {
						return error.code;
					}
					this.#ended = error;
					throw error;
				}
			};
		return Object.fromEntries(
			Object.entries(functions).map(([name, call]) => [name, guard(call)]),
		);
	}

	// Imports that nothing here satisfies, as {module, name, kind}.
	missing(module) {
		return WebAssembly.Module.imports(module).filter(
			(wanted) =>
				wanted.module !== NAMESPACE ||
				wanted.kind !== "function" ||
				!Object.hasOwn(this.#functions, wanted.name),
		);
	}

	async run(module) {
		const instance = await WebAssembly.instantiate(module, { [NAMESPACE]: this.#functions });
		this.#memory.attach(instance.exports.memory);
		try {
			instance.exports._start();
			return 0;
		} catch (error) {
			if (this.#ended instanceof Exit) {
				return this.#ended.exitCode;
			}
			throw this.#ended ?? error;
		}
	}
}
