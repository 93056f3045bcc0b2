// SPDX-License-Identifier: Apache-2.0
// Elements made by scripts, as the server's pages have them. Texts become text nodes, never markup.

// element("p", { class: "lead" }, "it is ", element("em", {}, "so")): attributes that are null or
// false are left out, true has no value.
export function element(name, attributes = {}, ...content) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value !== null && value !== undefined && value !== false) {
			made.setAttribute(key, value === true ? "" : value);
		}
	}
	made.append(...content);
	return made;
}

export function button(label, attributes, onClick) {
	const made = element("button", { type: "button", ...attributes }, label);
	made.addEventListener("click", onClick);
	return made;
}

// A word in a frame, for states: kind is "good", "bad" or "note".
export function tag(kind, words) {
	return element("span", { class: "tag", "data-kind": kind }, words);
}

// A state and what is to be said of it, as a paragraph or a list's item.
export function finding(name, kind, words, ...content) {
	return element(name, {}, tag(kind, words), " ", ...content);
}

let fields = 0; // made so far: each has an id of its own

// A field for a form of class "stack": its label, itself, and a sentence of help where it needs one.
export function field(label, input, help) {
	input.id = `field-${++fields}`;
	const parts = [element("label", { for: input.id }, label), input];
	if (help) {
		const id = `${input.id}-help`;
		input.setAttribute("aria-describedby", id);
		parts.push(element("p", { class: "quiet", id }, help));
	}
	return parts;
}

// A form that does not leave the page. What onSubmit throws is said below it.
export function form(onSubmit, ...content) {
	const said = element("p", { role: "alert" });
	const made = element("form", { class: "stack" }, ...content, said);
	let isBusy = false;
	made.addEventListener("submit", async (event) => {
		event.preventDefault();
		if (isBusy) {
			return;
		}
		isBusy = true;
		said.replaceChildren();
		try {
			await onSubmit(new FormData(made), made);
		} catch (error) {
			said.append(tag("bad", "refused"), ` ${error.message}`);
		}
		isBusy = false;
	});
	return made;
}

// A table in a frame that scrolls by itself. The first cell of a row is its heading.
export function table(caption, columns, rows) {
	const head = element(
		"tr",
		{},
		...columns.map((column) => element("th", { scope: "col" }, column)),
	);
	const body = rows.map(([first, ...others]) =>
		element(
			"tr",
			{},
			element("th", { scope: "row" }, first),
			...others.map((cell) => element("td", {}, cell)),
		),
	);
	return element(
		"div",
		{ class: "table", role: "group", "aria-label": caption, tabindex: "0" },
		element(
			"table",
			{},
			element("caption", { class: "unseen" }, caption),
			element("thead", {}, head),
			element("tbody", {}, ...body),
		),
	);
}
