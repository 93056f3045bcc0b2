/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and moving in what is open. */
#include "exec/wasi_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* As many bytes as Linux moves at once; fits the u32 that the guest is told. */
#define TRANSFER_MAX ((size_t)0x7ffff000)

enum wasi_errno wpkg_wasi_iovecs(struct iovec *out, size_t *count, struct wasi_call *call,
				 uint32_t address, uint32_t length)
{
	const uint8_t *vectors = wasi_memory(call, address, (uint64_t)length * WASI_IOVEC_SIZE);
	if (!vectors)
		return WASI_EFAULT;
	size_t used = 0;
	for (uint32_t i = 0; i < length && used < WASI_IOVECS; i++) {
		const uint8_t *vector = vectors + (size_t)i * WASI_IOVEC_SIZE;
		uint32_t size = wpkg_wasi_get32(vector + 4);
		if (size == 0)
			continue;
		out[used].iov_len = size;
		out[used].iov_base = wasi_memory(call, wpkg_wasi_get32(vector), size);
		if (!out[used].iov_base)
			return WASI_EFAULT;
		used++;
	}
	*count = used;
	return WASI_ESUCCESS;
}

/* What one of fd_read, fd_pread, fd_write, fd_pwrite works on. */
struct transfer {
	struct wasi_fd *fd;
	uint8_t *moved; /* u32 in the guest's memory */
	struct iovec vectors[WASI_IOVECS];
	size_t count;
};

/* (fd, iovecs, length, ...), with the result's address in args[result]. */
static enum wasi_errno transfer_begin(struct transfer *out, struct wasi_call *call, uint64_t rights,
				      size_t result)
{
	enum wasi_errno code = wpkg_wasi_fd_find(&out->fd, call->wasi, wasi_arg(call, 0), rights);
	if (code != WASI_ESUCCESS)
		return code;
	/* Looked at before anything moves: what was read must not be lost. */
	out->moved = wasi_memory(call, wasi_arg(call, result), 4);
	if (!out->moved)
		return WASI_EFAULT;
	return wpkg_wasi_iovecs(out->vectors, &out->count, call, wasi_arg(call, 1),
				wasi_arg(call, 2));
}

static enum wasi_errno transfer_end(const struct transfer *transfer, size_t moved)
{
	wpkg_wasi_put32(transfer->moved, (uint32_t)moved);
	return WASI_ESUCCESS;
}

static enum wasi_errno read_stream(const struct transfer *transfer)
{
	struct wasi_fd *fd = transfer->fd;
	struct wpkg_str input = {0};
	if (fd->stream->kind == WPKG_WASI_BUFFER)
		input = wpkg_str_from_offset(fd->stream->input, (size_t)fd->position);
	size_t moved = 0;
	for (size_t i = 0; i < transfer->count && moved < input.len; i++) {
		size_t size = transfer->vectors[i].iov_len;
		if (size > input.len - moved)
			size = input.len - moved;
		if (size > TRANSFER_MAX - moved)
			size = TRANSFER_MAX - moved;
		memcpy(transfer->vectors[i].iov_base, input.ptr + moved, size);
		moved += size;
	}
	fd->position += moved;
	return transfer_end(transfer, moved);
}

static enum wasi_errno read_at(const struct transfer *transfer, int host, uint64_t offset,
			       size_t *moved)
{
	for (;;) {
		ssize_t n = preadv(host, transfer->vectors, (int)transfer->count, (off_t)offset);
		if (n >= 0) {
			*moved = (size_t)n;
			return transfer_end(transfer, *moved);
		}
		if (errno != EINTR)
			return wpkg_wasi_errno(errno);
	}
}

static int host_of(const struct wasi_call *call, const struct wasi_fd *fd)
{
	return fd->kind == WASI_FILE ? call->wasi->options.files[fd->node].fd : fd->host;
}

static enum wasi_errno read_host(struct wasi_call *call, const struct transfer *transfer)
{
	const struct wasi_fd *fd = transfer->fd;
	for (;;) {
		enum wasi_errno code = wpkg_wasi_fd_wait(call, fd, POLLIN);
		if (code != WASI_ESUCCESS)
			return code;
		ssize_t n = readv(fd->host, transfer->vectors, (int)transfer->count);
		if (n >= 0)
			return transfer_end(transfer, (size_t)n);
		/* Somebody else was quicker with what poll saw, or a signal came: wait again. */
		bool again = errno == EAGAIN && !(fd->flags & WASI_FDFLAG_NONBLOCK);
		if (errno != EINTR && !again)
			return wpkg_wasi_errno(errno);
	}
}

