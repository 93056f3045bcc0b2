// SPDX-License-Identifier: Apache-2.0
// The numbers of wasi_snapshot_preview1, from its witx (WebAssembly/WASI,
// phases/snapshot/witx/typenames.witx), and how its functions refuse: by throwing a WasiError, which
// wasi.js turns into the number that a program gets.

export const ERRNO = {
	badf: 8,
	exist: 20,
	fault: 21,
	fbig: 22,
	ilseq: 25,
	inval: 28,
	isdir: 31,
	loop: 32,
	mfile: 33,
	nametoolong: 37,
	noent: 44,
	nospc: 51,
	nosys: 52,
	notdir: 54,
	notempty: 55,
	notsock: 57,
	notsup: 58,
	perm: 63,
	spipe: 70,
	busy: 10,
	notcapable: 76,
};

export class WasiError extends Error {
	constructor(name) {
		super(name);
		this.code = ERRNO[name];
	}
}

export const FILETYPE = {
	unknown: 0,
	characterDevice: 2,
	directory: 3,
	regularFile: 4,
	symbolicLink: 7,
};
export const FDFLAG = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16, all: 31 };
export const OFLAG = { creat: 1, directory: 2, excl: 4, trunc: 8, all: 15 };
export const FSTFLAG = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8, all: 15 };
export const LOOKUP_FOLLOW = 1;
export const WHENCE = { set: 0, cur: 1, end: 2 };
export const CLOCK = { realtime: 0, monotonic: 1, processCputime: 2, threadCputime: 3 };
export const EVENT = { clock: 0, fdRead: 1, fdWrite: 2 };
export const SUBCLOCK_ABSTIME = 1;

const RIGHT_NAMES = [
	"fdDatasync",
	"fdRead",
	"fdSeek",
	"fdFdstatSetFlags",
	"fdSync",
	"fdTell",
	"fdWrite",
	"fdAdvise",
	"fdAllocate",
	"pathCreateDirectory",
	"pathCreateFile",
	"pathLinkSource",
	"pathLinkTarget",
	"pathOpen",
	"fdReaddir",
	"pathReadlink",
	"pathRenameSource",
	"pathRenameTarget",
	"pathFilestatGet",
	"pathFilestatSetSize",
	"pathFilestatSetTimes",
	"fdFilestatGet",
	"fdFilestatSetSize",
	"fdFilestatSetTimes",
	"pathSymlink",
	"pathRemoveDirectory",
	"pathUnlinkFile",
	"pollFdReadwrite",
];

// Bits of a u64: BigInt, as they cross the border.
export const RIGHT = Object.fromEntries(RIGHT_NAMES.map((name, bit) => [name, 1n << BigInt(bit)]));

const union = (...names) => names.reduce((bits, name) => bits | RIGHT[name], 0n);
const named = (...beginnings) =>
	union(
		...RIGHT_NAMES.filter((name) => beginnings.some((beginning) => name.startsWith(beginning))),
	);

// What makes sense on a file but not on a directory, and the other way round.
export const FILE_ONLY = union(
	"fdRead",
	"fdWrite",
	"fdSeek",
	"fdTell",
	"fdAllocate",
	"fdFilestatSetSize",
);
export const DIRECTORY_ONLY = named("path") | RIGHT.fdReaddir;

// What a descriptor of each kind can have at most. A stream can neither seek nor tell: that is how
// libc's isatty knows one, together with its type.
export const STREAM_RIGHTS = union(
	"fdRead",
	"fdWrite",
	"fdFdstatSetFlags",
	"fdFilestatGet",
	"pollFdReadwrite",
);
export const FILE_RIGHTS =
	STREAM_RIGHTS | FILE_ONLY | union("fdDatasync", "fdSync", "fdAdvise", "fdFilestatSetTimes");
export const DIRECTORY_RIGHTS =
	DIRECTORY_ONLY |
	union(
		"fdFdstatSetFlags",
		"fdSync",
		"fdAdvise",
		"fdFilestatGet",
		"fdFilestatSetTimes",
		"pollFdReadwrite",
	);
