/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/bundle.h"

/* An archive that is refused leaves at most an empty folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wpkg_bundle_limits limits = {.bytes = 1 << 20, .entries = 100};
	struct wpkg_err err;
	char folder[] = "/tmp/wpkg-fuzz-XXXXXX";
	char path[64];
	char target[64];
	int fd = memfd_create("archive", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && mkdtemp(folder) != NULL);
	fuzz_must(wpkg_file_write_fd(fd, wpkg_str_of(data, size), "archive", &err) == WPKG_OK);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(target, sizeof(target), "%s/target", folder);
	if (wpkg_bundle_unpack(path, target, &limits, &err) != WPKG_OK)
		fuzz_must(rmdir(target) == 0 || access(target, F_OK) != 0);
	fuzz_must(wpkg_file_remove_tree(AT_FDCWD, folder, &err) == WPKG_OK);
	close(fd);
	return 0;
}