/* (fd, iovecs, length, size) */
static enum wasi_errno fd_read(struct wasi_call *call)
{
	struct transfer transfer;
	enum wasi_errno code = transfer_begin(&transfer, call, WASI_RIGHT_FD_READ, 3);
	if (code != WASI_ESUCCESS)
		return code;
	struct wasi_fd *fd = transfer.fd;
	if (fd->kind == WASI_STREAM)
		return read_stream(&transfer);
	if (fd->kind == WASI_HOST)
		return read_host(call, &transfer);
	size_t moved = 0;
	code = read_at(&transfer, host_of(call, fd), fd->position, &moved);
	fd->position += moved;
	return code;
}

/* (fd, iovecs, length, offset, size) */
static enum wasi_errno fd_pread(struct wasi_call *call)
{
	struct transfer transfer;
	uint64_t rights = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK;
	enum wasi_errno code = transfer_begin(&transfer, call, rights, 4);
	if (code != WASI_ESUCCESS)
		return code;
	size_t moved;
	return read_at(&transfer, host_of(call, transfer.fd), wasi_arg64(call, 3), &moved);
}

/* What fits of the bytes, then the guest's end if it was not all. */
static enum wasi_errno write_stream(struct wasi_call *call, const struct transfer *transfer)
{
	const struct wpkg_wasi_stream *stream = transfer->fd->stream;
	struct wpkg_buf *output = stream->kind == WPKG_WASI_BUFFER ? stream->output : NULL;
	size_t moved = 0;
	for (size_t i = 0; i < transfer->count; i++) {
		size_t size = transfer->vectors[i].iov_len;
		if (size > TRANSFER_MAX - moved)
			size = TRANSFER_MAX - moved;
		moved += size;
		if (!output)
			continue;
		size_t room = output->max - output->len;
		wpkg_buf_append(output, transfer->vectors[i].iov_base, size < room ? size : room);
		if (size > room)
			call->trap = wpkg_caller_fail(call->caller,
						      "the output passes its limit of %zu bytes",
						      output->max);
		else if (output->failed != WPKG_OK)
			call->trap = wpkg_caller_fail(call->caller, "no memory for the output");
		if (call->trap != WPKG_TRAP_NONE)
			return WASI_EIO;
	}
	return transfer_end(transfer, moved);
}

/* Takes written bytes off the front of the vectors. */
static void advance(struct transfer *transfer, struct iovec **at, size_t written)
{
	struct iovec *end = transfer->vectors + transfer->count;
	while (*at < end && written >= (*at)->iov_len) {
		written -= (*at)->iov_len;
		++*at;
	}
	if (*at < end) {
		(*at)->iov_base = (uint8_t *)(*at)->iov_base + written;
		(*at)->iov_len -= written;
	}
}

/* How much a pipe takes at once, when poll said that it is ready: all that it holds when it is
 * empty, and PIPE_BUF in any case. */
static size_t room_of(int host)
{
	int waiting = 0, room = fcntl(host, F_GETPIPE_SZ);
	bool is_empty = room > PIPE_BUF && ioctl(host, FIONREAD, &waiting) == 0 && waiting == 0;
	return is_empty ? (size_t)room : PIPE_BUF;
}

/*
 * One write. A pipe gets no more than fits: a write to a reader that stands still would never come
 * back, and nobody could end the guest.
 */
static ssize_t write_some(const struct transfer *transfer, const struct iovec *at)
{
	int host = transfer->fd->host;
	size_t count = (size_t)(transfer->vectors + transfer->count - at);
	if (transfer->fd->filetype == WASI_FILETYPE_REGULAR_FILE)
		return writev(host, at, (int)count);
	size_t room = at->iov_len > PIPE_BUF ? room_of(host) : PIPE_BUF;
	return write(host, at->iov_base, at->iov_len < room ? at->iov_len : room);
}

