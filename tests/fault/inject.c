/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that fails, for LD_PRELOAD: calls that write, sync or rename plain files fail as they are
 * told to. Nothing of the program under test knows of it.
 *
 *   WPKG_INJECT=CALL:N:HOW   CALL is write, sync or rename; N counts its calls from 0.
 *
 *   HOW    eio, enospc           the N-th call fails so
 *          eio-on, enospc-on     the N-th and all later ones do
 *          short-on              from the N-th on a write takes at most half of what it is given
 *
 * A test that has the library in its own process calls inject() instead, which starts the count
 * anew, and inject_reached(), which says whether a call was hit.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum call { WRITE, SYNC, RENAME, NOTHING };
enum how { FAIL_ONCE, FAIL_ON, SHORT_ON };

static _Atomic int target = NOTHING;
static _Atomic int manner;
static _Atomic int failure; /* errno */
static _Atomic long first;
static _Atomic long calls;
static _Atomic int reached;

void inject(const char *what);
int inject_reached(void);

void inject(const char *what)
{
	char call[16] = "";
	char how[16] = "";
	long n = 0;
	atomic_store(&target, NOTHING);
	if (!what || sscanf(what, "%15[a-z]:%ld:%15s", call, &n, how) != 3)
		return;
	atomic_store(&first, n);
	atomic_store(&calls, 0);
	atomic_store(&reached, 0);
	atomic_store(&failure, strncmp(how, "eio", 3) == 0 ? EIO : ENOSPC);
	atomic_store(&manner, strcmp(how, "short-on") == 0 ? SHORT_ON
			      : strstr(how, "-on") != NULL ? FAIL_ON
							   : FAIL_ONCE);
	atomic_store(&target, strcmp(call, "write") == 0  ? WRITE
			      : strcmp(call, "sync") == 0 ? SYNC
							  : RENAME);
}

int inject_reached(void)
{
	return atomic_load(&reached);
}

__attribute__((constructor)) static void read_environment(void)
{
	inject(getenv("WPKG_INJECT"));
}

static int is_hit(enum call call)
{
	if (atomic_load(&target) != (int)call)
		return 0;
	long n = atomic_fetch_add(&calls, 1);
	int hit = atomic_load(&manner) == FAIL_ONCE ? n == atomic_load(&first)
						    : n >= atomic_load(&first);
	if (hit)
		atomic_store(&reached, 1);
	return hit;
}

/* True when the call is to fail; *length is cut when it is to be short. */
static int fails(enum call call, int fd, size_t *length)
{
	struct stat info;
	int saved = errno;
	if (atomic_load(&target) == NOTHING || (fd >= 0 && fstat(fd, &info) != 0))
		return 0;
	errno = saved;
	if (fd >= 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
		return 0;
	if (!is_hit(call))
		return 0;
	if (atomic_load(&manner) == SHORT_ON) {
		if (*length > 1)
			*length /= 2;
		return 0;
	}
	errno = atomic_load(&failure);
	return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t length)
{
	return fails(WRITE, fd, &length) ? -1 : REAL(write)(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
	return fails(WRITE, fd, &length) ? -1 : REAL(pwrite)(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
	return fails(WRITE, fd, &length) ? -1 : REAL(pwrite64)(fd, bytes, length, at);
}

int fsync(int fd)
{
	size_t length = 0;
	return fails(SYNC, fd, &length) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	size_t length = 0;
	return fails(SYNC, fd, &length) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
	size_t length = 0;
	return fails(RENAME, -1, &length) ? -1 : REAL(rename)(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	size_t length = 0;
	return fails(RENAME, -1, &length) ? -1 : REAL(renameat)(from_dir, from, to_dir, to);
}
