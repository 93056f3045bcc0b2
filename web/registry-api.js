// SPDX-License-Identifier: Apache-2.0
// The registry's JSON API (schema/openapi.json) for somebody with a token. Credentials that the
// browser keeps are left out, so that a refusal comes back here and not as a dialog of its own.

import { visible } from "./visible-text.js";

const UNAUTHORIZED = /^unauthorized(: )?/;

// A refusal: its HTTP status, its word for it, and a sentence for a person.
export class Refusal extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

function sentenceOf(status, detail) {
	if (status === 401) {
		const why = detail.replace(UNAUTHORIZED, "");
		return why
			? `This registry does not take the token: ${why}.`
			: "This registry does not know the token.";
	}
	if (status === 429) {
		return "There were too many wrong logins from your address. Try again in a minute.";
	}
	return `The registry says: ${detail}.`;
}

async function refusalOf(answer) {
	const text = await answer.text();
	try {
		const { code, detail } = JSON.parse(text);
		return new Refusal(answer.status, code, sentenceOf(answer.status, visible(detail)));
	} catch {
		return new Refusal(
			answer.status,
			"internal",
			sentenceOf(answer.status, visible(text.slice(0, 300))),
		);
	}
}

export class RegistryApi {
	#token;

	constructor(token) {
		this.#token = token;
	}

	get(path) {
		return this.#call("GET", path);
	}

	send(method, path, body) {
		return this.#call(method, path, body);
	}

	// What the answer holds; null when it is empty.
	async #call(method, path, body) {
		const headers = { Authorization: `Bearer ${this.#token}` };
		if (body !== undefined) {
			headers["Content-Type"] = "application/json";
		}
		let answer;
		try {
			answer = await fetch(`${location.origin}/api/v1/${path}`, {
				method,
				headers,
				body: body === undefined ? undefined : JSON.stringify(body),
				cache: "no-store",
				credentials: "omit",
				redirect: "error",
			});
		} catch {
			throw new Refusal(0, "unreachable", "The registry cannot be reached.");
		}
		if (!answer.ok) {
			throw await refusalOf(answer);
		}
		return answer.status === 204 ? null : answer.json();
	}
}

// All items of a list that comes in pages; limit bounds how many are asked for.
export async function* pages(api, path) {
	let cursor = "";
	do {
		const query = cursor
			? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`
			: "";
		const page = await api.get(path + query);
		cursor = page.next;
		yield page;
	} while (cursor);
}