static enum wasi_errno write_host(struct wasi_call *call, struct transfer *transfer)
{
	const struct wasi_fd *fd = transfer->fd;
	struct iovec *at = transfer->vectors;
	size_t moved = 0;
	while (at < transfer->vectors + transfer->count) {
		enum wasi_errno code = wpkg_wasi_fd_wait(call, fd, POLLOUT);
		if (call->trap != WPKG_TRAP_NONE || (call->again && moved == 0))
			return code;
		if (call->again)
			break;
		ssize_t n = code == WASI_ESUCCESS ? write_some(transfer, at) : -1;
		if (n < 0 && code == WASI_ESUCCESS)
			code = wpkg_wasi_errno(errno);
		bool waits = code == WASI_EAGAIN && !(fd->flags & WASI_FDFLAG_NONBLOCK);
		if (n < 0 && (code == WASI_EINTR || waits))
			continue;
		if (n < 0)
			return moved > 0 ? transfer_end(transfer, moved) : code;
		moved += (size_t)n;
		advance(transfer, &at, (size_t)n);
		/* A file that took less has a reason, which the next write will tell. */
		if (fd->filetype == WASI_FILETYPE_REGULAR_FILE || moved >= TRANSFER_MAX)
			break;
	}
	call->again = false;
	return transfer_end(transfer, moved);
}

/* (fd, iovecs, length, size) */
static enum wasi_errno fd_write(struct wasi_call *call)
{
	struct transfer transfer;
	enum wasi_errno code = transfer_begin(&transfer, call, WASI_RIGHT_FD_WRITE, 3);
	if (code != WASI_ESUCCESS)
		return code;
	if (transfer.fd->kind == WASI_STREAM)
		return write_stream(call, &transfer);
	return write_host(call, &transfer);
}

/* (fd, iovecs, length, offset, size) */
static enum wasi_errno fd_pwrite(struct wasi_call *call)
{
	struct transfer transfer;
	uint64_t rights = WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_SEEK;
	enum wasi_errno code = transfer_begin(&transfer, call, rights, 4);
	if (code != WASI_ESUCCESS)
		return code;
	for (;;) {
		ssize_t n = pwritev(transfer.fd->host, transfer.vectors, (int)transfer.count,
				    (off_t)wasi_arg64(call, 3));
		if (n >= 0)
			return transfer_end(&transfer, (size_t)n);
		if (errno != EINTR)
			return wpkg_wasi_errno(errno);
	}
}

static enum wasi_errno seek_file(uint64_t *out, struct wasi_call *call, struct wasi_fd *fd,
				 int64_t offset, uint32_t whence)
{
	uint64_t start = 0;
	if (whence == WASI_WHENCE_CUR)
		start = fd->position;
	if (whence == WASI_WHENCE_END) {
		struct wasi_filestat stat;
		enum wasi_errno code = wpkg_wasi_files_stat(&stat, call->wasi, fd);
		if (code != WASI_ESUCCESS)
			return code;
		start = stat.size;
	}
	int64_t position;
	if (__builtin_add_overflow((int64_t)start, offset, &position) || position < 0)
		return WASI_EINVAL;
	fd->position = (uint64_t)position;
	*out = fd->position;
	return WASI_ESUCCESS;
}

static enum wasi_errno seek_host(uint64_t *out, const struct wasi_fd *fd, int64_t offset,
				 uint32_t whence)
{
	static const int host_whence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
	off_t position = lseek(fd->host, offset, host_whence[whence]);
	if (position < 0)
		return wpkg_wasi_errno(errno);
	*out = (uint64_t)position;
	return WASI_ESUCCESS;
}

static enum wasi_errno seek(struct wasi_call *call, int64_t offset, uint32_t whence,
			    uint32_t result)
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), 0);
	if (code != WASI_ESUCCESS)
		return code;
	/* Asking where one is needs fd_tell, which fd_seek implies. */
	bool asks = whence == WASI_WHENCE_CUR && offset == 0;
	uint64_t right =
		asks && (fd->base & WASI_RIGHT_FD_TELL) ? WASI_RIGHT_FD_TELL : WASI_RIGHT_FD_SEEK;
	code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), right);
	if (code != WASI_ESUCCESS)
		return code;
	uint64_t position = 0;
	if (fd->kind == WASI_FILE)
		code = seek_file(&position, call, fd, offset, whence);
	else
		code = seek_host(&position, fd, offset, whence);
	if (code != WASI_ESUCCESS)
		return code;
	return wpkg_caller_write_u64(call->caller, result, position) ? WASI_ESUCCESS : WASI_EFAULT;
}

