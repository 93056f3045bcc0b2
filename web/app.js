// SPDX-License-Identifier: Apache-2.0
// The one script that every page loads. A page is whole without it: what a script adds is loaded
// only where the page has a place for it.

const parts = [
	["button[data-copy]", "./copy.js"],
	["#verify", "./verify.js"],
	["#try", "./try.js"],
	["#account", "./account.js"],
];

for (const [selector, file] of parts) {
	const places = document.querySelectorAll(selector);
	if (places.length > 0) {
		import(file).then((part) => part.start(places));
	}
}
