// SPDX-License-Identifier: Apache-2.0
// Buttons that copy the line beside them: <button hidden data-copy> copies the text of the <code> in
// the same parent. They stay hidden where no script runs.

const SHOWN_MS = 2000;

// Without a secure context there is no clipboard object; a selection can be copied even there.
async function copyText(element) {
	if (navigator.clipboard) {
		await navigator.clipboard.writeText(element.textContent);
		return;
	}
	getSelection().selectAllChildren(element);
	if (!document.execCommand("copy")) {
		throw new Error("select it and press Ctrl+C");
	}
}

function enable(button) {
	const line = button.parentElement.querySelector("code");
	if (!line) {
		return;
	}
	const label = button.textContent;
	let timer = 0;
	button.setAttribute("aria-live", "polite");
	button.addEventListener("click", async () => {
		try {
			await copyText(line);
			button.textContent = "Copied";
		} catch (error) {
			button.textContent = `Not copied: ${error.message}`;
		}
		clearTimeout(timer);
		timer = setTimeout(() => (button.textContent = label), SHOWN_MS);
	});
	button.hidden = false;
}

export function start(buttons) {
	buttons.forEach(enable);
}
