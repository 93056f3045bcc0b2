// SPDX-License-Identifier: Apache-2.0
// A version checked by the visitor's own browser: the signatures of its invoice, and the digest of
// each parcel as the registry gives it out. What is proven is said in words, and what is not: whose
// a key is, nobody learns from a page of the registry that shows it.
//
//   <section id="verify" data-package="NAME" data-version="VERSION">
//     <ul> <li data-digest="HEX">NAME</li> ... in the invoice's order; a long list may be cut

import { button, element, field, finding, form, tag } from "./element.js";
import { digestOf, pathOf, readBytes, request, whyNoDigest } from "./parcel.js";
import { isAuthentic, isKey, whyNoSignatures } from "./signature.js";
import { visible } from "./visible-text.js";
import { bytesInWords, countInWords } from "./words.js";

const AUTOMATIC_MAX = 4 << 20; // bytes that are fetched without being asked for
const PARCEL_MAX = 1 << 30; // bytes; the whole parcel must be in memory to be digested

const CLAIMS = {
	creator: "made this version",
	approver: "approves of this version",
	host: "has checked and published this version",
	proxy: "has passed this version on",
};

async function fetchInvoice({ package: name, version }) {
	const answer = await request(`/v1/_i/${pathOf(name, version)}?yanked=true`, {
		Accept: "application/json",
	});
	const invoice = await answer.json();
	if (invoice.bindle.name !== name || invoice.bindle.version !== version) {
		throw new Error(
			`it is the invoice of ${visible(`${invoice.bindle.name} ${invoice.bindle.version}`)}`,
		);
	}
	return { ...invoice, signature: invoice.signature ?? [], parcel: invoice.parcel ?? [] };
}

// Signatures

function describe(signature, authentic) {
	const by = element("bdi", {}, visible(signature.by));
	const key = element("code", {}, visible(signature.key));
	if (!authentic) {
		return finding(
			"li",
			"bad",
			"wrong",
			"The key ",
			key,
			" has not signed this version, though the invoice ",
			"says so in the name of ",
			by,
			".",
		);
	}
	return finding(
		"li",
		"good",
		"right",
		"The holder of the key ",
		key,
		" signed as ",
		by,
		` and says: it ${CLAIMS[signature.role]}.`,
	);
}

// How many are right and how many wrong; null where this browser cannot tell.
async function checkSignatures({ signature: signatures, ...invoice }, out) {
	const why = await whyNoSignatures();
	if (signatures.length === 0) {
		out.append(finding("p", "bad", "not signed", "Nobody has signed this version."));
		return { right: 0, wrong: 0 };
	}
	if (why) {
		out.append(
			finding("p", "note", "not checked", `Its signatures were not checked here: ${why}.`),
		);
		return null;
	}
	const list = element("ul", { class: "plain" });
	const counts = { right: 0, wrong: 0 };
	for (const signature of signatures) {
		const authentic = await isAuthentic(invoice, signature);
		counts[authentic ? "right" : "wrong"]++;
		list.append(describe(signature, authentic));
	}
	out.append(list);
	return counts;
}

function compareKey(invoice, key) {
	const signer = invoice.signature.find((signature) => signature.key === key);
	if (signer) {
		return [
			tag("good", "the same"),
			` It is the key that signed as ${visible(signer.by)}, ${signer.role}.`,
		];
	}
	if (isKey(key)) {
		return [tag("bad", "another"), " Nothing here is signed by that key."];
	}
	return [tag("note", "no key"), " That is no public key."];
}

// A key that the visitor has from elsewhere is what turns "a key" into "whose key".
function keyForm(invoice) {
	const input = element("input", {
		type: "text",
		name: "key",
		autocomplete: "off",
		spellcheck: "false",
	});
	const answer = element("p", { role: "status" });
	return form(
		(values) => answer.replaceChildren(...compareKey(invoice, values.get("key").trim())),
		...field(
			"Compare with a key that you have from its owner",
			input,
			"44 characters, as wpkg key list prints them. It stays in this page.",
		),
		element("button", {}, "Compare"),
		answer,
	);
}

// Parcels

// The page's items in the invoice's order, made for those that it does not list; null when it lists
// others: signatures are for the invoice.
function itemsOf(section, invoice) {
	const list = section.querySelector("ul");
	const items = [...list.querySelectorAll("[data-digest]")];
	const isSame = items.every(
		({ dataset }, i) => dataset.digest === invoice.parcel[i]?.label.sha256,
	);
	for (const { label } of isSame ? invoice.parcel.slice(items.length) : []) {
		items.push(element("li", { "data-digest": label.sha256 }, visible(label.name)));
		list.append(items.at(-1));
	}
	return isSame ? items : null;
}

