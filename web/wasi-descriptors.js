// SPDX-License-Identifier: Apache-2.0
// Descriptors of preview 1: the table, and every function fd_*. A descriptor is a stream (standard
// input, output or error), or a node of a file tree with a position.

import { Directory, File } from "./file-tree.js";
import {
	DIRECTORY_ONLY,
	DIRECTORY_RIGHTS,
	FDFLAG,
	FILETYPE,
	FILE_ONLY,
	FILE_RIGHTS,
	FSTFLAG,
	RIGHT,
	STREAM_RIGHTS,
	WHENCE,
	WasiError,
} from "./wasi-abi.js";

const DESCRIPTORS_MAX = 1024;
const OFFSET_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const DIRENT_SIZE = 24;

export function rightsOf(node) {
	return node instanceof Directory ? DIRECTORY_RIGHTS : FILE_RIGHTS;
}

class Descriptor {
	flags = 0;
	position = 0;
	preopen = null; // bytes of the name of a directory that was there from the start

	constructor({ stream = null, node = null, base, inheriting = 0n }) {
		this.stream = stream;
		this.node = node;
		this.base = base;
		this.inheriting = inheriting;
	}

	get filetype() {
		return this.node ? this.node.filetype : this.stream.filetype;
	}
}

export class DescriptorTable {
	#items = [];
	#tree;

	constructor(tree) {
		this.#tree = tree;
	}

	// stream: {filetype, read(count) -> bytes} or {filetype, write(bytes)}
	addStream(stream) {
		return this.#add(new Descriptor({ stream, base: STREAM_RIGHTS }));
	}

	addPreopen(node, name) {
		const descriptor = new Descriptor({
			node,
			base: DIRECTORY_RIGHTS,
			inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
		});
		descriptor.preopen = new TextEncoder().encode(name);
		return this.#add(descriptor);
	}

	open(node, base, inheriting, flags) {
		const descriptor = new Descriptor({ node, base: base & rightsOf(node), inheriting });
		descriptor.flags = flags;
		return this.#add(descriptor);
	}

	#add(descriptor) {
		let number = this.#items.findIndex((item) => !item);
		number = number < 0 ? this.#items.length : number;
		if (number >= DESCRIPTORS_MAX) {
			throw new WasiError("mfile");
		}
		this.#items[number] = descriptor;
		if (descriptor.node) {
			descriptor.node.opened = (descriptor.node.opened ?? 0) + 1;
		}
		return number;
	}

	// What no descriptor of this kind can have is the kind's fault, not the rights'.
	find(number, rights = 0n) {
		const found = this.#items[number >>> 0];
		if (!found) {
			throw new WasiError("badf");
		}
		const isDirectory = found.node instanceof Directory;
		if (!isDirectory && rights & DIRECTORY_ONLY) {
			throw new WasiError("notdir");
		}
		if (isDirectory && rights & FILE_ONLY) {
			throw new WasiError("isdir");
		}
		if (rights & ~found.base) {
			throw new WasiError("notcapable");
		}
		return found;
	}

	close(number) {
		const { node } = this.find(number);
		this.#items[number] = undefined;
		if (node) {
			node.opened--;
			this.#tree.close(node);
		}
	}

	renumber(from, to) {
		const descriptor = this.find(from);
		this.find(to);
		if (from !== to) {
			this.close(to);
			this.#items[to] = descriptor;
			this.#items[from] = undefined;
		}
	}
}

function read(descriptor, vectors, offset) {
	let moved = 0;
	for (const vector of vectors) {
		const bytes = descriptor.stream
			? descriptor.stream.read(vector.length)
			: descriptor.node.read(offset + moved, vector.length);
		vector.set(bytes);
		moved += bytes.length;
		if (bytes.length < vector.length) {
			break;
		}
	}
	return moved;
}

