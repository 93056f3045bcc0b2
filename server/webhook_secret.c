/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of webhooks come from a file or a variable, never from a command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "webhook.h"
#include "webhook_rules.h"

#define LEAST 16 /* bytes */
#define MOST 4096

static enum wpkg_status read_file(struct wpkg_buf *out, const char *path, struct wpkg_err *err)
{
	struct stat info;
	enum wpkg_status status = WPKG_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	else if (info.st_mode & S_IRWXO)
		status = WPKG_FAIL(err, WPKG_EINVAL, "%s: everybody may open it: chmod o= %s", path,
				   path);
	if (status == WPKG_OK)
		status = wpkg_file_read_fd(out, fd, path, err);
	if (fd >= 0)
		close(fd);
	/* An editor ends the line. */
	while (status == WPKG_OK && out->len > 0 &&
	       (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
		wpkg_buf_truncate(out, out->len - 1);
	return status;
}

enum wpkg_status webhook_secret_read(struct wpkg_buf *out, const struct webhook_rule *rule,
				     struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	wpkg_buf_init(out, MOST);
	if (rule->secret_file) {
		status = read_file(out, rule->secret_file, err);
	} else {
		const char *text = getenv(rule->secret_env);
		if (text)
			wpkg_buf_append_text(out, text);
		else
			status = WPKG_FAIL(err, WPKG_EINVAL, "the variable %s is not set",
					   rule->secret_env);
	}
	if (status == WPKG_OK)
		status = wpkg_buf_check(out, "secret", err);
	if (status == WPKG_OK && out->len < LEAST)
		status = WPKG_FAIL(err, WPKG_EINVAL, "the secret has fewer than %d bytes", LEAST);
	if (status != WPKG_OK) {
		wpkg_buf_wipe(out);
		wpkg_err_prepend(err, "webhook %s", rule->name);
	}
	return status;
}
