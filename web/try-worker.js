// SPDX-License-Identifier: Apache-2.0
// Runs one WASI command, in a thread of its own: try.js gives it a compiled module and what the
// visitor typed, and gets output as it comes and how it ended. The policy of this script lets it
// connect to nothing.
//
//   {module, args, env, stdin}  ->  {stream, bytes}...  then  {code} or {failure} or {missing}

import { FileTree } from "./file-tree.js";
import { Wasi } from "./wasi.js";

const OUTPUT_MAX = 1 << 20; // bytes of both streams
const FILES_MAX = 64 << 20;

// The first writes are told one by one, so that a program that then computes for long is seen to
// have begun; of one that writes letter by letter, pieces.
const SINGLE_WRITES = 200;
const PIECE = 4096; // bytes
const PIECE_MS = 50;

class OutputLimit extends Error {}

class Output {
	#written = 0;
	#posts = 0;
	#last = 0;
	#stream = null; // whose bytes wait
	#waiting = new Uint8Array(PIECE);
	#size = 0;

	write(stream, bytes) {
		const room = OUTPUT_MAX - this.#written;
		const taken = bytes.subarray(0, room);
		this.#written += taken.length;
		if (stream !== this.#stream || this.#size + taken.length > PIECE) {
			this.flush();
		}
		this.#stream = stream;
		if (taken.length > PIECE) {
			postMessage({ stream, bytes: taken.slice() });
		} else {
			this.#waiting.set(taken, this.#size);
			this.#size += taken.length;
		}
		if (bytes.length > room) {
			throw new OutputLimit(
				`it wrote more than ${OUTPUT_MAX >> 20} MiB, which is the limit here`,
			);
		}
		if (this.#posts < SINGLE_WRITES || performance.now() - this.#last > PIECE_MS) {
			this.flush();
		}
	}

	flush() {
		if (this.#size > 0) {
			postMessage({ stream: this.#stream, bytes: this.#waiting.slice(0, this.#size) });
			this.#size = 0;
			this.#posts++;
			this.#last = performance.now();
		}
	}
}

function failureOf(error) {
	if (error instanceof OutputLimit) {
		return `Ended: ${error.message}.`;
	}
	if (error instanceof RangeError && /stack/.test(error.message)) {
		return "Trapped: its calls went too deep for the stack.";
	}
	if (error instanceof WebAssembly.RuntimeError) {
		return `Trapped: ${error.message}.`;
	}
	return `Not run: ${error.message}.`;
}

async function run({ module, args, env, stdin }) {
	const output = new Output();
	const wasi = new Wasi({
		args,
		env,
		stdin,
		tree: new FileTree({ bytes: FILES_MAX }),
		stdout: (bytes) => output.write("stdout", bytes),
		stderr: (bytes) => output.write("stderr", bytes),
	});
	const missing = wasi.missing(module);
	if (missing.length > 0) {
		postMessage({ missing });
		return;
	}
	try {
		const code = await wasi.run(module);
		output.flush();
		postMessage({ code });
	} catch (error) {
		output.flush();
		postMessage({ failure: failureOf(error) });
	}
}

addEventListener("message", ({ data }) => run(data), { once: true });
