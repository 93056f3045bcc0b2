/* SPDX-License-Identifier: Apache-2.0 */
#include "grants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* The folder of the host in front of what the guest calls it. */
static enum wpkg_status split_dir(struct wpkg_wasi_dir *dir, char host[4096], const char *text,
				  struct wpkg_err *err)
{
	struct wpkg_str all = wpkg_str_from(text);
	if (wpkg_str_ends(all, WPKG_LIT(":ro"))) {
		dir->read_only = true;
		all.len -= 3;
	}
	struct wpkg_str from = all;
	dir->guest = all;
	for (size_t i = 0; i + 1 < all.len; i++) {
		if (all.ptr[i] != ':' || all.ptr[i + 1] != ':')
			continue;
		from = wpkg_str_slice(all, 0, i);
		dir->guest = wpkg_str_from_offset(all, i + 2);
		break;
	}
	if (from.len == 0 || dir->guest.len == 0 || from.len >= 4096)
		return WPKG_FAIL(err, WPKG_EINVAL, "--dir %s: not HOST::GUEST or HOST::GUEST:ro",
				 text);
	memcpy(host, from.ptr, from.len);
	host[from.len] = '\0';
	return WPKG_OK;
}

static enum wpkg_status open_dirs(struct grants *grants, const struct grants_request *request,
				  struct wpkg_err *err)
{
	grants->dirs = wpkg_mem_calloc(request->dirs->count + 1, sizeof(*grants->dirs));
	if (!grants->dirs)
		return WPKG_FAIL(err, WPKG_ENOMEM, "--dir: no memory");
	for (size_t i = 0; i < request->dirs->count; i++) {
		char host[4096];
		struct wpkg_wasi_dir *dir = &grants->dirs[i];
		enum wpkg_status status = split_dir(dir, host, request->dirs->items[i], err);
		if (status != WPKG_OK)
			return status;
		dir->fd = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir->fd < 0)
			return WPKG_FAIL_ERRNO(err, errno, "--dir %s", host);
		grants->options.dir_count++;
	}
	return WPKG_OK;
}

static enum wpkg_status set_env(struct grants *grants, const struct grants_request *request,
				struct wpkg_err *err)
{
	grants->env = wpkg_mem_calloc(request->env->count + 1, sizeof(*grants->env));
	grants->env_made = wpkg_mem_calloc(request->env->count + 1, sizeof(*grants->env_made));
	if (!grants->env || !grants->env_made)
		return WPKG_FAIL(err, WPKG_ENOMEM, "--env: no memory");
	for (size_t i = 0; i < request->env->count; i++) {
		const char *text = request->env->items[i];
		const char *value = strchr(text, '=') ? NULL : getenv(text);
		if (!strchr(text, '=') && !value)
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "--env %s: there is no such variable here", text);
		if (value) {
			struct wpkg_buf pair;
			wpkg_buf_init(&pair, SIZE_MAX);
			wpkg_buf_append_format(&pair, "%s=%s", text, value);
			grants->env_made[i] = wpkg_buf_detach(&pair);
			wpkg_buf_clear(&pair);
			if (!grants->env_made[i])
				return WPKG_FAIL(err, WPKG_ENOMEM, "--env: no memory");
			text = grants->env_made[i];
		}
		grants->env[i] = wpkg_str_from(text);
		grants->options.env_count++;
	}
	return WPKG_OK;
}

static enum wpkg_status set_args(struct grants *grants, const struct grants_request *request,
				 struct wpkg_err *err)
{
	grants->args = wpkg_mem_calloc(request->arg_count + 1, sizeof(*grants->args));
	if (!grants->args)
		return WPKG_FAIL(err, WPKG_ENOMEM, "arguments: no memory");
	grants->args[0] = wpkg_str_from(request->program);
	for (size_t i = 0; i < request->arg_count; i++)
		grants->args[i + 1] = wpkg_str_from(request->args[i]);
	grants->options.arg_count = request->arg_count + 1;
	return WPKG_OK;
}

/* A stream that the host has closed is nothing for the guest. */
static struct wpkg_wasi_stream stream_of(int fd)
{
	struct wpkg_wasi_stream stream = {.kind = WPKG_WASI_FD, .fd = fd};
	if (fcntl(fd, F_GETFD) < 0)
		stream.kind = WPKG_WASI_NOTHING;
	return stream;
}

static enum wpkg_status open_streams(struct grants *grants, const struct grants_request *request,
				     struct wpkg_err *err)
{
	if (request->input) {
		grants->input = open(request->input, O_RDONLY | O_CLOEXEC);
		if (grants->input < 0)
			return WPKG_FAIL_ERRNO(err, errno, "--stdin %s", request->input);
	}
	grants->options.standard_input = stream_of(request->input ? grants->input : STDIN_FILENO);
	grants->options.standard_output = stream_of(STDOUT_FILENO);
	grants->options.standard_error = stream_of(STDERR_FILENO);
	return WPKG_OK;
}

enum wpkg_status grants_open(struct grants *grants, const struct grants_request *request,
			     struct wpkg_err *err)
{
	*grants = (struct grants){.input = -1};
	grants->options.deterministic = request->deterministic;
	enum wpkg_status status = open_dirs(grants, request, err);
	if (status == WPKG_OK)
		status = set_env(grants, request, err);
	if (status == WPKG_OK)
		status = set_args(grants, request, err);
	if (status == WPKG_OK)
		status = open_streams(grants, request, err);
	if (status != WPKG_OK) {
		grants_close(grants);
		return status;
	}
	grants->options.dirs = grants->dirs;
	grants->options.env = grants->env;
	grants->options.args = grants->args;
	return WPKG_OK;
}

void grants_close(struct grants *grants)
{
	for (size_t i = 0; i < grants->options.dir_count; i++)
		close(grants->dirs[i].fd);
	for (size_t i = 0; i < grants->options.env_count; i++)
		wpkg_mem_free(grants->env_made[i]);
	if (grants->input >= 0)
		close(grants->input);
	wpkg_mem_free(grants->dirs);
	wpkg_mem_free(grants->env);
	wpkg_mem_free(grants->env_made);
	wpkg_mem_free(grants->args);
	*grants = (struct grants){.input = -1};
}
