/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_WASI_ABI_H
#define WPKG_EXEC_WASI_ABI_H

/*
 * The numbers and layouts of wasi_snapshot_preview1, from its witx
 * (WebAssembly/WASI, phases/snapshot/witx/typenames.witx). Everything is little-endian.
 */

#include <stdint.h>

enum wasi_errno {
	WASI_ESUCCESS = 0,
	WASI_E2BIG = 1,
	WASI_EACCES = 2,
	WASI_EADDRINUSE = 3,
	WASI_EADDRNOTAVAIL = 4,
	WASI_EAFNOSUPPORT = 5,
	WASI_EAGAIN = 6,
	WASI_EALREADY = 7,
	WASI_EBADF = 8,
	WASI_EBADMSG = 9,
	WASI_EBUSY = 10,
	WASI_ECANCELED = 11,
	WASI_ECHILD = 12,
	WASI_ECONNABORTED = 13,
	WASI_ECONNREFUSED = 14,
	WASI_ECONNRESET = 15,
	WASI_EDEADLK = 16,
	WASI_EDESTADDRREQ = 17,
	WASI_EDOM = 18,
	WASI_EDQUOT = 19,
	WASI_EEXIST = 20,
	WASI_EFAULT = 21,
	WASI_EFBIG = 22,
	WASI_EHOSTUNREACH = 23,
	WASI_EIDRM = 24,
	WASI_EILSEQ = 25,
	WASI_EINPROGRESS = 26,
	WASI_EINTR = 27,
	WASI_EINVAL = 28,
	WASI_EIO = 29,
	WASI_EISCONN = 30,
	WASI_EISDIR = 31,
	WASI_ELOOP = 32,
	WASI_EMFILE = 33,
	WASI_EMLINK = 34,
	WASI_EMSGSIZE = 35,
	WASI_EMULTIHOP = 36,
	WASI_ENAMETOOLONG = 37,
	WASI_ENETDOWN = 38,
	WASI_ENETRESET = 39,
	WASI_ENETUNREACH = 40,
	WASI_ENFILE = 41,
	WASI_ENOBUFS = 42,
	WASI_ENODEV = 43,
	WASI_ENOENT = 44,
	WASI_ENOEXEC = 45,
	WASI_ENOLCK = 46,
	WASI_ENOLINK = 47,
	WASI_ENOMEM = 48,
	WASI_ENOMSG = 49,
	WASI_ENOPROTOOPT = 50,
	WASI_ENOSPC = 51,
	WASI_ENOSYS = 52,
	WASI_ENOTCONN = 53,
	WASI_ENOTDIR = 54,
	WASI_ENOTEMPTY = 55,
	WASI_ENOTRECOVERABLE = 56,
	WASI_ENOTSOCK = 57,
	WASI_ENOTSUP = 58,
	WASI_ENOTTY = 59,
	WASI_ENXIO = 60,
	WASI_EOVERFLOW = 61,
	WASI_EOWNERDEAD = 62,
	WASI_EPERM = 63,
	WASI_EPIPE = 64,
	WASI_EPROTO = 65,
	WASI_EPROTONOSUPPORT = 66,
	WASI_EPROTOTYPE = 67,
	WASI_ERANGE = 68,
	WASI_EROFS = 69,
	WASI_ESPIPE = 70,
	WASI_ESRCH = 71,
	WASI_ESTALE = 72,
	WASI_ETIMEDOUT = 73,
	WASI_ETXTBSY = 74,
	WASI_EXDEV = 75,
	WASI_ENOTCAPABLE = 76
};

