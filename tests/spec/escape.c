/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that wants out of its folders: every way to a file beside them. Descriptor 3 is a folder
 * that it may change, 4 one that it may only read. Prints a line for each thing that it got and
 * must not have, and then how many attempts there were.
 *
 *   escape            all attempts
 *   escape race N     opens "swap/secret" N times, while somebody exchanges what "swap" is
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define CHANGE 3
#define READ 4
#define FD_RIGHTS (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_READDIR)

static unsigned attempts;

static void got(const char *what, const char *path)
{
	printf("ESCAPED: %s %s\n", what, path);
}

/* Does the descriptor give the bytes of the secret? */
static int reads_secret(__wasi_fd_t fd)
{
	char bytes[64] = {0};
	__wasi_iovec_t to = {(uint8_t *)bytes, sizeof(bytes) - 1};
	__wasi_size_t count;
	if (__wasi_fd_pread(fd, &to, 1, 0, &count))
		return 0;
	return strncmp(bytes, "SECRET", 6) == 0;
}

/* The most that a descriptor lets one ask for; FD_RIGHTS for one that is none. */
static __wasi_rights_t most_rights(__wasi_fd_t dir)
{
	__wasi_fdstat_t stat;
	return __wasi_fd_fdstat_get(dir, &stat) ? FD_RIGHTS : stat.fs_rights_inheriting;
}

static int opens(__wasi_fd_t *out, __wasi_fd_t dir, const char *path, int follow,
		 __wasi_oflags_t flags, __wasi_rights_t rights)
{
	attempts++;
	return !__wasi_path_open(dir, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, path, flags,
				 rights, 0, 0, out);
}

/* Opens in every way; what opens must not be the secret. */
static void try_open(__wasi_fd_t dir, const char *path)
{
	const __wasi_rights_t rights[] = {FD_RIGHTS, FD_RIGHTS | __WASI_RIGHTS_FD_WRITE, 0,
					  most_rights(dir)};
	__wasi_fd_t fd;
	for (int follow = 0; follow < 2; follow++)
		for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
			if (!opens(&fd, dir, path, follow, 0, rights[i]))
				continue;
			if (reads_secret(fd))
				got("read", path);
			__wasi_fd_close(fd);
		}
}

static int opens_folder(__wasi_fd_t *out, __wasi_fd_t dir, const char *path, int follow)
{
	__wasi_fdstat_t stat;
	attempts++;
	return !__wasi_fd_fdstat_get(dir, &stat) &&
	       !__wasi_path_open(dir, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, path,
				 __WASI_OFLAGS_DIRECTORY, stat.fs_rights_base,
				 stat.fs_rights_inheriting, 0, out);
}

/* A name of the secret's folder opens as a folder: then its files are one step away. */
static void try_folder(__wasi_fd_t dir, const char *path)
{
	__wasi_fd_t fd;
	for (int follow = 0; follow < 2; follow++) {
		if (!opens_folder(&fd, dir, path, follow))
			continue;
		try_open(fd, "secret");
		try_open(fd, "../secret");
		__wasi_fd_close(fd);
	}
}