function write(descriptor, vectors, offset) {
	let moved = 0;
	for (const bytes of vectors) {
		if (descriptor.stream) {
			descriptor.stream.write(bytes);
		} else {
			descriptor.node.write(offset + moved, bytes);
		}
		moved += bytes.length;
	}
	return moved;
}

// An offset that a number of JavaScript holds; a file could never be so large.
function offsetOf(offset) {
	if (offset < 0n) {
		throw new WasiError("inval");
	}
	if (offset > OFFSET_MAX) {
		throw new WasiError("fbig");
	}
	return Number(offset);
}

export function applyTimes(node, accessed, modified, flags) {
	const both = (one, other) => flags & one && flags & other;
	if (
		flags & ~FSTFLAG.all ||
		both(FSTFLAG.atim, FSTFLAG.atimNow) ||
		both(FSTFLAG.mtim, FSTFLAG.mtimNow)
	) {
		throw new WasiError("inval");
	}
	const { modified: before } = node;
	node.touch();
	const now = node.modified;
	node.modified =
		flags & FSTFLAG.mtimNow
			? now
			: flags & FSTFLAG.mtim
				? BigInt.asUintN(64, modified)
				: before;
	if (flags & (FSTFLAG.atim | FSTFLAG.atimNow)) {
		node.accessed = flags & FSTFLAG.atimNow ? now : BigInt.asUintN(64, accessed);
	}
}

