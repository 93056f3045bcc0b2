/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "filter.h"

/* The user whom no file belongs to. */
#define NOBODY 65534

/* How much a worker steps back behind the server and everybody else, of 19. */
#define NICE 10

/* Descriptors that a worker may have: the channel, parcels, and what a guest opens of them. */
#define FDS_MAX 1024

static void add_missing(struct wpkg_buf *missing, const char *what, int code)
{
	wpkg_buf_append_format(missing, "%s%s", missing->len > 0 ? ", " : "", what);
	if (code != 0)
		wpkg_buf_append_format(missing, " (%s)", strerror(code));
}

/* Root without a user namespace would still be root for every file that it could reach. */
static bool leave_root(void)
{
	return geteuid() != 0 ||
	       (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static bool write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = write(fd, text, strlen(text));
	int code = errno;
	close(fd);
	errno = code;
	return n == (ssize_t)strlen(text);
}

/* In the new user namespace this process is nobody, which is all it may be. */
static bool map_ids(uid_t uid, gid_t gid)
{
	char text[64];
	if (!write_map("/proc/self/setgroups", "deny"))
		return false;
	snprintf(text, sizeof(text), "%d %u 1", NOBODY, (unsigned)uid);
	if (!write_map("/proc/self/uid_map", text))
		return false;
	snprintf(text, sizeof(text), "%d %u 1", NOBODY, (unsigned)gid);
	return write_map("/proc/self/gid_map", text);
}

static bool enter_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP;
	/* Changing the user took the process's own /proc files away from it. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	bool made = unshare(flags) == 0 && map_ids(uid, gid);
	int code = errno;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	errno = code;
	return made;
}

/*
 * A root folder with nothing in it, that nothing can be made in. An existing folder is needed to
 * mount it on; pivot_root with the same folder twice puts the old root on top of the new one, where
 * it can be taken off (pivot_root(2), "pivot_root(".", ".")").
 */
static bool enter_empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=4k,nr_inodes=1,mode=0555") != 0)
		return false;
	if (chdir("/proc") != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
	    umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return false;
	return mount(NULL, "/", NULL,
		     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     NULL) == 0;
}

/*
 * Landlock, by numbers: the headers of an older system do not know what a newer kernel offers.
 * (Kernel documentation, userspace-api/landlock.rst; the versions of its interface.)
 */

#define LANDLOCK_VERSION_FLAG 1

struct landlock_ruleset {
	uint64_t filesystem; /* since version 1 */
	uint64_t network;    /* since version 4 */
	uint64_t scopes;     /* since version 6 */
};

static int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);
	return version > 0 ? (int)version : 0;
}

/* Handles all that the version knows and allows nothing of it. */
static bool enter_landlock(int version)
{
	static const unsigned char filesystem_rights[] = {13, 14, 15, 15, 16};
	struct landlock_ruleset ruleset = {.network = 3, .scopes = 3};
	size_t known = version < 5 ? (size_t)version : sizeof(filesystem_rights);
	ruleset.filesystem = ((uint64_t)1 << filesystem_rights[known - 1]) - 1;
	size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
	long fd = syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0)
		return false;
	bool entered = syscall(SYS_landlock_restrict_self, (int)fd, 0) == 0;
	close((int)fd);
	return entered;
}

void sandbox_prepare(struct sandbox *sandbox, struct wpkg_buf *missing)
{
	*sandbox = (struct sandbox){0};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!leave_root())
		add_missing(missing, "a user other than root", errno);
	sandbox->has_namespaces = enter_namespaces();
	if (!sandbox->has_namespaces)
		add_missing(missing, "namespaces", errno);
	else if (!enter_empty_root())
		add_missing(missing, "an empty root folder", errno);
	sandbox->landlock = landlock_version();
	if (sandbox->landlock == 0)
		add_missing(missing, "Landlock", errno);
	sandbox->has_filter = filter_prepare();
	if (!sandbox->has_filter)
		add_missing(missing, "a filter of system calls", 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static enum wpkg_status close_all_but(int channel, struct wpkg_err *err)
{
	if (channel != WPKG_ADMISSION_CHANNEL && dup2(channel, WPKG_ADMISSION_CHANNEL) < 0)
		return WPKG_FAIL_ERRNO(err, errno, "descriptors");
	if (close_range(WPKG_ADMISSION_CHANNEL + 1, ~0U, 0) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "descriptors");
	return WPKG_OK;
}

static enum wpkg_status limit(int resource, uint64_t amount, const char *what, struct wpkg_err *err)
{
	struct rlimit had;
	struct rlimit most = {amount, amount};
	if (getrlimit((__rlimit_resource_t)resource, &had) == 0 && had.rlim_max < amount)
		most = (struct rlimit){had.rlim_max, had.rlim_max};
	if (setrlimit((__rlimit_resource_t)resource, &most) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "limit of %s", what);
	return WPKG_OK;
}

static enum wpkg_status set_limits(const struct wpkg_admission_start *start, struct wpkg_err *err)
{
	const struct {
		int resource;
		uint64_t amount;
		const char *what;
	} limits[] = {
		{RLIMIT_CPU, start->cpu_seconds, "processor time"},
		{RLIMIT_DATA, SANDBOX_LIMITS_MEMORY ? start->memory : RLIM_INFINITY, "memory"},
		{RLIMIT_AS, SANDBOX_LIMITS_MEMORY ? start->address_space : RLIM_INFINITY,
		 "address space"},
		{RLIMIT_NOFILE, FDS_MAX, "descriptors"},
		{RLIMIT_NPROC, 0, "processes"},
		{RLIMIT_FSIZE, 0, "file size"},
		{RLIMIT_CORE, 0, "core files"},
		{RLIMIT_MEMLOCK, 0, "locked memory"},
		{RLIMIT_MSGQUEUE, 0, "message queues"},
	};
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		enum wpkg_status status =
			limit(limits[i].resource, limits[i].amount, limits[i].what, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}

/* The user namespace gave the parent all capabilities over what is in it. */
static enum wpkg_status drop_capabilities(struct wpkg_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	if (syscall(SYS_capset, &header, none) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "capabilities");
	return WPKG_OK;
}

enum wpkg_status sandbox_enter(const struct sandbox *sandbox, int channel,
			       const struct wpkg_admission_start *start, struct wpkg_err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "end with the parent");
	/* Who pulls comes first; that the others wait a little longer is no failure. */
	setpriority(PRIO_PROCESS, 0, NICE);
	enum wpkg_status status = close_all_but(channel, err);
	if (status == WPKG_OK)
		status = set_limits(start, err);
	if (status == WPKG_OK)
		status = drop_capabilities(err);
	if (status == WPKG_OK && sandbox->landlock > 0 && !enter_landlock(sandbox->landlock))
		status = WPKG_FAIL_ERRNO(err, errno, "Landlock");
	if (status == WPKG_OK && sandbox->has_filter && !filter_enter())
		status = WPKG_FAIL(err, WPKG_EIO, "the filter of system calls is refused");
	return status;
}