/* Makes or changes something at the path, which is outside: that it did shows on the host. */
static void try_change(__wasi_fd_t dir, const char *path)
{
	__wasi_fd_t fd;
	attempts += 5;
	if (opens(&fd, dir, path, 1, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC,
		  __WASI_RIGHTS_FD_WRITE)) {
		__wasi_ciovec_t bytes = {(const uint8_t *)"mine", 4};
		__wasi_size_t count;
		__wasi_fd_write(fd, &bytes, 1, &count);
		__wasi_fd_close(fd);
	}
	__wasi_path_unlink_file(dir, path);
	__wasi_path_remove_directory(dir, path);
	__wasi_path_create_directory(dir, path);
	__wasi_path_filestat_set_times(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, 1, 1,
				       __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
	__wasi_path_symlink("made", dir, path);
}

/* Moves and links between outside and inside. A link itself may be moved. */
static void try_move(__wasi_fd_t dir, const char *path)
{
	static unsigned made;
	char name[32];
	snprintf(name, sizeof(name), "moved%u", made++);
	attempts += 4;
	if (!__wasi_path_link(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, CHANGE, name))
		try_open(CHANGE, name);
	if (!__wasi_path_link(dir, 0, path, CHANGE, name))
		try_open(CHANGE, name);
	if (!__wasi_path_rename(dir, path, CHANGE, name))
		try_open(CHANGE, name);
	__wasi_path_rename(CHANGE, "inside", dir, path);
}

static void try_path(__wasi_fd_t dir, const char *path, const char *folder)
{
	try_open(dir, path);
	try_folder(dir, folder);
	try_change(dir, path);
	try_move(dir, path);
}

static const char *const ways[][2] = {
	{"../secret", ".."},
	{"./../secret", "./.."},
	{"sub/../../secret", "sub/../.."},
	{"sub/deep/../../../secret", "sub/deep/../../.."},
	{"up/secret", "up"},
	{"sub/up/secret", "sub/up"},
	{"absolute/secret", "absolute"},
	{"to_secret", "to_folder"},
	{"to_secret_absolute", "to_folder_absolute"},
	{"chain1", "chain_folder1"},
	{"sub/loop/../../../secret", "sub/loop/../../.."},
	{"/etc/passwd", "/etc"},
	{"//secret", "//"},
	{"/../secret", "/.."},
	{"/proc/self/root/etc/passwd", "/proc/self/root"},
	{"/proc/self/cwd/secret", "/proc/self/cwd"},
	{"self/secret", "self"}, /* a link to /proc/self/cwd */
	{"", "."},
	{"sub/deep/../../../granted/../secret", "sub/../../granted/.."},
};

/* The same with links that the guest makes itself. */
static void make_links(void)
{
	static const char *const targets[] = {"..",	     "../secret", "/",
					      "/etc/passwd", "../../..",  "sub/../../secret"};
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char name[32], path[48];
		snprintf(name, sizeof(name), "own%u", i);
		attempts++;
		__wasi_path_symlink(targets[i], CHANGE, name);
		snprintf(path, sizeof(path), "own%u/secret", i);
		try_path(CHANGE, path, name);
		try_path(CHANGE, name, name);
	}
}

/* Descriptors that nobody gave: none may work. */
static void guess_descriptors(void)
{
	for (__wasi_fd_t fd = 5; fd < 300; fd++) {
		__wasi_fdstat_t stat;
		attempts++;
		if (!__wasi_fd_fdstat_get(fd, &stat))
			printf("ESCAPED: descriptor %u\n", (unsigned)fd);
		try_open(fd, "secret");
	}
	for (__wasi_fd_t fd = 0xfffffff0; fd != 0; fd++)
		try_open(fd, "secret");
}

/* A folder that was moved to another place leads no further than before. */
static void move_folder(void)
{
	__wasi_fd_t fd;
	if (!opens_folder(&fd, CHANGE, "sub/deep", 0)) {
		got("not even", "sub/deep");
		return;
	}
	__wasi_path_rename(CHANGE, "sub/deep", CHANGE, "deep");
	try_open(fd, "../../secret");
	try_open(fd, "../secret");
	try_open(fd, "../../../secret");
	__wasi_fd_close(fd);
	__wasi_path_rename(CHANGE, "deep", CHANGE, "sub/deep");
}

/* What a folder lists is in it: the secret is not. */
static void list(__wasi_fd_t dir)
{
	static uint8_t buffer[65536];
	__wasi_size_t used;
	attempts++;
	if (__wasi_fd_readdir(dir, buffer, sizeof(buffer), 0, &used))
		return;
	for (__wasi_size_t i = 0; i + 6 <= used; i++)
		if (memcmp(buffer + i, "secret", 6) == 0 && (i == 0 || buffer[i - 1] == 0))
			got("listed", "secret");
}

static void race(long rounds)
{
	__wasi_fd_t fd, file;
	unsigned opened = 0;
	while (rounds-- > 0) {
		for (int follow = 0; follow < 2; follow++)
			if (opens(&fd, CHANGE, "swap/secret", follow, 0, FD_RIGHTS)) {
				opened++;
				if (reads_secret(fd))
					got("read in a race", "swap/secret");
				__wasi_fd_close(fd);
			}
		if (!opens_folder(&fd, CHANGE, "swap", 1))
			continue;
		if (opens(&file, fd, "secret", 1, 0, FD_RIGHTS)) {
			if (reads_secret(file))
				got("read in a race", "swap, secret");
			__wasi_fd_close(file);
		}
		__wasi_fd_close(fd);
	}
	printf("opened: %s\n", opened ? "sometimes" : "never");
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "race") == 0) {
		race(atol(argv[2]));
	} else {
		move_folder();
		for (__wasi_fd_t dir = CHANGE; dir <= READ; dir++) {
			for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
				try_path(dir, ways[i][0], ways[i][1]);
			list(dir);
		}
		make_links();
		guess_descriptors();
	}
	printf("%u attempts\n", attempts);
	return 0;
}