enum wasi_rights {
	WASI_RIGHT_FD_DATASYNC = 1 << 0,
	WASI_RIGHT_FD_READ = 1 << 1,
	WASI_RIGHT_FD_SEEK = 1 << 2,
	WASI_RIGHT_FD_FDSTAT_SET_FLAGS = 1 << 3,
	WASI_RIGHT_FD_SYNC = 1 << 4,
	WASI_RIGHT_FD_TELL = 1 << 5,
	WASI_RIGHT_FD_WRITE = 1 << 6,
	WASI_RIGHT_FD_ADVISE = 1 << 7,
	WASI_RIGHT_FD_ALLOCATE = 1 << 8,
	WASI_RIGHT_PATH_CREATE_DIRECTORY = 1 << 9,
	WASI_RIGHT_PATH_CREATE_FILE = 1 << 10,
	WASI_RIGHT_PATH_LINK_SOURCE = 1 << 11,
	WASI_RIGHT_PATH_LINK_TARGET = 1 << 12,
	WASI_RIGHT_PATH_OPEN = 1 << 13,
	WASI_RIGHT_FD_READDIR = 1 << 14,
	WASI_RIGHT_PATH_READLINK = 1 << 15,
	WASI_RIGHT_PATH_RENAME_SOURCE = 1 << 16,
	WASI_RIGHT_PATH_RENAME_TARGET = 1 << 17,
	WASI_RIGHT_PATH_FILESTAT_GET = 1 << 18,
	WASI_RIGHT_PATH_FILESTAT_SET_SIZE = 1 << 19,
	WASI_RIGHT_PATH_FILESTAT_SET_TIMES = 1 << 20,
	WASI_RIGHT_FD_FILESTAT_GET = 1 << 21,
	WASI_RIGHT_FD_FILESTAT_SET_SIZE = 1 << 22,
	WASI_RIGHT_FD_FILESTAT_SET_TIMES = 1 << 23,
	WASI_RIGHT_PATH_SYMLINK = 1 << 24,
	WASI_RIGHT_PATH_REMOVE_DIRECTORY = 1 << 25,
	WASI_RIGHT_PATH_UNLINK_FILE = 1 << 26,
	WASI_RIGHT_POLL_FD_READWRITE = 1 << 27,
	WASI_RIGHT_SOCK_SHUTDOWN = 1 << 28,
	WASI_RIGHT_SOCK_ACCEPT = 1 << 29
};

/* What a descriptor of each kind can have at most. */
#define WASI_RIGHTS_STREAM                                                                         \
	((uint64_t)WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_FDSTAT_SET_FLAGS |     \
	 WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE)
#define WASI_RIGHTS_SOCKET                                                                         \
	(WASI_RIGHTS_STREAM | (uint64_t)WASI_RIGHT_SOCK_SHUTDOWN | WASI_RIGHT_SOCK_ACCEPT)
#define WASI_RIGHTS_FILE                                                                           \
	(WASI_RIGHTS_STREAM | (uint64_t)WASI_RIGHT_FD_DATASYNC | WASI_RIGHT_FD_SEEK |              \
	 WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_ADVISE | WASI_RIGHT_FD_ALLOCATE | \
	 WASI_RIGHT_FD_FILESTAT_SET_SIZE | WASI_RIGHT_FD_FILESTAT_SET_TIMES)
#define WASI_RIGHTS_DIRECTORY                                                                      \
	((uint64_t)WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_ADVISE |    \
	 WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE |                          \
	 WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN |        \
	 WASI_RIGHT_FD_READDIR | WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE |        \
	 WASI_RIGHT_PATH_RENAME_TARGET | WASI_RIGHT_PATH_FILESTAT_GET |                            \
	 WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES |                  \
	 WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_PATH_SYMLINK | \
	 WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE |                          \
	 WASI_RIGHT_POLL_FD_READWRITE)

/* Below a directory may be both: all but the rights of sockets. */
#define WASI_RIGHTS_BELOW (((uint64_t)WASI_RIGHT_POLL_FD_READWRITE << 1) - 1)

/* What makes sense on a file but not on a directory, and the other way round. */
#define WASI_RIGHTS_FILE_ONLY                                                                      \
	((uint64_t)WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_SEEK |                 \
	 WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE)
#define WASI_RIGHTS_DIRECTORY_ONLY                                                                 \
	(WASI_RIGHTS_DIRECTORY &                                                                   \
	 ~((uint64_t)WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_ADVISE |  \
	   WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_FD_FILESTAT_SET_TIMES |                         \
	   WASI_RIGHT_POLL_FD_READWRITE))

