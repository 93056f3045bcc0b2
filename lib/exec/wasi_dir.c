/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd_readdir.
 *
 * The cookie of an entry is where the next one begins: for a directory of the host what the file
 * system says (d_off, good for lseek), for granted files an index. Nothing is kept between two
 * calls, so a guest may go back to any cookie.
 */
#include "exec/wasi_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The guest's buffer. The last entry in it may be cut: the guest asks again from its cookie. */
struct listing {
	uint8_t *bytes;
	size_t size;
	size_t used;
};

static void add_bytes(struct listing *listing, const void *bytes, size_t size)
{
	size_t room = listing->size - listing->used;
	if (size > room)
		size = room;
	if (size > 0)
		memcpy(listing->bytes + listing->used, bytes, size);
	listing->used += size;
}

static void add_entry(struct listing *listing, uint64_t next, const struct wasi_file_entry *entry)
{
	uint8_t head[WASI_DIRENT_SIZE] = {0};
	wpkg_wasi_put64(head, next);
	wpkg_wasi_put64(head + 8, entry->ino);
	wpkg_wasi_put32(head + 16, (uint32_t)entry->name.len);
	head[20] = entry->filetype;
	add_bytes(listing, head, sizeof(head));
	add_bytes(listing, entry->name.ptr, entry->name.len);
}

static uint8_t filetype_of(int dir, const struct dirent64 *entry)
{
	struct stat stat;
	if (entry->d_type != DT_UNKNOWN)
		return wpkg_wasi_filetype((mode_t)DTTOIF(entry->d_type));
	/* Some file systems do not say it in the directory. */
	if (fstatat(dir, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
		return WASI_FILETYPE_UNKNOWN;
	return wpkg_wasi_filetype(stat.st_mode);
}

static enum wasi_errno list_open(struct listing *listing, int dir)
{
	_Alignas(struct dirent64) char chunk[8192];
	while (listing->used < listing->size) {
		ssize_t got = getdents64(dir, chunk, sizeof(chunk));
		if (got < 0)
			return wpkg_wasi_errno(errno);
		if (got == 0)
			break;
		for (ssize_t at = 0; at < got && listing->used < listing->size;) {
			const struct dirent64 *entry = (const void *)(chunk + at);
			struct wasi_file_entry item = {.name = wpkg_str_from(entry->d_name),
						       .ino = entry->d_ino,
						       .filetype = filetype_of(dir, entry)};
			add_entry(listing, (uint64_t)entry->d_off, &item);
			at += entry->d_reclen;
		}
	}
	return WASI_ESUCCESS;
}

/* Opened anew for each call: the grant may be a mere path, and its own position is the host's. */
static enum wasi_errno list_host(struct listing *listing, const struct wasi_fd *fd, uint64_t cookie)
{
	int dir;
	enum wasi_errno code =
		wpkg_wasi_open_beneath(&dir, fd->host, ".", O_RDONLY | O_DIRECTORY, 0);
	if (code != WASI_ESUCCESS)
		return code;
	if (cookie != 0 && lseek(dir, (off_t)cookie, SEEK_SET) < 0)
		code = wpkg_wasi_errno(errno);
	else
		code = list_open(listing, dir);
	close(dir);
	return code;
}

static void list_granted(struct listing *listing, const struct wpkg_wasi *wasi,
			 const struct wasi_fd *fd, uint64_t cookie)
{
	struct wasi_file_entry entry;
	while (listing->used < listing->size && wpkg_wasi_files_entry(&entry, wasi, fd, cookie)) {
		cookie++;
		add_entry(listing, cookie, &entry);
	}
}

/* (fd, bytes, size, cookie, used) */
static enum wasi_errno fd_readdir(struct wasi_call *call)
{
	struct wasi_fd *fd;
	enum wasi_errno code =
		wpkg_wasi_fd_find(&fd, call->wasi, wasi_arg(call, 0), WASI_RIGHT_FD_READDIR);
	if (code != WASI_ESUCCESS)
		return code;
	struct listing listing = {.size = wasi_arg(call, 2)};
	listing.bytes = wasi_memory(call, wasi_arg(call, 1), listing.size);
	uint8_t *used = wasi_memory(call, wasi_arg(call, 4), 4);
	if (!listing.bytes || !used)
		return WASI_EFAULT;
	uint64_t cookie = wasi_arg64(call, 3);
	if (fd->kind == WASI_TREE)
		list_granted(&listing, call->wasi, fd, cookie);
	else
		code = list_host(&listing, fd, cookie);
	if (code == WASI_ESUCCESS)
		wpkg_wasi_put32(used, (uint32_t)listing.used);
	return code;
}

const struct wasi_entry wpkg_wasi_dir_functions[] = {
	{"fd_readdir", "i32 i32 i32 i64 i32 -> i32", fd_readdir}, {0}};
