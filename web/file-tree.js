// SPDX-License-Identifier: Apache-2.0
// Files in memory: directories, files and symbolic links, as a program that runs in this browser
// sees them. A tree has a limit of bytes and of nodes; nothing of it is kept.
//
// A path is resolved from a directory and never leads above it: "..", an absolute path or a link
// that would is refused with notcapable, as preview 1 wants it of what is below a descriptor.

import { FILETYPE, WasiError } from "./wasi-abi.js";

const LINKS_MAX = 40; // links on one way, as Linux has it
const NAME_MAX = 255; // bytes
const PATH_MAX = 4096;

const now = () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));

class Node {
	constructor(tree) {
		this.inode = tree.takeInode();
		this.links = 1;
		this.accessed = this.modified = this.changed = now();
	}

	touch() {
		this.modified = this.changed = now();
	}

	get size() {
		return 0;
	}
}

export class File extends Node {
	filetype = FILETYPE.regularFile;
	#bytes = new Uint8Array(0); // with room behind the end
	#size = 0;
	#tree;

	constructor(tree) {
		super(tree);
		this.#tree = tree;
	}

	get size() {
		return this.#size;
	}

	// Bytes from the offset on, at most so many; a view that is good until the next change.
	read(offset, count) {
		this.accessed = now();
		return this.#bytes.subarray(
			Math.min(offset, this.#size),
			Math.min(offset + count, this.#size),
		);
	}

	write(offset, bytes) {
		if (bytes.length === 0) {
			return;
		}
		this.#reserve(offset + bytes.length);
		this.#bytes.set(bytes, offset);
		this.#size = Math.max(this.#size, offset + bytes.length);
		this.touch();
	}

	resize(size) {
		this.#reserve(size);
		if (size < this.#size) {
			this.#bytes.fill(0, size, this.#size);
		}
		this.#size = size;
		this.touch();
	}

	#reserve(size) {
		if (size <= this.#bytes.length) {
			return;
		}
		const room = Math.max(size, Math.min(2 * this.#bytes.length, size + (1 << 20)));
		this.#tree.takeBytes(room - this.#bytes.length);
		const bytes = new Uint8Array(room);
		bytes.set(this.#bytes);
		this.#bytes = bytes;
	}

	release() {
		this.#tree.takeBytes(-this.#bytes.length);
		this.#bytes = new Uint8Array(0);
		this.#size = 0;
	}
}

export class SymbolicLink extends Node {
	filetype = FILETYPE.symbolicLink;

	constructor(tree, target) {
		super(tree);
		this.target = target;
	}

	get size() {
		return new TextEncoder().encode(this.target).length;
	}
}

export class Directory extends Node {
	filetype = FILETYPE.directory;
	#entries = new Map(); // name -> {node, cookie}
	#nextCookie = 3; // "." and ".." have the first two

	constructor(tree, parent) {
		super(tree);
		this.parent = parent ?? this;
		this.links = 2;
	}

	get isEmpty() {
		return this.#entries.size === 0;
	}

	get(name) {
		return this.#entries.get(name)?.node;
	}

	set(name, node) {
		this.#entries.set(name, { node, cookie: this.#nextCookie++ });
		this.touch();
	}

	delete(name) {
		this.#entries.delete(name);
		this.touch();
	}

	// [name, node, cookie] of what comes behind a cookie, in order; what was added or removed
	// meanwhile neither repeats nor hides another.
	*list(after) {
		const all = [
			[".", this, 1],
			["..", this.parent, 2],
		];
		for (const [name, { node, cookie }] of this.#entries) {
			all.push([name, node, cookie]);
		}
		yield* all.filter(([, , cookie]) => cookie > after);
	}
}

// Where a path leads: an entry "name" of a directory, with what is there (undefined: nothing). A
// path that ends in "." or ".." leads to a directory without a name to it.
class Place {
	constructor(directory, name, node, wantsDirectory) {
		this.directory = directory;
		this.name = name;
		this.node = node;
		this.wantsDirectory = wantsDirectory; // a slash stood at the end
	}
}

function split(path) {
	if (path === "") {
		throw new WasiError("noent");
	}
	if (path.includes("\0")) {
		throw new WasiError("inval");
	}
	if (path.startsWith("/")) {
		throw new WasiError("notcapable");
	}
	if (path.length > PATH_MAX) {
		throw new WasiError("nametoolong");
	}
	return path.split("/").filter((part) => part !== "" && part !== ".");
}

export class FileTree {
	#bytesLeft;
	#nodesLeft;
	#inodes = 0n;

	constructor({ bytes = 64 << 20, nodes = 10000 } = {}) {
		this.#bytesLeft = bytes;
		this.#nodesLeft = nodes;
		this.root = new Directory(this);
	}

	takeInode() {
		if (this.#nodesLeft-- <= 0) {
			throw new WasiError("nospc");
		}
		return ++this.#inodes;
	}

	takeBytes(count) {
		if (count > this.#bytesLeft) {
			throw new WasiError("nospc");
		}
		this.#bytesLeft -= count;
	}

	// follow: of a link at the path's end, too. A slash at the end follows it in any case.
	resolve(base, path, follow) {
		const parts = split(path);
		const wantsDirectory = path.endsWith("/");
		const above = [base]; // the way here, from base down
		let links = 0;
		let place = new Place(base, null, base, wantsDirectory);
		for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
			const directory = above.at(-1);
			if (part === "..") {
				above.pop();
				if (above.length === 0) {
					throw new WasiError("notcapable");
				}
				place = new Place(above.at(-1), null, above.at(-1), wantsDirectory);
				continue;
			}
			if (part.length > NAME_MAX) {
				throw new WasiError("nametoolong");
			}
			const node = directory.get(part);
			place = new Place(directory, part, node, wantsDirectory);
			const isLast = parts.length === 0;
			if (node instanceof SymbolicLink && (!isLast || follow)) {
				if (++links > LINKS_MAX) {
					throw new WasiError("loop");
				}
				parts.unshift(...split(node.target));
			} else if (node instanceof Directory) {
				above.push(node);
			} else if (!isLast) {
				throw new WasiError(node ? "notdir" : "noent");
			}
		}
		return place;
	}

	// What is at the path.
	find(base, path, follow) {
		const place = this.resolve(base, path, follow || path.endsWith("/"));
		if (!place.node) {
			throw new WasiError("noent");
		}
		if (place.wantsDirectory && !(place.node instanceof Directory)) {
			throw new WasiError("notdir");
		}
		return place.node;
	}

	createFile(place) {
		const file = new File(this);
		place.directory.set(place.name, file);
		return file;
	}

	createDirectory(base, path) {
		const place = this.resolve(base, path, false);
		if (place.node) {
			throw new WasiError("exist");
		}
		const directory = new Directory(this, place.directory);
		place.directory.set(place.name, directory);
		place.directory.links++;
		return directory;
	}

	createLink(base, path, target) {
		const place = this.resolve(base, path, false);
		if (place.node) {
			throw new WasiError("exist");
		}
		if (place.wantsDirectory) {
			throw new WasiError("noent");
		}
		if (target === "") {
			throw new WasiError("noent");
		}
		if (target.startsWith("/")) {
			throw new WasiError("notcapable");
		}
		place.directory.set(place.name, new SymbolicLink(this, target));
	}

	removeDirectory(base, path) {
		const place = this.resolve(base, path, false);
		if (!place.name) {
			throw new WasiError("inval");
		}
		if (!place.node) {
			throw new WasiError("noent");
		}
		if (!(place.node instanceof Directory)) {
			throw new WasiError("notdir");
		}
		if (!place.node.isEmpty) {
			throw new WasiError("notempty");
		}
		this.#unlink(place);
	}

	removeFile(base, path) {
		const place = this.resolve(base, path, false);
		if (!place.node) {
			throw new WasiError("noent");
		}
		if (place.node instanceof Directory) {
			throw new WasiError("isdir");
		}
		if (place.wantsDirectory) {
			throw new WasiError("notdir");
		}
		this.#unlink(place);
	}

	// A second name for what is there, which is no directory.
	addName(base, path, newBase, newPath) {
		const node = this.find(base, path, false);
		const place = this.resolve(newBase, newPath, false);
		if (node instanceof Directory) {
			throw new WasiError("perm");
		}
		if (place.node) {
			throw new WasiError("exist");
		}
		if (place.wantsDirectory) {
			throw new WasiError("noent");
		}
		place.directory.set(place.name, node);
		node.links++;
		node.changed = now();
	}

	rename(base, path, newBase, newPath) {
		const from = this.resolve(base, path, false);
		const to = this.resolve(newBase, newPath, false);
		if (!from.name || !to.name) {
			throw new WasiError("busy");
		}
		if (!from.node) {
			throw new WasiError("noent");
		}
		this.#checkReplacement(from, to);
		if (from.node === to.node) {
			return;
		}
		if (to.node) {
			this.#unlink(to);
		}
		from.directory.delete(from.name);
		to.directory.set(to.name, from.node);
		if (from.node instanceof Directory) {
			from.directory.links--;
			to.directory.links++;
			from.node.parent = to.directory;
		}
	}

	#checkReplacement(from, to) {
		const isDirectory = from.node instanceof Directory;
		if (!isDirectory && (from.wantsDirectory || to.wantsDirectory)) {
			throw new WasiError("notdir");
		}
		for (let at = to.directory; isDirectory; at = at.parent) {
			if (at === from.node) {
				throw new WasiError("inval"); // into itself
			}
			if (at === at.parent) {
				break;
			}
		}
		if (!to.node || from.node === to.node) {
			return;
		}
		if (isDirectory && !(to.node instanceof Directory)) {
			throw new WasiError("notdir");
		}
		if (!isDirectory && to.node instanceof Directory) {
			throw new WasiError("isdir");
		}
		if (isDirectory && !to.node.isEmpty) {
			throw new WasiError("notempty");
		}
	}

	// What is open stays readable; its bytes are given back when it is closed (see close).
	#unlink(place) {
		place.directory.delete(place.name);
		if (place.node instanceof Directory) {
			place.directory.links--;
			place.node.links = 0;
		} else {
			place.node.links--;
			place.node.changed = now();
		}
		this.close(place.node);
	}

	// Gives back what a node without names and openings holds. opened: descriptors that have it.
	close(node) {
		if (node.links === 0 && !node.opened) {
			this.#nodesLeft++;
			if (node instanceof File) {
				node.release();
			}
		}
	}
}