/* (fd, offset, whence, position) */
static enum wasi_errno fd_seek(struct wasi_call *call)
{
	static const uint8_t of_unstable[] = {WASI_WHENCE_CUR, WASI_WHENCE_END, WASI_WHENCE_SET};
	uint32_t whence = wasi_arg(call, 2);
	if (whence > WASI_WHENCE_END)
		return WASI_EINVAL;
	if (call->unstable)
		whence = of_unstable[whence];
	return seek(call, (int64_t)wasi_arg64(call, 1), whence, wasi_arg(call, 3));
}

/* (fd, position) */
static enum wasi_errno fd_tell(struct wasi_call *call)
{
	return seek(call, 0, WASI_WHENCE_CUR, wasi_arg(call, 1));
}

/* (fd, offset, length, advice) */
static enum wasi_errno fd_advise(struct wasi_call *call)
{
	static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL,
				      POSIX_FADV_RANDOM,   POSIX_FADV_WILLNEED,
				      POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
	struct wasi_fd *fd;
	enum wasi_errno code =
		wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), WASI_RIGHT_FD_ADVISE);
	if (code != WASI_ESUCCESS)
		return code;
	uint32_t advice = wasi_arg(call, 3);
	uint64_t offset = wasi_arg64(call, 1);
	uint64_t length = wasi_arg64(call, 2);
	if (advice >= sizeof(advices) / sizeof(advices[0]) || offset > INT64_MAX ||
	    length > INT64_MAX)
		return WASI_EINVAL;
	if (fd->kind != WASI_HOST)
		return WASI_ESUCCESS;
	int failed = posix_fadvise(fd->host, (off_t)offset, (off_t)length, advices[advice]);
	return failed == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(failed);
}

/* (fd, offset, length) */
static enum wasi_errno fd_allocate(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code =
		wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), WASI_RIGHT_FD_ALLOCATE);
	if (code != WASI_ESUCCESS)
		return code;
	if (fd->read_only)
		return WASI_EROFS;
	while (fallocate(fd->host, 0, (off_t)wasi_arg64(call, 1), (off_t)wasi_arg64(call, 2)) != 0)
		if (errno != EINTR)
			return wpkg_wasi_errno(errno);
	return WASI_ESUCCESS;
}

static enum wasi_errno sync_with(struct wasi_call *call, uint64_t rights, int (*sync_host)(int))
{
	struct wasi_fd *fd;
	enum wasi_errno code = wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), rights);
	if (code != WASI_ESUCCESS || (fd->kind != WASI_HOST && fd->kind != WASI_DIR))
		return code;
	if (fd->kind == WASI_HOST)
		return sync_host(fd->host) == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
	/* A directory may be open as a mere path, which cannot be synced. */
	int dir;
	code = wpkg_wasi_open_beneath(&dir, fd->host, ".", O_RDONLY | O_DIRECTORY, 0);
	if (code != WASI_ESUCCESS)
		return code;
	code = sync_host(dir) == 0 ? WASI_ESUCCESS : wpkg_wasi_errno(errno);
	close(dir);
	return code;
}

static enum wasi_errno fd_sync(struct wasi_call *call)
{
	return sync_with(call, WASI_RIGHT_FD_SYNC, fsync);
}

static enum wasi_errno fd_datasync(struct wasi_call *call)
{
	return sync_with(call, WASI_RIGHT_FD_DATASYNC, fdatasync);
}

const struct wasi_entry wpkg_wasi_file_functions[] = {
	{"fd_read", "i32 i32 i32 i32 -> i32", fd_read},
	{"fd_pread", "i32 i32 i32 i64 i32 -> i32", fd_pread},
	{"fd_write", "i32 i32 i32 i32 -> i32", fd_write},
	{"fd_pwrite", "i32 i32 i32 i64 i32 -> i32", fd_pwrite},
	{"fd_seek", "i32 i64 i32 i32 -> i32", fd_seek},
	{"fd_tell", "i32 i32 -> i32", fd_tell},
	{"fd_advise", "i32 i64 i64 i32 -> i32", fd_advise},
	{"fd_allocate", "i32 i64 i64 -> i32", fd_allocate},
	{"fd_sync", "i32 -> i32", fd_sync},
	{"fd_datasync", "i32 -> i32", fd_datasync},
	{0}};
