// SPDX-License-Identifier: Apache-2.0
// A program's linear memory as the functions of preview 1 read and write it: every address is
// checked before anything happens, and one outside is the error fault, never an exception of the
// engine's.

import { WasiError } from "./wasi-abi.js";

const VECTORS_MAX = 1024; // pieces of one read or write, as on Linux; a program asks again for the rest
const VECTOR_SIZE = 8;

export class WasiMemory {
	#memory = null;

	attach(memory) {
		this.#memory = memory;
	}

	check(address, size) {
		const length = this.#memory ? this.#memory.buffer.byteLength : 0;
		if ((address >>> 0) + (size >>> 0) > length) {
			throw new WasiError("fault");
		}
	}

	// A view that is good until the program runs again: growing leaves it empty.
	bytes(address, size) {
		this.check(address, size);
		return new Uint8Array(this.#memory.buffer, address >>> 0, size >>> 0);
	}

	#view(address, size) {
		this.check(address, size);
		return new DataView(this.#memory.buffer, address >>> 0, size);
	}

	u16(address) {
		return this.#view(address, 2).getUint16(0, true);
	}

	u32(address) {
		return this.#view(address, 4).getUint32(0, true);
	}

	u64(address) {
		return this.#view(address, 8).getBigUint64(0, true);
	}

	putU32(address, value) {
		this.#view(address, 4).setUint32(0, value, true);
	}

	putU64(address, value) {
		this.#view(address, 8).setBigUint64(0, value, true);
	}

	// A record of so many bytes: a u8, a u16, and u64s, each [offset, value]; the rest is zero.
	putRecord(address, size, { u8, u16 }, ...u64s) {
		const view = this.#view(address, size);
		this.bytes(address, size).fill(0);
		view.setUint8(u8[0], u8[1]);
		if (u16) {
			view.setUint16(u16[0], u16[1], true);
		}
		for (const [offset, value] of u64s) {
			view.setBigUint64(offset, value, true);
		}
	}

	// dev, ino @8, filetype @16, nlink @24, size @32, atim @40, mtim @48, ctim @56
	putFilestat(address, node) {
		this.putRecord(
			address,
			64,
			{ u8: [16, node.filetype] },
			[0, node.inode ? 1n : 0n],
			[8, node.inode ?? 0n],
			[24, BigInt(node.links ?? 1)],
			[32, BigInt(node.size ?? 0)],
			[40, node.accessed ?? 0n],
			[48, node.modified ?? 0n],
			[56, node.changed ?? 0n],
		);
	}

	// The pieces of an array of iovecs, without empty ones.
	vectors(address, count) {
		this.check(address, Math.min((count >>> 0) * VECTOR_SIZE, 0xffffffff));
		const found = [];
		for (let i = 0; i < count >>> 0 && found.length < VECTORS_MAX; i++) {
			const at = (address >>> 0) + i * VECTOR_SIZE;
			const bytes = this.bytes(this.u32(at), this.u32(at + 4));
			if (bytes.length > 0) {
				found.push(bytes);
			}
		}
		return found;
	}

	// Text in UTF-8; ilseq when it is none.
	text(address, size) {
		const bytes = this.bytes(address, size);
		try {
			return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
		} catch {
			throw new WasiError("ilseq");
		}
	}
}
