// SPDX-License-Identifier: Apache-2.0
// A line of arguments as a shell would split it: by spaces, with '...', "..." and backslashes. It
// expands nothing.

const SPACE = /\s/;
const ESCAPED_IN_QUOTES = '"\\$`';

class Splitter {
	#words = [];
	#word = null; // null: between two words
	#quote = ""; // that is open

	add(text) {
		this.#word = (this.#word ?? "") + text;
	}

	endWord() {
		if (this.#word !== null) {
			this.#words.push(this.#word);
		}
		this.#word = null;
	}

	// Takes a letter that no backslash stands before.
	take(letter) {
		if (this.#quote) {
			if (letter === this.#quote) {
				this.#quote = "";
			} else {
				this.add(letter);
			}
		} else if (SPACE.test(letter)) {
			this.endWord();
		} else if (letter === "'" || letter === '"') {
			this.#quote = letter;
			this.add(""); // even '' is a word
		} else {
			this.add(letter);
		}
	}

	// Does a backslash here take its meaning from what follows?
	escapes(next) {
		return this.#quote === "" || (this.#quote === '"' && ESCAPED_IN_QUOTES.includes(next));
	}

	finish() {
		if (this.#quote) {
			throw new Error(`a quote ${this.#quote} is not closed in the arguments`);
		}
		this.endWord();
		return this.#words;
	}
}

export function splitArguments(line) {
	const splitter = new Splitter();
	for (let i = 0; i < line.length; i++) {
		if (line[i] !== "\\" || !splitter.escapes(line[i + 1])) {
			splitter.take(line[i]);
		} else if (i + 1 === line.length) {
			throw new Error("a backslash stands at the end of the arguments");
		} else {
			splitter.add(line[++i]);
		}
	}
	return splitter.finish();
}