// The functions, for a table and a program's memory (wasi-memory.js).
export function descriptorFunctions(table, memory) {
	const seek = (number, offset, whence, result) => {
		const { base } = table.find(number);
		// Asking where one is needs fd_tell, which fd_seek implies.
		const asks = whence === WHENCE.cur && offset === 0n && base & RIGHT.fdTell;
		const descriptor = table.find(number, asks ? RIGHT.fdTell : RIGHT.fdSeek);
		const starts = [0n, BigInt(descriptor.position), BigInt(descriptor.node.size)];
		if (whence >>> 0 > WHENCE.end) {
			throw new WasiError("inval");
		}
		const position = offsetOf(starts[whence] + offset);
		memory.putU64(result, BigInt(position));
		descriptor.position = position;
	};
	const nothing = (right) => (number) => {
		table.find(number, right);
	};
	return {
		fd_advise(number, offset, length, advice) {
			table.find(number, RIGHT.fdAdvise);
			if (offset < 0n || length < 0n || advice >>> 0 > 5) {
				throw new WasiError("inval");
			}
		},
		fd_allocate(number, offset, length) {
			const { node } = table.find(number, RIGHT.fdAllocate);
			if (length <= 0n) {
				throw new WasiError("inval");
			}
			const size = offsetOf(offset) + offsetOf(length);
			if (size > node.size) {
				node.resize(size);
			}
		},
		fd_close: (number) => table.close(number >>> 0),
		fd_datasync: nothing(RIGHT.fdDatasync),
		fd_sync: nothing(RIGHT.fdSync),
		fd_fdstat_get(number, result) {
			const descriptor = table.find(number);
			memory.putRecord(
				result,
				24,
				{ u8: [0, descriptor.filetype], u16: [2, descriptor.flags] },
				[8, descriptor.base],
				[16, descriptor.inheriting],
			);
		},
		fd_fdstat_set_flags(number, flags) {
			const descriptor = table.find(number, RIGHT.fdFdstatSetFlags);
			if (flags & ~FDFLAG.all) {
				throw new WasiError("inval");
			}
			if ((flags ^ descriptor.flags) & ~(FDFLAG.append | FDFLAG.nonblock)) {
				throw new WasiError("notsup");
			}
			descriptor.flags = flags;
		},
		fd_fdstat_set_rights(number, base, inheriting) {
			const descriptor = table.find(number);
			base = BigInt.asUintN(64, base);
			inheriting = BigInt.asUintN(64, inheriting);
			if (base & ~descriptor.base || inheriting & ~descriptor.inheriting) {
				throw new WasiError("notcapable"); // rights only ever go away
			}
			Object.assign(descriptor, { base, inheriting });
		},
		fd_filestat_get(number, result) {
			const descriptor = table.find(number, RIGHT.fdFilestatGet);
			memory.putFilestat(result, descriptor.node ?? descriptor.stream);
		},
		fd_filestat_set_size(number, size) {
			table.find(number, RIGHT.fdFilestatSetSize).node.resize(offsetOf(size));
		},
		fd_filestat_set_times(number, accessed, modified, flags) {
			applyTimes(
				table.find(number, RIGHT.fdFilestatSetTimes).node,
				accessed,
				modified,
				flags,
			);
		},
		fd_pread(number, vectors, count, offset, result) {
			const descriptor = table.find(number, RIGHT.fdRead | RIGHT.fdSeek);
			memory.check(result, 4);
			memory.putU32(
				result,
				read(descriptor, memory.vectors(vectors, count), offsetOf(offset)),
			);
		},
		fd_pwrite(number, vectors, count, offset, result) {
			const descriptor = table.find(number, RIGHT.fdWrite | RIGHT.fdSeek);
			memory.check(result, 4);
			// As on Linux: where all is appended, no offset counts.
			const at = descriptor.flags & FDFLAG.append ? descriptor.node.size : offsetOf(offset);
			memory.putU32(result, write(descriptor, memory.vectors(vectors, count), at));
		},
		fd_read(number, vectors, count, result) {
			const descriptor = table.find(number, RIGHT.fdRead);
			memory.check(result, 4);
			const moved = read(descriptor, memory.vectors(vectors, count), descriptor.position);
			descriptor.position += moved;
			memory.putU32(result, moved);
		},
		fd_write(number, vectors, count, result) {
			const descriptor = table.find(number, RIGHT.fdWrite);
			memory.check(result, 4);
			if (descriptor.flags & FDFLAG.append) {
				descriptor.position = descriptor.node.size;
			}
			const moved = write(descriptor, memory.vectors(vectors, count), descriptor.position);
			descriptor.position += moved;
			memory.putU32(result, moved);
		},
		fd_prestat_get(number, result) {
			const { preopen } = table.find(number);
			if (!preopen) {
				throw new WasiError("badf");
			}
			memory.check(result, 8);
			memory.putU32(result, 0);
			memory.putU32(result + 4, preopen.length);
		},
		fd_prestat_dir_name(number, address, size) {
			const { preopen } = table.find(number);
			if (!preopen) {
				throw new WasiError("badf");
			}
			if (size >>> 0 < preopen.length) {
				throw new WasiError("nametoolong");
			}
			memory.bytes(address, preopen.length).set(preopen);
		},
		fd_readdir(number, address, size, cookie, result) {
			const { node } = table.find(number, RIGHT.fdReaddir);
			const out = memory.bytes(address, size);
			memory.check(result, 4);
			let used = 0;
			for (const [name, item, next] of node.list(Number(BigInt.asUintN(64, cookie)))) {
				const text = new TextEncoder().encode(name);
				const entry = new Uint8Array(DIRENT_SIZE + text.length);
				const view = new DataView(entry.buffer);
				view.setBigUint64(0, BigInt(next), true);
				view.setBigUint64(8, item.inode, true);
				view.setUint32(16, text.length, true);
				view.setUint8(20, item.filetype);
				entry.set(text, DIRENT_SIZE);
				// The last may be cut: the program asks again from its cookie.
				const part = entry.subarray(0, out.length - used);
				out.set(part, used);
				used += part.length;
				if (part.length < entry.length) {
					break;
				}
			}
			memory.putU32(result, used);
		},
		fd_renumber: (from, to) => table.renumber(from >>> 0, to >>> 0),
		fd_seek: seek,
		fd_tell: (number, result) => {
			const descriptor = table.find(number, RIGHT.fdTell);
			memory.putU64(result, BigInt(descriptor.position));
		},
	};
}
