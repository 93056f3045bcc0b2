/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_WASI_H
#define WPKG_EXEC_WASI_H

/*
 * WASI preview 1 for guests: all 46 functions of wasi_snapshot_preview1 (and those of wasi_unstable
 * whose layout is the same), over what the options grant and nothing else. The zero value of the
 * options grants nothing: no argument, no variable, no file, empty input, output thrown away.
 *
 * A directory is granted as an open descriptor. Every path of the guest is resolved below it by the
 * kernel (openat2 with RESOLVE_BENEATH): absolute paths, "..", and symbolic links that would leave
 * it are ENOTCAPABLE, and so is what the rights of a descriptor forbid. In a read-only grant every
 * change is EROFS.
 *
 * Guests on several threads may use one context (exec/wasi_thread.h). Whoever makes it keeps the
 * descriptors, texts and buffers of the options, and the context, until the last call into a guest
 * that uses it; nothing of the options is closed. The context itself has copies of arguments and
 * variables only. A process that grants pipes or sockets ignores SIGPIPE, and one that has a limit
 * on the size of files SIGXFSZ: the guest then gets the errno.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct wpkg_linker;
struct wpkg_wasi;

enum wpkg_wasi_stream_kind {
	WPKG_WASI_NOTHING = 0, /* input is at its end; output is thrown away */
	WPKG_WASI_FD,	       /* an open descriptor of the host */
	WPKG_WASI_BUFFER,      /* input from bytes; output appended to the buffer */
};

/* A standard stream. Only the member of its kind and direction is read. */
struct wpkg_wasi_stream {
	enum wpkg_wasi_stream_kind kind;
	int fd;
	struct wpkg_str input;	 /* for descriptor 0 */
	struct wpkg_buf *output; /* for 1 and 2, which may share one; passing its maximum ends the
				    guest with WPKG_TRAP_HOST and a message */
};

/* A directory of the host that the guest may use, under a name of its own. */
struct wpkg_wasi_dir {
	int fd;		       /* open, of a directory; O_PATH is enough */
	struct wpkg_str guest; /* as the guest sees it: "/" or "/data" or "." */
	bool read_only;	       /* nothing below may be made, changed, renamed or removed */
};

/*
 * A file that the guest may read, below one preopened directory "/" that has nothing else. The
 * directories of a name such as "data/in.txt" exist, too. The file's own offset is neither used nor
 * moved; the only system calls are pread and fstat, so this works where nothing can be opened.
 */
struct wpkg_wasi_file {
	struct wpkg_str name; /* relative, without empty, "." or ".." parts */
	int fd;		      /* open for reading, of a regular file or a memory file */
};

/*
 * With deterministic, the guest sees the same run every time: both clocks begin at
 * WPKG_WASI_EPOCH_NS and go on by a microsecond with each look at one, a wait moves them on without
 * waiting, and random bytes come from the seed. No clock and no random source of the host is asked.
 * (Granted files have no times and counted inodes in any case; granted directories are as they
 * are.)
 */
#define WPKG_WASI_EPOCH_NS ((uint64_t)1704067200 * 1000000000) /* 2024-01-01 */

struct wpkg_wasi_options {
	const struct wpkg_str *args; /* the program's name first */
	size_t arg_count;
	const struct wpkg_str *env; /* "NAME=value" */
	size_t env_count;
	struct wpkg_wasi_stream standard_input;
	struct wpkg_wasi_stream standard_output;
	struct wpkg_wasi_stream standard_error;
	const struct wpkg_wasi_dir *dirs; /* descriptors 3, 4 ... of the guest, in this order */
	size_t dir_count;
	const struct wpkg_wasi_file *files; /* after the dirs, one more directory, when any */
	size_t file_count;
	uint32_t max_fds;   /* open at once, the first ones included; 0: 1024 */
	bool deterministic; /* see above */
	uint64_t seed;	    /* for random bytes when deterministic */
};

/*
 * WPKG_EINVAL for a text with a NUL byte, a variable without "=", a name of a file that is not as
 * above or there twice, and a descriptor that is not open or not of its kind.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_wasi_new(struct wpkg_wasi **out,
					       const struct wpkg_wasi_options *options,
					       struct wpkg_err *err);

/* Closes what the guest left open. NULL is fine. */
void wpkg_wasi_free(struct wpkg_wasi *wasi);

/*
 * Has the linker know the functions, each of which is made when it is imported; definitions of the
 * same name go before it. The context must outlive every call of the linker's instances.
 */
void wpkg_wasi_define(struct wpkg_linker *linker, struct wpkg_wasi *wasi);

#endif
