// SPDX-License-Identifier: Apache-2.0
// A parcel of this registry: its bytes as they come, and whether they are what their digest says.

// Why this browser cannot compute a digest; empty: it can.
export function whyNoDigest() {
	if (globalThis.crypto?.subtle) {
		return "";
	}
	return "browsers compute digests only on pages that came over HTTPS, or from their own machine";
}

// "NAME/VERSION" in a path: slashes of names stay.
export function pathOf(...parts) {
	return parts.map((part) => part.split("/").map(encodeURIComponent).join("/")).join("/");
}

// The bytes of an answer, at most so many; onProgress gets how many are there.
export async function readBytes(stream, most, onProgress) {
	const pieces = [];
	let size = 0;
	const reader = stream.getReader();
	for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
		size += piece.value.length;
		if (size > most) {
			await reader.cancel();
			throw new Error(`more than ${most} bytes come`);
		}
		pieces.push(piece.value);
		onProgress(size);
	}
	return new Blob(pieces).arrayBuffer();
}

// Asks this registry for a path; its answer, or an error with its words. The page's own address may
// hold a name and a password, which fetch refuses: the origin has none.
export async function request(path, headers = {}) {
	const answer = await fetch(location.origin + path, {
		cache: "no-store",
		redirect: "error",
		headers,
	});
	if (answer.ok) {
		return answer;
	}
	const text = await answer.text();
	let said = text.slice(0, 300);
	try {
		said = JSON.parse(text).detail ?? said;
	} catch {
		// a refusal in plain words
	}
	throw new Error(`the registry answers ${answer.status}: ${said}`);
}

export async function digestOf(bytes) {
	const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
