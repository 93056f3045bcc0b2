// SPDX-License-Identifier: Apache-2.0
// Text of others, with what nobody would see made visible: control characters, which a terminal
// would obey, and those that turn the direction of what follows.

const HIDDEN =
	/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function show(character) {
	return `<U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
}

// Line feeds and tabs stay.
export function visible(text) {
	return text.replace(HIDDEN, show);
}