enum wasi_filetype {
	WASI_FILETYPE_UNKNOWN = 0,
	WASI_FILETYPE_BLOCK_DEVICE = 1,
	WASI_FILETYPE_CHARACTER_DEVICE = 2,
	WASI_FILETYPE_DIRECTORY = 3,
	WASI_FILETYPE_REGULAR_FILE = 4,
	WASI_FILETYPE_SOCKET_DGRAM = 5,
	WASI_FILETYPE_SOCKET_STREAM = 6,
	WASI_FILETYPE_SYMBOLIC_LINK = 7
};

enum wasi_fdflags {
	WASI_FDFLAG_APPEND = 1,
	WASI_FDFLAG_DSYNC = 2,
	WASI_FDFLAG_NONBLOCK = 4,
	WASI_FDFLAG_RSYNC = 8,
	WASI_FDFLAG_SYNC = 16,
	WASI_FDFLAGS_ALL = 31
};

enum wasi_oflags {
	WASI_OFLAG_CREAT = 1,
	WASI_OFLAG_DIRECTORY = 2,
	WASI_OFLAG_EXCL = 4,
	WASI_OFLAG_TRUNC = 8,
	WASI_OFLAGS_ALL = 15
};

enum wasi_fstflags {
	WASI_FSTFLAG_ATIM = 1,
	WASI_FSTFLAG_ATIM_NOW = 2,
	WASI_FSTFLAG_MTIM = 4,
	WASI_FSTFLAG_MTIM_NOW = 8,
	WASI_FSTFLAGS_ALL = 15
};

enum wasi_lookupflags { WASI_LOOKUP_SYMLINK_FOLLOW = 1 };

enum wasi_whence { WASI_WHENCE_SET = 0, WASI_WHENCE_CUR = 1, WASI_WHENCE_END = 2 };

enum wasi_clockid {
	WASI_CLOCK_REALTIME = 0,
	WASI_CLOCK_MONOTONIC = 1,
	WASI_CLOCK_PROCESS_CPUTIME = 2,
	WASI_CLOCK_THREAD_CPUTIME = 3
};

enum wasi_eventtype { WASI_EVENT_CLOCK = 0, WASI_EVENT_FD_READ = 1, WASI_EVENT_FD_WRITE = 2 };

enum wasi_eventrwflags { WASI_EVENT_HANGUP = 1 };

enum wasi_subclockflags { WASI_SUBCLOCK_ABSTIME = 1 };

/*
 * Sizes and offsets.
 *
 *   iovec         u32 pointer, u32 length
 *   fdstat        u8 filetype, u16 flags @2, u64 base @8, u64 inheriting @16
 *   filestat      u64 dev, u64 ino @8, u8 filetype @16, u64 nlink @24, u64 size @32,
 *                 u64 atim @40, u64 mtim @48, u64 ctim @56
 *   dirent        u64 next, u64 ino @8, u32 namlen @16, u8 type @20, then the name
 *   prestat       u8 tag (0: dir), u32 length of the name @4
 *   subscription  u64 userdata, u8 tag @8, then @16 u32 clock id, u64 timeout @24,
 *                 u64 precision @32, u16 flags @40; or u32 descriptor @16
 *   event         u64 userdata, u16 error @8, u8 type @10, u64 bytes @16, u16 flags @24
 *
 * wasi_unstable differs in three: filestat has a u32 nlink @20 and is shorter from there on, the
 * clock's subscription has a u64 identifier before the clock id, and whence is cur, end, set.
 */
#define WASI_IOVEC_SIZE 8
#define WASI_FDSTAT_SIZE 24
#define WASI_FILESTAT_SIZE 64
#define WASI_FILESTAT_SIZE_UNSTABLE 56
#define WASI_DIRENT_SIZE 24
#define WASI_PRESTAT_SIZE 8
#define WASI_SUBSCRIPTION_SIZE 48
#define WASI_SUBSCRIPTION_SIZE_UNSTABLE 56
#define WASI_EVENT_SIZE 32

#endif
