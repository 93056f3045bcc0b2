/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_WASI_INT_H
#define WPKG_EXEC_WASI_INT_H

/*
 * The inside of WASI that its files share: the context, its table of descriptors, and how one
 * function is written.
 *
 * A function takes a struct wasi_call and answers a WASI errno. It ends the guest by setting the
 * call's trap; the errno is then not looked at. The context is locked while a function runs, but
 * for the time that it waits: what it found in the table before may be gone afterwards, and then it
 * is called again from its start. Each wasi_NOUN.c exports one table of functions; wasi.c lists the
 * tables.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "exec/host.h"
#include "exec/wasi.h"
#include "exec/wasi_abi.h"

enum wasi_kind {
	WASI_FREE = 0,
	WASI_HOST,   /* a file, device, pipe or socket of the host */
	WASI_DIR,    /* a directory of the host */
	WASI_STREAM, /* a standard stream without a descriptor of the host */
	WASI_FILE,   /* a granted file */
	WASI_TREE,   /* a directory above granted files */
};

/* An open descriptor of the guest. */
struct wasi_fd {
	enum wasi_kind kind;
	int host;	/* WASI_HOST, WASI_DIR; else -1 */
	bool owned;	/* host is closed with this descriptor */
	bool preopen;	/* name is what fd_prestat_dir_name says */
	bool read_only; /* and so is what is opened below */
	uint8_t filetype;
	uint16_t flags; /* enum wasi_fdflags */
	uint64_t base;
	uint64_t inheriting;
	uint64_t position;    /* WASI_FILE, and the input of a WASI_STREAM */
	size_t node;	      /* WASI_FILE: index in the options' files */
	struct wpkg_str name; /* of a preopen; WASI_TREE: path without slashes at ends */
	const struct wpkg_wasi_stream *stream; /* WASI_STREAM */
};

struct wasi_call {
	struct wpkg_caller *caller;
	struct wpkg_wasi *wasi;
	const union wpkg_wasm_value *args;
	bool unstable; /* called as wasi_unstable */
	bool again;    /* the table changed during a wait: call once more, whatever was answered */
	enum wpkg_trap trap;
};

typedef enum wasi_errno wasi_function(struct wasi_call *call);

struct wasi_entry {
	const char *name; /* NULL ends a table */
	const char *type; /* as wpkg_linker_define_func takes it */
	wasi_function *function;
};

extern const struct wasi_entry wpkg_wasi_args_functions[];
extern const struct wasi_entry wpkg_wasi_clock_functions[];
extern const struct wasi_entry wpkg_wasi_dir_functions[];
extern const struct wasi_entry wpkg_wasi_fdstat_functions[];
extern const struct wasi_entry wpkg_wasi_file_functions[];
extern const struct wasi_entry wpkg_wasi_path_functions[];
extern const struct wasi_entry wpkg_wasi_poll_functions[];
extern const struct wasi_entry wpkg_wasi_process_functions[];
extern const struct wasi_entry wpkg_wasi_socket_functions[];
extern const struct wasi_entry wpkg_wasi_stat_functions[];

/* A defined function: what the linker's user pointer points to. */
struct wasi_binding {
	struct wpkg_wasi *wasi;
	wasi_function *function;
	bool unstable;
};

/* Texts one after the other, each with its NUL, as args_get and environ_get give them. */
struct wasi_texts {
	char *bytes;
	size_t size;
	size_t count;
};

#define WASI_FUNCTIONS 46

struct wpkg_wasi {
	pthread_mutex_t lock;
	bool threaded;	  /* more than one thread may call */
	uint64_t changes; /* of the table, after which pointers into it mean nothing */
	struct wpkg_wasi_options options; /* its texts and arrays stay the caller's */
	struct wasi_texts args;
	struct wasi_texts env;
	struct wasi_fd *fds;
	uint32_t fd_count; /* entries of fds, free ones included */
	uint32_t fd_max;
	uint32_t *order; /* of the granted files: their indexes, sorted by name */
	uint64_t clock;	 /* deterministic: nanoseconds since WPKG_WASI_EPOCH_NS */
	uint64_t random; /* deterministic: state of the generator */
	struct wasi_binding bindings[2 * WASI_FUNCTIONS]; /* of preview 1, then of "unstable" */
};

/* Arguments, as what they are declared. */
static inline uint32_t wasi_arg(const struct wasi_call *call, size_t index)
{
	return call->args[index].i32;
}

static inline uint64_t wasi_arg64(const struct wasi_call *call, size_t index)
{
	return call->args[index].i64;
}

/* wasi_errno.c: a system call's errno value. */
enum wasi_errno wpkg_wasi_errno(int code);

/* The guest's memory: a view, or NULL when not all of it is inside. */
static inline uint8_t *wasi_memory(const struct wasi_call *call, uint32_t address, uint64_t size)
{
	return wpkg_caller_memory(call->caller, address, size);
}

/* Little-endian numbers in a view. */
void wpkg_wasi_put16(uint8_t *bytes, uint16_t value);
void wpkg_wasi_put32(uint8_t *bytes, uint32_t value);
void wpkg_wasi_put64(uint8_t *bytes, uint64_t value);
uint16_t wpkg_wasi_get16(const uint8_t *bytes);
uint32_t wpkg_wasi_get32(const uint8_t *bytes);
uint64_t wpkg_wasi_get64(const uint8_t *bytes);

