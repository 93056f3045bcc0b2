// SPDX-License-Identifier: Apache-2.0
// Signatures of invoices, as Bindle has them: Ed25519 over the signer, the name, the version, the
// role, "~" and each parcel's digest, joined by line feeds. They say nothing of file names, groups,
// descriptions or the time. lib/pkg/verify.c is the same in C.

const ROLES = ["creator", "approver", "host", "proxy"];
const KEY_SIZE = 32;
const SIGNATURE_SIZE = 64;
// Keys of a small order: for some of them anything is a signature (libsodium refuses them, too).
// Without the sign's bit, in hexadecimal.
const WEAK_KEYS = [
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

function bytesOfBase64(text, size) {
	let binary;
	try {
		binary = atob(text);
	} catch {
		return null;
	}
	return binary.length === size
		? Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
		: null;
}

function isWeak(key) {
	const hex = Array.from(key, (byte, i) =>
		(i === KEY_SIZE - 1 ? byte & 0x7f : byte).toString(16).padStart(2, "0"),
	);
	return WEAK_KEYS.includes(hex.join(""));
}

// Is the text a public key?
export function isKey(text) {
	return bytesOfBase64(text, KEY_SIZE) !== null;
}

// Why this browser cannot check signatures; empty: it can.
export async function whyNoSignatures() {
	if (!globalThis.crypto?.subtle) {
		return "browsers check signatures only on pages that came over HTTPS, or from their own machine";
	}
	try {
		await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
		return "";
	} catch {
		return "this browser does not have Ed25519";
	}
}

// The bytes that a signature covers; null when a text would make them ambiguous.
function signedBlock({ bindle, parcel }, { by, role }) {
	const digests = (parcel ?? []).map(({ label }) => label.sha256);
	const lines = [by, bindle.name, bindle.version, role, "~", ...digests];
	if (lines.some((line) => /[\u0000-\u001f\u007f]/.test(line))) {
		return null;
	}
	return new TextEncoder().encode(lines.join("\n"));
}

// Did the holder of the signature's key sign this invoice in that role? Where whyNoSignatures says
// nothing.
export async function isAuthentic(invoice, signature) {
	const key = bytesOfBase64(signature.key, KEY_SIZE);
	const value = bytesOfBase64(signature.signature, SIGNATURE_SIZE);
	const block = signedBlock(invoice, signature);
	if (!key || !value || !block || isWeak(key) || !ROLES.includes(signature.role)) {
		return false;
	}
	try {
		const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
		return await crypto.subtle.verify("Ed25519", imported, value, block);
	} catch {
		return false; // no point of the curve
	}
}
