// SPDX-License-Identifier: Apache-2.0
// Signing in with a token, for owners: their packages, tokens, and yanks. The token stays in this
// tab (sessionStorage) and goes to this registry only.
//
//   <section id="account"> <form hidden> <input> <button> </form> <output></output>

import { showPackages } from "./account-packages.js";
import { showTokens } from "./account-tokens.js";
import { button, element, finding, tag } from "./element.js";
import { Refusal, RegistryApi, pages } from "./registry-api.js";
import { visible } from "./visible-text.js";

const KEPT = "wpkg-token";

function describe({ user, scope, grants }) {
	const lines = [];
	if (scope) {
		lines.push(
			element(
				"p",
				{},
				tag("note", "limited"),
				" This token is good for ",
				element("code", {}, visible(scope)),
				" alone. It can neither make tokens nor revoke them.",
			),
		);
	}
	if (grants.length > 0) {
		const items = grants.map(({ right, pattern }) =>
			element("li", {}, `${right} `, element("code", {}, visible(pattern))),
		);
		lines.push(
			element("p", {}, "An operator has granted to you:"),
			element("ul", {}, ...items),
		);
	}
	return element(
		"div",
		{},
		element("p", {}, "Signed in as ", element("strong", {}, visible(user)), "."),
		...lines,
	);
}

class Account {
	#form;
	#input;
	#said;
	#inside = element("div", { hidden: true });

	constructor(section) {
		this.#form = section.querySelector("form");
		this.#input = this.#form.querySelector("input");
		this.#said = section.querySelector("output");
		section.querySelector(".without-script")?.remove();
		section.append(this.#inside);
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#signIn(this.#input.value.trim());
		});
		const token = sessionStorage.getItem(KEPT);
		if (token) {
			this.#signIn(token);
		} else {
			this.#form.hidden = false;
		}
	}

	async #signIn(token) {
		const api = new RegistryApi(token);
		this.#said.replaceChildren();
		try {
			await this.#show(api);
			sessionStorage.setItem(KEPT, token);
		} catch (error) {
			this.#signOut();
			this.#said.append(finding("span", "bad", "not signed in", error.message));
		}
	}

	async #show(api) {
		const found = pages(api, "account?limit=100");
		const { value: account } = await found.next();
		const out = button("Sign out", { class: "plain" }, () => this.#signOut());
		// A refusal for the token itself ends the visit; every other one is said where it came.
		const guarded = {
			get: (path) => this.#guard(api.get(path)),
			send: (method, path, body) => this.#guard(api.send(method, path, body)),
		};
		const packages = showPackages(guarded, account, found);
		const tokens = account.scope ? [] : [showTokens(guarded)];
		this.#inside.replaceChildren(describe(account), out, packages, ...tokens);
		this.#input.value = "";
		this.#form.hidden = true;
		this.#inside.hidden = false;
		out.focus();
	}

	async #guard(call) {
		try {
			return await call;
		} catch (error) {
			if (error instanceof Refusal && error.status === 401) {
				this.#signOut();
				this.#said.append(finding("span", "bad", "signed out", error.message));
			}
			throw error;
		}
	}

	#signOut() {
		sessionStorage.removeItem(KEPT);
		this.#said.replaceChildren();
		this.#inside.replaceChildren();
		this.#inside.hidden = true;
		this.#form.hidden = false;
		this.#input.focus();
	}
}

export function start(sections) {
	sections.forEach((section) => new Account(section));
}