/* wasi_table.c: the table of descriptors. */

/* An open descriptor with all of the rights: EBADF, ENOTDIR, EISDIR or ENOTCAPABLE without. */
enum wasi_errno wpkg_wasi_fd_find(struct wasi_fd **out, struct wpkg_wasi *wasi, uint32_t fd,
				  uint64_t rights);

/* Gives it the lowest free number. On failure (EMFILE, ENOMEM) the descriptor is still the
 * caller's to close. */
enum wasi_errno wpkg_wasi_fd_add(uint32_t *out, struct wpkg_wasi *wasi, const struct wasi_fd *fd);

/* Closes what it owns; the entry is free. */
void wpkg_wasi_fd_close(struct wasi_fd *fd);

/* The file type of the host's mode, and the most rights a descriptor of the type has. */
uint8_t wpkg_wasi_filetype(mode_t mode);
uint64_t wpkg_wasi_rights_of(uint8_t filetype);

/* A descriptor of the host as the guest's, with the rights of its type. */
enum wasi_errno wpkg_wasi_fd_of_host(struct wasi_fd *out, int host);

/* wasi_clock.c */

/* Nanoseconds of a clock of preview 1; EINVAL for an unknown one. */
enum wasi_errno wpkg_wasi_clock_now(uint64_t *out, struct wpkg_wasi *wasi, uint32_t id);

/* Waits until one of the descriptors is ready (poll(2)) or nanoseconds are over. EINTR: again. The
 * guest's end comes as the call's trap, and then the answer means nothing. Others have the lock
 * meanwhile. */
struct pollfd;
enum wasi_errno wpkg_wasi_wait(struct wasi_call *call, struct pollfd *fds, size_t count,
			       uint64_t nanoseconds);

/* Waits until a host descriptor can be read or written (POLLIN, POLLOUT); EAGAIN at once when the
 * guest's flags say NONBLOCK. Regular files are always ready. With EINTR and the call's again, the
 * descriptor is to be found anew. */
enum wasi_errno wpkg_wasi_fd_wait(struct wasi_call *call, const struct wasi_fd *fd, short events);

/* wasi_file.c: the guest's vectors. EINVAL or EFAULT; *count is cut at the system's IOV_MAX. */
enum wasi_errno wpkg_wasi_iovecs(struct iovec *out, size_t *count, struct wasi_call *call,
				 uint32_t address, uint32_t length);
#define WASI_IOVECS 1024

/* wasi_stat.c: writes a filestat. */
struct wasi_filestat {
	uint64_t dev;
	uint64_t ino;
	uint8_t filetype;
	uint64_t nlink;
	uint64_t size;
	uint64_t atim; /* nanoseconds */
	uint64_t mtim;
	uint64_t ctim;
};
enum wasi_errno wpkg_wasi_filestat_write(struct wasi_call *call, uint32_t address,
					 const struct wasi_filestat *stat);
void wpkg_wasi_filestat_of_host(struct wasi_filestat *out, const struct stat *stat);

/* The two times of utimensat for the guest's flags; EINVAL when they contradict each other. */
enum wasi_errno wpkg_wasi_times(struct timespec out[2], uint64_t atim, uint64_t mtim,
				uint32_t flags);

/* wasi_resolve.c: paths below a directory of the host. */

/* Opens with openat2 beneath the directory. Leaving it is ENOTCAPABLE. */
enum wasi_errno wpkg_wasi_open_beneath(int *out, int dir, const char *path, int flags, mode_t mode);

/*
 * Where the last part of a path is to be made, changed or removed, for a call that does not follow
 * links there: the directory above, opened beneath (the caller closes it), and the part with its
 * trailing slashes. The path is split in place, so the name is good as long as the path is.
 */
struct wasi_place {
	int dir;
	const char *name; /* never "." or ".." */
};

/* dots is the answer for a path that ends in "." or "..", once it is known to be beneath. */
enum wasi_errno wpkg_wasi_place_open(struct wasi_place *out, int dir, char *path,
				     enum wasi_errno dots);

/* wasi_files.c: the granted files and the directories that their names imply. */

/* Checks the options' files and sorts their names. */
enum wpkg_status wpkg_wasi_files_init(struct wpkg_wasi *wasi, struct wpkg_err *err);

/* What a path below the directory names: a WASI_FILE or WASI_TREE with the rights of its type. */
enum wasi_errno wpkg_wasi_files_open(struct wasi_fd *out, struct wpkg_wasi *wasi,
				     const struct wasi_fd *dir, struct wpkg_str path);
enum wasi_errno wpkg_wasi_files_stat(struct wasi_filestat *out, struct wpkg_wasi *wasi,
				     const struct wasi_fd *fd);

/* The entry number index of the directory; false after the last. */
struct wasi_file_entry {
	struct wpkg_str name;
	uint64_t ino;
	uint8_t filetype;
};
bool wpkg_wasi_files_entry(struct wasi_file_entry *out, const struct wpkg_wasi *wasi,
			   const struct wasi_fd *dir, uint64_t index);

#endif
