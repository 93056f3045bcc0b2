// SPDX-License-Identifier: Apache-2.0
// Every function path_* of preview 1, on a tree of files in memory.

import { Directory, SymbolicLink } from "./file-tree.js";
import { FDFLAG, LOOKUP_FOLLOW, OFLAG, RIGHT, WasiError } from "./wasi-abi.js";
import { applyTimes } from "./wasi-descriptors.js";

const WRITE_RIGHTS = RIGHT.fdWrite | RIGHT.fdAllocate | RIGHT.fdFilestatSetSize | RIGHT.fdDatasync;

// The rights that a directory must be able to give to what is opened below it.
function wantedRights(base, inheriting, flags) {
	let rights = base | inheriting;
	if (flags & FDFLAG.dsync) {
		rights |= RIGHT.fdDatasync;
	}
	if (flags & (FDFLAG.sync | FDFLAG.rsync)) {
		rights |= RIGHT.fdSync;
	}
	return rights;
}

function checkOpening(directory, oflags, base, inheriting, flags) {
	const both = OFLAG.creat | OFLAG.directory;
	if (oflags & ~OFLAG.all || flags & ~FDFLAG.all || (oflags & both) === both) {
		throw new WasiError("inval");
	}
	if (wantedRights(base, inheriting, flags) & ~directory.inheriting) {
		throw new WasiError("notcapable");
	}
}

// What is to be opened at a place, made there when that is asked for.
function nodeToOpen(tree, place, oflags, base) {
	if (!place.node) {
		if (!(oflags & OFLAG.creat)) {
			throw new WasiError("noent");
		}
		if (place.wantsDirectory) {
			throw new WasiError("isdir");
		}
		return tree.createFile(place);
	}
	if (oflags & OFLAG.creat && oflags & OFLAG.excl) {
		throw new WasiError("exist");
	}
	if (place.node instanceof SymbolicLink) {
		throw new WasiError("loop"); // one that was not to be followed
	}
	if (!(place.node instanceof Directory)) {
		if (place.wantsDirectory || oflags & OFLAG.directory) {
			throw new WasiError("notdir");
		}
	} else if (oflags & (OFLAG.creat | OFLAG.trunc) || base & WRITE_RIGHTS) {
		throw new WasiError("isdir");
	}
	return place.node;
}

export function pathFunctions(table, memory, tree) {
	const pathOf = (address, length) => memory.text(address, length);
	return {
		path_open(number, lookup, path, length, oflags, base, inheriting, flags, result) {
			let rights = RIGHT.pathOpen;
			rights |= oflags & OFLAG.creat ? RIGHT.pathCreateFile : 0n;
			rights |= oflags & OFLAG.trunc ? RIGHT.pathFilestatSetSize : 0n;
			const directory = table.find(number, rights);
			base = BigInt.asUintN(64, base);
			inheriting = BigInt.asUintN(64, inheriting);
			checkOpening(directory, oflags, base, inheriting, flags);
			memory.check(result, 4);
			const text = pathOf(path, length);
			const follow = lookup & LOOKUP_FOLLOW && !(oflags & OFLAG.creat && oflags & OFLAG.excl);
			const place = tree.resolve(directory.node, text, follow || text.endsWith("/"));
			const node = nodeToOpen(tree, place, oflags, base);
			const opened = table.open(node, base, inheriting, flags);
			if (oflags & OFLAG.trunc) {
				node.resize(0);
			}
			memory.putU32(result, opened);
		},
		path_create_directory(number, path, length) {
			tree.createDirectory(
				table.find(number, RIGHT.pathCreateDirectory).node,
				pathOf(path, length),
			);
		},
		path_filestat_get(number, lookup, path, length, result) {
			const { node } = table.find(number, RIGHT.pathFilestatGet);
			memory.putFilestat(
				result,
				tree.find(node, pathOf(path, length), lookup & LOOKUP_FOLLOW),
			);
		},
		path_filestat_set_times(number, lookup, path, length, accessed, modified, flags) {
			const { node } = table.find(number, RIGHT.pathFilestatSetTimes);
			applyTimes(
				tree.find(node, pathOf(path, length), lookup & LOOKUP_FOLLOW),
				accessed,
				modified,
				flags,
			);
		},
		path_link(number, lookup, path, length, newNumber, newPath, newLength) {
			const from = table.find(number, RIGHT.pathLinkSource);
			const to = table.find(newNumber, RIGHT.pathLinkTarget);
			if (lookup & LOOKUP_FOLLOW) {
				throw new WasiError("inval");
			}
			tree.addName(from.node, pathOf(path, length), to.node, pathOf(newPath, newLength));
		},
		path_readlink(number, path, length, address, size, result) {
			const { node } = table.find(number, RIGHT.pathReadlink);
			const link = tree.find(node, pathOf(path, length), false);
			if (!(link instanceof SymbolicLink)) {
				throw new WasiError("inval");
			}
			const target = new TextEncoder().encode(link.target).subarray(0, size >>> 0);
			memory.check(result, 4);
			memory.bytes(address, size).set(target);
			memory.putU32(result, target.length);
		},
		path_remove_directory(number, path, length) {
			tree.removeDirectory(
				table.find(number, RIGHT.pathRemoveDirectory).node,
				pathOf(path, length),
			);
		},
		path_rename(number, path, length, newNumber, newPath, newLength) {
			const from = table.find(number, RIGHT.pathRenameSource);
			const to = table.find(newNumber, RIGHT.pathRenameTarget);
			tree.rename(from.node, pathOf(path, length), to.node, pathOf(newPath, newLength));
		},
		path_symlink(target, targetLength, number, path, length) {
			const { node } = table.find(number, RIGHT.pathSymlink);
			tree.createLink(node, pathOf(path, length), pathOf(target, targetLength));
		},
		path_unlink_file(number, path, length) {
			tree.removeFile(table.find(number, RIGHT.pathUnlinkFile).node, pathOf(path, length));
		},
	};
}