// Another digest is another file; anything else that fails may be a matter of time.
class WrongBytes extends Error {}

async function checkParcel({ package: name, version }, { sha256, size }, outcome) {
	if (size > PARCEL_MAX) {
		throw new Error("it is too large for a browser; wpkg verify can check it");
	}
	const bar = element("progress", {
		max: Math.max(size, 1),
		value: 0,
		"aria-label": "of its bytes are there",
	});
	outcome.replaceChildren(bar);
	const { body } = await request(`/api/v1/parcels/${pathOf(name, version, sha256)}`);
	const bytes = await readBytes(body, size, (count) => (bar.value = count));
	const found = await digestOf(bytes);
	if (found !== sha256) {
		throw new WrongBytes(`its bytes have the digest ${found}`);
	}
}

// How many parcels are what their digests say, and how many are not; of others nothing is known.
async function checkParcels(section, invoice, items) {
	const counts = { right: 0, wrong: 0 };
	for (const [i, { label }] of invoice.parcel.entries()) {
		const outcome = element("span", { class: "outcome" });
		items[i].append(" ", outcome);
		try {
			await checkParcel(section.dataset, label, outcome);
			outcome.replaceChildren(tag("good", "has this digest"));
			counts.right++;
		} catch (error) {
			const isWrong = error instanceof WrongBytes;
			counts.wrong += isWrong ? 1 : 0;
			outcome.replaceChildren(
				isWrong ? tag("bad", "not right") : tag("note", "not checked"),
				` ${visible(error.message)}`,
			);
		}
	}
	return counts;
}

// The sum of it

function conclude(out, signatures, { right, wrong }, total) {
	const parts = [
		`${right} of ${countInWords(total, "file")} ${total === 1 ? "has" : "have"} the bytes of the digest`,
	];
	if (signatures) {
		const all = signatures.right + signatures.wrong;
		parts.unshift(
			`${signatures.right} of ${countInWords(all, "signature")} ${all === 1 ? "is" : "are"} right for ` +
				"this name, this version and these digests",
		);
	}
	const isWrong = wrong > 0 || signatures?.wrong > 0;
	const isProven = !isWrong && right === total && signatures?.right > 0;
	const words = isWrong
		? ["bad", "do not use this"]
		: isProven
			? ["good", "verified here"]
			: ["note", "not verified"];
	out.replaceChildren(
		finding("p", ...words, `${parts.join("; ")}.`),
		element(
			"p",
			{ class: "quiet" },
			"Not proven: whose the keys are (the registry says so, and you can compare " +
				"below); names of files, groups, descriptions and times, which no signature covers; and that this page " +
				"itself is honest: for that, let wpkg verify look.",
		),
	);
}

async function checkAll(section, invoice, items, signatures, out) {
	const why = whyNoDigest();
	if (why) {
		out.replaceChildren(
			finding("p", "note", "not checked", `The files were not checked here: ${why}.`),
		);
		return;
	}
	conclude(out, signatures, await checkParcels(section, invoice, items), items.length);
}

async function verify(section) {
	const out = element("div", {});
	const sum = element("div", { class: "conclusion", role: "status" });
	section.querySelector("ul").before(sum);
	section.append(out);
	let invoice;
	try {
		invoice = await fetchInvoice(section.dataset);
	} catch (error) {
		sum.append(
			finding("p", "bad", "not checked", `The invoice cannot be had: ${error.message}.`),
		);
		return;
	}
	const signatures = await checkSignatures(invoice, out);
	if (invoice.signature.length > 0) {
		out.append(keyForm(invoice));
	}
	const items = itemsOf(section, invoice);
	if (!items) {
		sum.append(
			finding(
				"p",
				"bad",
				"do not use this",
				"This page lists other files than the signed invoice.",
			),
		);
		return;
	}
	const size = invoice.parcel.reduce((bytes, { label }) => bytes + label.size, 0);
	if (size <= AUTOMATIC_MAX && !navigator.connection?.saveData) {
		await checkAll(section, invoice, items, signatures, sum);
		return;
	}
	sum.append(
		button(`Fetch and check ${bytesInWords(size)}`, { class: "plain" }, () => {
			sum.replaceChildren("Checking.");
			checkAll(section, invoice, items, signatures, sum);
		}),
	);
}

export function start(sections) {
	sections.forEach(verify);
}
