// SPDX-License-Identifier: Apache-2.0
// Tries a command in the visitor's browser: with arguments and standard input from a form, in a
// worker with files of its own. Nothing that is typed or written goes anywhere.
//
//   <section id="try" data-parcel-url="..." data-name="greet.wasm">
//     <form hidden> input name=arguments, textarea name=stdin, a button </form>
//     <output></output>

import { splitArguments } from "./command-line.js";
import { button, element } from "./element.js";
import { digestOf, readBytes, request, whyNoDigest } from "./parcel.js";
import { visible } from "./visible-text.js";
import { bytesInWords, timeInWords } from "./words.js";

const MODULE_MAX = 256 << 20;
const ENVIRONMENT = { TERM: "dumb", NO_COLOR: "1" };
const WORKER = `${location.origin}/assets/try-worker.js`;

// The one address that a page's policy lets a script be loaded from, where browsers ask for that.
const trusted = globalThis.trustedTypes?.createPolicy("try-worker", {
	createScriptURL: () => WORKER,
});

// The compiled module. It is compiled as its bytes come, and used when their digest is right.
async function load(url, onProgress) {
	const answer = await request(url);
	const size = Number(answer.headers.get("Content-Length")); // 0: nobody says
	if (size > MODULE_MAX) {
		throw new Error(`it is larger than ${bytesInWords(MODULE_MAX)}, the limit here`);
	}
	const [forCompiler, forDigest] = answer.body.tee();
	const compiling = WebAssembly.compileStreaming(
		new Response(forCompiler, { headers: { "Content-Type": "application/wasm" } }),
	);
	compiling.catch(() => {}); // it is awaited below, if the digest is right
	const bytes = await readBytes(forDigest, MODULE_MAX, (count) => onProgress(count, size));
	if (!whyNoDigest()) {
		const digest = await digestOf(bytes);
		if (digest !== url.slice(url.lastIndexOf("/") + 1)) {
			throw new Error("its bytes are not those of its digest");
		}
	}
	return compiling;
}

function checkCommand(module) {
	const isCommand = WebAssembly.Module.exports(module).some(
		({ name, kind }) => name === "_start" && kind === "function",
	);
	if (!isCommand) {
		throw new Error("it is no command: it exports no function _start");
	}
}

// What a program writes, in the order in which it wrote it, a text node for each frame.
class Screen {
	#text = element("span", {
		class: "text",
		tabindex: "0",
		role: "region",
		"aria-label": "What it wrote",
	});
	#state = element("span", { class: "state", role: "status" });
	#decoders = {};
	#pending = [];

	constructor(output) {
		output.replaceChildren(this.#state, this.#text);
		this.#text.hidden = true;
	}

	say(state) {
		this.#state.textContent = state;
	}

	write(stream, bytes) {
		this.#decoders[stream] ??= new TextDecoder();
		const text = this.#decoders[stream].decode(bytes, { stream: true });
		const last = this.#pending.at(-1);
		if (last?.stream === stream) {
			last.text += text;
			return;
		}
		this.#pending.push({ stream, text });
		if (this.#pending.length === 1) {
			requestAnimationFrame(() => this.flush());
		}
	}

	flush() {
		for (const { stream, text } of this.#pending) {
			const last = this.#text.lastChild;
			if (last?.className === stream) {
				last.append(visible(text));
			} else {
				this.#text.append(element("span", { class: stream }, visible(text)));
			}
			this.#text.hidden = false;
		}
		this.#pending = [];
	}
}

class Trial {
	#section;
	#form;
	#run;
	#stop;
	#module = null; // a promise, once it was asked for
	#worker = null;
	#finish = null;

	constructor(section) {
		this.#section = section;
		this.#form = section.querySelector("form");
		this.#run = this.#form.querySelector("button");
		this.#stop = button("Stop", { class: "plain", hidden: true }, () =>
			this.#finish?.("Stopped."),
		);
		this.#run.after(" ", this.#stop);
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			if (!this.#finish) {
				this.#try();
			}
		});
		this.#form.hidden = false;
	}

	async #try() {
		const screen = new Screen(this.#section.querySelector("output"));
		const ended = new Promise((resolve) => (this.#finish = resolve));
		this.#run.setAttribute("aria-disabled", "true");
		this.#stop.hidden = false;
		this.#start(screen).catch((error) => this.#finish?.(`Not run: ${visible(error.message)}.`));
		const end = await ended;
		this.#finish = null;
		this.#worker?.terminate();
		this.#worker = null;
		screen.flush();
		screen.say(end);
		this.#run.removeAttribute("aria-disabled");
		if (document.activeElement === this.#stop) {
			this.#run.focus();
		}
		this.#stop.hidden = true;
	}

	async #start(screen) {
		const values = new FormData(this.#form);
		const args = [this.#section.dataset.name, ...splitArguments(values.get("arguments"))];
		const stdin = new TextEncoder().encode(values.get("stdin").replaceAll("\r\n", "\n"));
		const finish = this.#finish;
		screen.say("Loading.");
		this.#module ??= load(this.#section.dataset.parcelUrl, (count, size) =>
			screen.say(
				`Loading: ${bytesInWords(count)}${size ? ` of ${bytesInWords(size)}` : ""}.`,
			),
		);
		let module;
		try {
			module = await this.#module;
		} catch (error) {
			this.#module = null; // the next try asks again
			throw error;
		}
		checkCommand(module);
		if (this.#finish !== finish) {
			return; // stopped meanwhile
		}
		screen.say("Running.");
		this.#work(screen, finish, { module, args, env: ENVIRONMENT, stdin });
	}

	#work(screen, finish, task) {
		const start = performance.now();
		this.#worker = new Worker(trusted?.createScriptURL("") ?? WORKER, { type: "module" });
		this.#worker.addEventListener("error", (event) =>
			finish(`Not run: ${visible(event.message ?? "the worker's script is missing")}.`),
		);
		this.#worker.addEventListener("message", ({ data }) => {
			if (data.stream) {
				screen.write(data.stream, data.bytes);
			} else if (data.missing) {
				const names = data.missing.map(
					({ module, name, kind }) => `${visible(module)}.${visible(name)} (${kind})`,
				);
				finish(`Not run: it imports what only another host has: ${names.join(", ")}.`);
			} else {
				const time = timeInWords(performance.now() - start);
				finish(data.failure ?? `Ended with exit code ${data.code} after ${time}.`);
			}
		});
		this.#worker.postMessage(task);
	}
}

export function start(sections) {
	sections.forEach((section) => new Trial(section));
}
