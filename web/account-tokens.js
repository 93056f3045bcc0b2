// SPDX-License-Identifier: Apache-2.0
// The tokens of somebody who is signed in: listed, made, revoked. A new one is shown once.

import * as copy from "./copy.js";
import { button, element, field, finding, form, table, tag } from "./element.js";
import { visible } from "./visible-text.js";

const DAY = 86400;
const LIFETIMES = [
	["30 days", 30 * DAY],
	["90 days", 90 * DAY],
	["a year", 365 * DAY],
	["until it is revoked", 0],
];

function stateOf({ expires, revoked }) {
	if (revoked) {
		return tag("bad", "revoked");
	}
	if (expires && Date.parse(expires) <= Date.now()) {
		return tag("note", "expired");
	}
	return tag("good", expires ? `until ${expires.slice(0, 10)}` : "until it is revoked");
}

function revokeCell(api, { id, revoked, note }, onRevoked) {
	const cell = element("span", {});
	if (revoked) {
		return cell;
	}
	const name = note ? visible(note) : `number ${id}`;
	const said = element("span", { role: "alert" });
	const sure = button(
		"Revoke for good",
		{ "aria-label": `Revoke token ${name} for good` },
		async () => {
			try {
				await api.send("DELETE", `tokens/${id}`);
				onRevoked();
			} catch (error) {
				said.replaceChildren(error.message);
			}
		},
	);
	const ask = button(
		"Revoke\u2026",
		{ class: "plain", "aria-label": `Revoke token ${name}` },
		() => {
			cell.replaceChildren(sure, " ", keep, said);
			sure.focus();
		},
	);
	const keep = button("Keep it", { class: "plain" }, () => {
		cell.replaceChildren(ask);
		ask.focus();
	});
	cell.append(ask);
	return cell;
}

function tokenRow(api, token) {
	const state = element("span", { tabindex: "-1" }, stateOf(token));
	const cell = revokeCell(api, token, () => {
		cell.replaceChildren();
		state.replaceChildren(stateOf({ revoked: true }));
		state.focus();
	});
	return [
		visible(token.note) || `number ${token.id}`,
		element("code", {}, visible(token.scope) || "all that you may"),
		token.created.slice(0, 10),
		state,
		cell,
	];
}

function showSecret(out, secret) {
	const line = element(
		"div",
		{ class: "line" },
		element("pre", { tabindex: "0" }, element("code", {}, secret)),
		element("button", { type: "button", hidden: true, "data-copy": "token" }, "Copy"),
	);
	out.replaceChildren(finding("p", "good", "made", "Keep it now: it is not shown again."), line);
	copy.start(line.querySelectorAll("button"));
}

function makeForm(api, onMade) {
	const out = element("div", { role: "status" });
	const lifetime = element(
		"select",
		{ name: "lifetime" },
		...LIFETIMES.map(([label, seconds]) => element("option", { value: seconds }, label)),
	);
	const made = form(
		async (values, self) => {
			out.replaceChildren();
			const scope = values.get("scope").replaceAll(" ", "");
			const seconds = Number(values.get("lifetime"));
			const answer = await api.send("POST", "tokens", {
				note: values.get("note").trim(),
				...(scope ? { scope } : {}),
				...(seconds > 0 ? { expires_in: seconds } : {}),
			});
			self.reset();
			showSecret(out, answer.token);
			await onMade();
		},
		...field(
			"Note",
			element("input", { name: "note", maxlength: 200, autocomplete: "off" }),
			"What it is for.",
		),
		...field(
			"Rights",
			element("input", { name: "scope", autocomplete: "off", spellcheck: "false" }),
			"read, push, yank or own, a colon and names, such as push:example.com/*; several with commas " +
				"between. Left empty: all that you may, tokens included.",
		),
		...field("How long it lasts", lifetime),
		element("button", {}, "Make a token"),
	);
	return [made, out];
}

export function showTokens(api) {
	const list = element("div", {}, "Loading.");
	const show = async () => {
		try {
			const { tokens } = await api.get("tokens");
			list.replaceChildren(
				tokens.length > 0
					? table(
							"Your tokens",
							["Token", "Rights", "Made", "State", "Revoke"],
							tokens.map((token) => tokenRow(api, token)),
						)
					: "There is none.",
			);
		} catch (error) {
			list.replaceChildren(finding("p", "bad", "refused", error.message));
		}
	};
	show();
	return element(
		"section",
		{},
		element("h2", {}, "Your tokens"),
		list,
		element("h3", {}, "A new token"),
		...makeForm(api, show),
	);
}
