/* SPDX-License-Identifier: Apache-2.0 */
#include "htpasswd.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crypto/random.h"

#define COST 11		/* of bcrypt: a tenth of a second */
#define PASSWORD_MAX 72 /* bytes; bcrypt looks at no more, and silently */
#define USER_MAX 128

static int lock_folder(int folder)
{
	int code;
	do
		code = flock(folder, LOCK_EX) == 0 ? 0 : errno;
	while (code == EINTR);
	return code;
}

/* The file is replaced by each change, and a lock on it would go with it: its folder is locked. */
enum wpkg_status htpasswd_lock(int *out, const char *path, struct wpkg_err *err)
{
	const char *slash = strrchr(path, '/');
	char *name = slash ? wpkg_mem_dup_text(path, (size_t)(slash - path) + 1)
			   : wpkg_mem_dup_text(".", 1);
	if (!name)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	enum wpkg_status status = WPKG_OK;
	int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = folder < 0 ? errno : lock_folder(folder);
	if (code != 0) {
		status = WPKG_FAIL_ERRNO(err, code, "%s", name);
		if (folder >= 0)
			close(folder);
	} else {
		*out = folder;
	}
	wpkg_mem_free(name);
	return status;
}

void htpasswd_unlock(int lock)
{
	close(lock);
}

enum wpkg_status htpasswd_read(struct wpkg_buf *buf, const char *path, bool may_be_absent,
			       struct wpkg_err *err)
{
	struct wpkg_err problem;
	enum wpkg_status status = wpkg_file_read(buf, AT_FDCWD, path, &problem);
	if (status == WPKG_ENOTFOUND && may_be_absent)
		return WPKG_OK;
	if (status != WPKG_OK && err)
		*err = problem;
	return status;
}

enum wpkg_status htpasswd_write(const char *path, const struct wpkg_buf *buf, struct wpkg_err *err)
{
	return wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(buf), 0600, WPKG_FILE_DURABLE, err);
}

/* The user of a line; the empty text when it is no user's. */
static struct wpkg_str user_of(struct wpkg_str line)
{
	size_t colon = wpkg_str_find(line, ':');
	if (colon == line.len || line.ptr[0] == '#')
		return (struct wpkg_str){0};
	return wpkg_str_slice(line, 0, colon);
}

bool htpasswd_next(struct wpkg_str *rest, struct wpkg_str *user)
{
	struct wpkg_str line;
	while (wpkg_str_split(rest, '\n', &line)) {
		*user = user_of(line);
		if (user->len > 0)
			return true;
	}
	return false;
}

static enum wpkg_status check_user(struct wpkg_str user, struct wpkg_err *err)
{
	struct wpkg_str rest = user;
	uint32_t character;
	bool good = user.len > 0 && user.len <= USER_MAX && user.ptr[0] != '#';
	while (good && rest.len > 0)
		good = wpkg_utf8_next(&rest, &character) && wpkg_utf8_printable(character) &&
		       character != ':' && character != ' ';
	if (!good)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "'%.*s' is no user name: 1 to %d bytes without ':' and spaces",
				 WPKG_STR_ARG(user), USER_MAX);
	return WPKG_OK;
}

static enum wpkg_status check_password(const char *password, struct wpkg_err *err)
{
	if (!password[0])
		return WPKG_FAIL(err, WPKG_EINVAL, "the password is empty");
	if (strlen(password) > PASSWORD_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "the password has %zu bytes, more than %d",
				 strlen(password), PASSWORD_MAX);
	return WPKG_OK;
}

static enum wpkg_status append_user(struct wpkg_buf *out, struct wpkg_str user,
				    const char *password, struct wpkg_err *err)
{
	char random[16];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = wpkg_mem_calloc(1, sizeof(*data));
	if (!data)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	wpkg_random(random, sizeof(random));
	const char *hash = NULL;
	if (crypt_gensalt_rn("$2y$", COST, random, sizeof(random), setting, sizeof(setting)))
		hash = crypt_rn(password, setting, data, sizeof(*data));
	if (hash)
		wpkg_buf_append_format(out, "%.*s:%s\n", WPKG_STR_ARG(user), hash);
	bool made = hash != NULL;
	wpkg_mem_wipe(data, sizeof(*data));
	wpkg_mem_free(data);
	return made ? WPKG_OK : WPKG_FAIL(err, WPKG_EIO, "the system has no bcrypt");
}

enum wpkg_status htpasswd_replace(struct wpkg_buf *out, bool *found, struct wpkg_str in,
				  struct wpkg_str user, const char *password, struct wpkg_err *err)
{
	struct wpkg_str line;
	bool was_there = false;
	enum wpkg_status status = check_user(user, err);
	if (status == WPKG_OK && password)
		status = check_password(password, err);
	while (status == WPKG_OK && wpkg_str_split(&in, '\n', &line)) {
		bool same = wpkg_str_equal(user_of(line), user);
		if (same && !was_there && password)
			status = append_user(out, user, password, err);
		was_there = was_there || same;
		if (!same && (line.len > 0 || in.len > 0))
			wpkg_buf_append_format(out, "%.*s\n", WPKG_STR_ARG(line));
	}
	if (status == WPKG_OK && !was_there && password)
		status = append_user(out, user, password, err);
	if (status == WPKG_OK)
		status = wpkg_buf_check(out, "users", err);
	if (status == WPKG_OK)
		*found = was_there;
	return status;
}
