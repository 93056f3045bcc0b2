/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_credentials.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "credentials.h"
#include "net/docker_config.h"
#include "net/url.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define ARENA_MAX ((size_t)16 * 1024 * 1024)
#define HELPER_ANSWER_MAX ((size_t)64 * 1024)

/* Docker's own registry is known under another name than the host that answers for it. */
static struct wpkg_str known_as(struct wpkg_str host)
{
	return wpkg_str_equal_text(host, "registry-1.docker.io") ? WPKG_LIT("index.docker.io")
								 : host;
}

static struct wpkg_str helper_key(struct wpkg_str host)
{
	return wpkg_str_equal_text(host, "index.docker.io")
		       ? WPKG_LIT("https://index.docker.io/v1/")
		       : host;
}

static enum wpkg_status ask_helper(struct wpkg_docker_credentials *found, struct wpkg_arena *arena,
				   struct wpkg_str host, struct wpkg_err *err)
{
	struct wpkg_buf answer;
	wpkg_buf_init(&answer, HELPER_ANSWER_MAX);
	enum wpkg_status status =
		credential_helper_ask(&answer, found->helper, helper_key(host), err);
	if (status == WPKG_OK) {
		status = wpkg_docker_helper_read(found, arena, wpkg_buf_str(&answer), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "credential helper");
	} else if (status == WPKG_ENOTFOUND) {
		status = WPKG_OK; /* then what the file itself holds */
	}
	wpkg_buf_wipe(&answer);
	return status;
}

/* In one file; nothing is appended when it knows nothing. */
static enum wpkg_status look_in(struct wpkg_buf *out, const char *path, struct wpkg_arena *arena,
				const struct oci_credentials *who, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_docker_credentials found = {0};
	struct wpkg_str host = known_as(who->host);
	wpkg_buf_init(&text, FILE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		status = wpkg_docker_config_find(&found, arena, wpkg_buf_str(&text), host,
						 who->repository, err);
		if (status == WPKG_OK && found.helper.len > 0)
			status = ask_helper(&found, arena, host, err);
		if (status != WPKG_OK && status != WPKG_ENOTFOUND)
			wpkg_err_prepend(err, "%s", path);
	}
	const struct credentials pair = {
		.token = found.token, .user = found.user, .password = found.password};
	if (status == WPKG_OK && (pair.token.len > 0 || pair.user.len > 0 || pair.password.len > 0))
		status = credentials_append(out, &pair, err);
	wpkg_buf_wipe(&text);
	return status == WPKG_ENOTFOUND ? WPKG_OK : status;
}

static char *join(const char *folder, const char *name)
{
	return folder && folder[0] ? wpkg_path_join(folder, name) : NULL;
}

/* The paths in the order of the header's list; those of unset variables are NULL. */
static enum wpkg_status look_in_files(struct wpkg_buf *out, struct wpkg_arena *arena,
				      const struct oci_credentials *who, struct wpkg_err *err)
{
	const char *file = getenv("REGISTRY_AUTH_FILE");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *paths[] = {
		file && file[0] ? wpkg_mem_dup_text(file, strlen(file)) : NULL,
		join(getenv("DOCKER_CONFIG"), "config.json"),
		join(getenv("XDG_RUNTIME_DIR"), "containers/auth.json"),
		config && config[0] ? join(config, "containers/auth.json")
				    : join(home, ".config/containers/auth.json"),
		join(home, ".docker/config.json"),
	};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i] && status == WPKG_OK && out->len == 0)
			status = look_in(out, paths[i], arena, who, err);
		wpkg_mem_free(paths[i]);
	}
	return status;
}

enum wpkg_status oci_credentials_find(void *user, struct wpkg_buf *out, struct wpkg_err *err)
{
	const struct oci_credentials *who = user;
	struct wpkg_arena arena;
	struct wpkg_url url;
	bool own = wpkg_url_parse(&url, wpkg_buf_str(&who->session->url), NULL) == WPKG_OK &&
		   wpkg_str_equal(who->origin, url.origin);
	enum wpkg_status status =
		own ? credentials_find(out, who->session, err)
		    : credentials_find_stored(out, who->session, who->origin, err);
	if (status != WPKG_OK || out->len > 0)
		return status;
	wpkg_arena_init(&arena, ARENA_MAX);
	status = look_in_files(out, &arena, who, err);
	wpkg_arena_wipe(&arena);
	return status;
}
