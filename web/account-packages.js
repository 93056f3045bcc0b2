// SPDX-License-Identifier: Apache-2.0
// The packages of somebody who is signed in, their versions, and a form to yank one, with a reason.

import { button, element, field, form, table, tag } from "./element.js";
import { pathOf } from "./parcel.js";
import { pages } from "./registry-api.js";
import { visible } from "./visible-text.js";
import { countInWords } from "./words.js";

const REASON_MAX = 1000; // letters; the registry takes 1024 bytes

const link = (text, ...parts) =>
	element("a", { href: `/packages/${pathOf(...parts)}` }, element("bdi", {}, visible(text)));

function stateOf({ state, yank }) {
	return yank
		? element("span", {}, tag("bad", "yanked"), ` ${visible(yank.reason)}`)
		: tag("good", state);
}

// The last cell of a version's row: a button, then the form that it opens.
function yankCell(api, name, { version, yank, state }, onYank) {
	const cell = element("span", {});
	if (yank || state !== "published") {
		return cell;
	}
	const input = element("input", {
		name: "reason",
		required: true,
		maxlength: REASON_MAX,
		autocomplete: "off",
	});
	const asked = form(
		async (values) => {
			const answer = await api.send("PATCH", `versions/${pathOf(name, version)}`, {
				yanked: true,
				reason: values.get("reason"),
			});
			onYank(answer.yank);
		},
		...field(
			"Why nobody should use it",
			input,
			"It stays where it is, but nothing chooses it any more. That cannot be taken back.",
		),
		element(
			"p",
			{},
			element("button", {}, `Yank ${version}`),
			" ",
			button("Keep it", { class: "plain" }, () => {
				cell.replaceChildren(open);
				open.focus();
			}),
		),
	);
	const open = button(
		"Yank\u2026",
		{ class: "plain", "aria-label": `Yank ${visible(name)} ${version}` },
		() => {
			cell.replaceChildren(asked);
			input.focus();
		},
	);
	cell.append(open);
	return cell;
}

function versionRow(api, name, version) {
	const state = element("span", {}, stateOf(version));
	const cell = yankCell(api, name, version, (yank) => {
		cell.replaceChildren();
		state.replaceChildren(stateOf({ ...version, yank }));
		state.setAttribute("tabindex", "-1");
		state.focus();
	});
	return [
		link(version.version, name, "versions", version.version),
		(version.published ?? version.created).slice(0, 10),
		state,
		cell,
	];
}

// Filled when it is opened for the first time, page by page.
function versionsOf(api, { name, version_count: published, yanked_count: yanked }) {
	const count =
		countInWords(published, "version") +
		(yanked > 0 ? ` and ${countInWords(yanked, "yanked one")}` : "");
	const box = element(
		"details",
		{},
		element("summary", {}, element("bdi", {}, visible(name)), `: ${count}`),
		element("p", {}, link("its page", name)),
	);
	const found = pages(api, `packages/${pathOf(name)}?limit=50&fields=versions,next`);
	const more = button("More", {}, () => show());
	const said = element("p", { role: "alert" });
	const show = async () => {
		said.replaceChildren();
		try {
			const { value, done } = await found.next();
			if (!done) {
				more.before(
					table(
						`Versions of ${visible(name)}`,
						["Version", "Published", "State", "Yank"],
						value.versions.map((version) => versionRow(api, name, version)),
					),
				);
			}
			more.hidden = done || !value.next;
		} catch (error) {
			said.append(tag("bad", "refused"), ` ${error.message}`);
		}
	};
	more.hidden = true;
	box.append(more, said);
	box.addEventListener("toggle", show, { once: true });
	return box;
}

// account: the first page; rest: those that follow.
export function showPackages(api, account, rest) {
	const section = element("section", {}, element("h2", {}, "Your packages"));
	if (account.packages.length === 0) {
		section.append(element("p", {}, "None is yours yet: the first to push a name owns it."));
	}
	const list = element(
		"div",
		{ class: "ways" },
		...account.packages.map((item) => versionsOf(api, item)),
	);
	const more = button("More", {}, async () => {
		const { value } = await rest.next();
		list.append(...(value?.packages ?? []).map((item) => versionsOf(api, item)));
		more.hidden = !value?.next;
	});
	more.hidden = !account.next;
	section.append(list, more);
	return section;
}
