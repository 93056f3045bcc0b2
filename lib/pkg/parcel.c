/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/parcel.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"

/* Hashes from the start of the file on and, unless to is -1, copies. Reads no further than it must.
 */
static enum wpkg_status read_file(struct wpkg_digest *digest, uint64_t *size,
				  const struct wpkg_label *label, int fd, int to,
				  struct wpkg_err *err)
{
	char block[65536];
	struct wpkg_hasher *hasher = NULL;
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	*size = 0;
	while (status == WPKG_OK && *size <= label->size) {
		ssize_t n = pread(fd, block, sizeof(block), (off_t)*size);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			status = WPKG_FAIL_ERRNO(err, errno, "parcel '%.*s'",
						 WPKG_STR_ARG(label->name));
			break;
		}
		*size += (uint64_t)n;
		wpkg_hasher_update(hasher, wpkg_str_of(block, (size_t)n));
		if (to >= 0)
			status = wpkg_file_write_fd(to, wpkg_str_of(block, (size_t)n), "parcel",
						    err);
	}
	if (status == WPKG_OK)
		status = wpkg_hasher_finish(digest, hasher, err);
	wpkg_hasher_free(hasher);
	return status;
}

static enum wpkg_status check(const struct wpkg_label *label, int fd, int to, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	uint64_t size = 0;
	enum wpkg_status status = read_file(&digest, &size, label, fd, to, err);
	if (status != WPKG_OK)
		return status;
	if (size != label->size)
		return WPKG_FAIL(err, WPKG_EDENIED, "parcel '%.*s': %s than its %llu bytes",
				 WPKG_STR_ARG(label->name), size > label->size ? "more" : "fewer",
				 (unsigned long long)label->size);
	wpkg_digest_format(hex, &digest);
	if (!wpkg_str_equal_text(label->sha256, hex))
		return WPKG_FAIL(err, WPKG_EDENIED, "parcel '%.*s': its digest is %s, not %.*s",
				 WPKG_STR_ARG(label->name), hex, WPKG_STR_ARG(label->sha256));
	return WPKG_OK;
}

enum wpkg_status wpkg_parcel_check(const struct wpkg_label *label, int fd, struct wpkg_err *err)
{
	return check(label, fd, -1, err);
}

enum wpkg_status wpkg_parcel_copy(const struct wpkg_label *label, int fd, int to,
				  struct wpkg_err *err)
{
	return check(label, fd, to, err);
}
