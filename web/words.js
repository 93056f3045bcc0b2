// SPDX-License-Identifier: Apache-2.0
// Sizes and times in words.

export function bytesInWords(bytes) {
	if (bytes < 1024) {
		return bytes === 1 ? "1 byte" : `${bytes} bytes`;
	}
	const units = ["KiB", "MiB", "GiB"];
	let value = bytes / 1024;
	while (value >= 1024 && units.length > 1) {
		value /= 1024;
		units.shift();
	}
	return `${value.toFixed(1)} ${units[0]}`;
}

export function timeInWords(milliseconds) {
	return milliseconds < 1000
		? `${Math.round(milliseconds)} ms`
		: `${(milliseconds / 1000).toFixed(1)} s`;
}

export function countInWords(count, one, many = `${one}s`) {
	return `${count} ${count === 1 ? one : many}`;
}
