/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/wasi.h"

#include <errno.h>

#include "base/mem.h"
#include "exec/linker_int.h"
#include "exec/wasi_int.h"

#define DEFAULT_FDS 1024

static const struct wasi_entry *const tables[] = {
	wpkg_wasi_args_functions,   wpkg_wasi_clock_functions,	wpkg_wasi_dir_functions,
	wpkg_wasi_stat_functions,   wpkg_wasi_fdstat_functions, wpkg_wasi_file_functions,
	wpkg_wasi_path_functions,   wpkg_wasi_poll_functions,	wpkg_wasi_process_functions,
	wpkg_wasi_socket_functions,
};

static enum wpkg_status copy_texts(struct wasi_texts *out, const struct wpkg_str *items,
				   size_t count, const char *what, struct wpkg_err *err)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		if (wpkg_str_find(items[i], '\0') < items[i].len)
			return WPKG_FAIL(err, WPKG_EINVAL, "%s %zu: a NUL byte", what, i + 1);
		size += items[i].len + 1;
	}
	if (size > UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%ss: more than 4 GiB", what);
	char *bytes = wpkg_mem_alloc(size);
	if (!bytes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for %ss", what);
	out->bytes = bytes;
	out->size = size;
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		if (items[i].len > 0)
			memcpy(bytes, items[i].ptr, items[i].len);
		bytes[items[i].len] = '\0';
		bytes += items[i].len + 1;
	}
	return WPKG_OK;
}

static enum wpkg_status check_env(const struct wpkg_wasi_options *options, struct wpkg_err *err)
{
	for (size_t i = 0; i < options->env_count; i++) {
		size_t equals = wpkg_str_find(options->env[i], '=');
		if (equals == 0 || equals == options->env[i].len)
			return WPKG_FAIL(err, WPKG_EINVAL, "variable '%.*s' is not NAME=VALUE",
					 WPKG_STR_ARG(options->env[i]));
	}
	return WPKG_OK;
}

static enum wpkg_status add(struct wpkg_wasi *wasi, const struct wasi_fd *fd, struct wpkg_err *err)
{
	uint32_t number;
	enum wasi_errno code = wpkg_wasi_fd_add(&number, wasi, fd);
	if (code == WASI_EMFILE)
		return WPKG_FAIL(err, WPKG_EINVAL, "more than %u descriptors are granted",
				 wasi->fd_max);
	if (code != WASI_ESUCCESS)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for descriptors");
	return WPKG_OK;
}

static enum wpkg_status add_stream(struct wpkg_wasi *wasi, const struct wpkg_wasi_stream *stream,
				   bool is_input, struct wpkg_err *err)
{
	struct wasi_fd fd = {.kind = WASI_STREAM,
			     .host = -1,
			     .filetype = WASI_FILETYPE_UNKNOWN,
			     .base = WASI_RIGHTS_STREAM,
			     .stream = stream};
	if (stream->kind == WPKG_WASI_FD && wpkg_wasi_fd_of_host(&fd, stream->fd) != WASI_ESUCCESS)
		return WPKG_FAIL(err, WPKG_EINVAL, "descriptor %d of a stream is not open",
				 stream->fd);
	/* A stream goes one way, and the file behind it is not the guest's to cut or to date. A
	 * directory may stand there by accident, and is no grant. */
	fd.base &= ~WASI_RIGHTS_DIRECTORY_ONLY;
	fd.base &= ~(uint64_t)(is_input ? WASI_RIGHT_FD_WRITE : WASI_RIGHT_FD_READ);
	fd.base &= ~(uint64_t)(WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE |
			       WASI_RIGHT_FD_FILESTAT_SET_TIMES);
	fd.inheriting = 0;
	return add(wasi, &fd, err);
}

static enum wpkg_status add_dir(struct wpkg_wasi *wasi, const struct wpkg_wasi_dir *dir,
				struct wpkg_err *err)
{
	struct wasi_fd fd;
	if (wpkg_wasi_fd_of_host(&fd, dir->fd) != WASI_ESUCCESS || fd.kind != WASI_DIR)
		return WPKG_FAIL(err, WPKG_EINVAL, "directory '%.*s': descriptor %d is none",
				 WPKG_STR_ARG(dir->guest), dir->fd);
	fd.preopen = true;
	fd.name = dir->guest;
	fd.read_only = dir->read_only;
	return add(wasi, &fd, err);
}

static enum wpkg_status add_files(struct wpkg_wasi *wasi, struct wpkg_err *err)
{
	if (wasi->options.file_count == 0)
		return WPKG_OK;
	struct wasi_fd fd = {.kind = WASI_TREE,
			     .host = -1,
			     .preopen = true,
			     .read_only = true,
			     .filetype = WASI_FILETYPE_DIRECTORY,
			     .base = WASI_RIGHTS_DIRECTORY,
			     .inheriting = WASI_RIGHTS_BELOW};
	return add(wasi, &fd, err);
}

static enum wpkg_status open_all(struct wpkg_wasi *wasi, struct wpkg_err *err)
{
	const struct wpkg_wasi_options *options = &wasi->options;
	enum wpkg_status status = add_stream(wasi, &options->standard_input, true, err);
	if (status == WPKG_OK)
		status = add_stream(wasi, &options->standard_output, false, err);
	if (status == WPKG_OK)
		status = add_stream(wasi, &options->standard_error, false, err);
	for (size_t i = 0; status == WPKG_OK && i < options->dir_count; i++)
		status = add_dir(wasi, &options->dirs[i], err);
	if (status == WPKG_OK)
		status = add_files(wasi, err);
	return status;
}

/* Once, as threads of the guest read them while the next one is linked. */
static void bind_all(struct wpkg_wasi *wasi)
{
	struct wasi_binding *binding = wasi->bindings;
	for (int unstable = 0; unstable < 2; unstable++)
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
			for (const struct wasi_entry *entry = tables[i]; entry->name; entry++)
				*binding++ = (struct wasi_binding){wasi, entry->function, unstable};
}

enum wpkg_status wpkg_wasi_new(struct wpkg_wasi **out, const struct wpkg_wasi_options *options,
			       struct wpkg_err *err)
{
	enum wpkg_status status = check_env(options, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_wasi *wasi = wpkg_mem_calloc(1, sizeof(*wasi));
	if (!wasi)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for wasi");
	pthread_mutex_init(&wasi->lock, NULL);
	wasi->options = *options;
	wasi->fd_max = options->max_fds > 0 ? options->max_fds : DEFAULT_FDS;
	wasi->random = options->seed;
	bind_all(wasi);
	status = wpkg_wasi_files_init(wasi, err);
	if (status == WPKG_OK)
		status =
			copy_texts(&wasi->args, options->args, options->arg_count, "argument", err);
	if (status == WPKG_OK)
		status = copy_texts(&wasi->env, options->env, options->env_count, "variable", err);
	if (status == WPKG_OK)
		status = open_all(wasi, err);
	if (status != WPKG_OK)
		wpkg_wasi_free(wasi);
	else
		*out = wasi;
	return status;
}

void wpkg_wasi_free(struct wpkg_wasi *wasi)
{
	if (!wasi)
		return;
	for (uint32_t i = 0; i < wasi->fd_count; i++)
		wpkg_wasi_fd_close(&wasi->fds[i]);
	wpkg_mem_free(wasi->fds);
	wpkg_mem_free(wasi->order);
	wpkg_mem_free(wasi->args.bytes);
	wpkg_mem_free(wasi->env.bytes);
	pthread_mutex_destroy(&wasi->lock);
	wpkg_mem_free(wasi);
}

/* The one host function: it calls what the binding names. */
static enum wpkg_trap enter(struct wpkg_caller *caller, void *user,
			    const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	const struct wasi_binding *binding = user;
	struct wasi_call call = {.caller = caller,
				 .wasi = binding->wasi,
				 .args = args,
				 .unstable = binding->unstable,
				 .trap = WPKG_TRAP_NONE};
	enum wasi_errno code;
	pthread_mutex_lock(&call.wasi->lock);
	do {
		call.again = false;
		code = binding->function(&call);
	} while (call.again && call.trap == WPKG_TRAP_NONE);
	pthread_mutex_unlock(&call.wasi->lock);
	if (call.trap == WPKG_TRAP_NONE)
		results[0].i32 = code;
	return call.trap;
}

/* The function of that name and its number; NULL: there is none. */
static const struct wasi_entry *find_entry(uint32_t *number, struct wpkg_str name)
{
	*number = 0;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct wasi_entry *entry = tables[i]; entry->name; entry++) {
			if (wpkg_str_equal_text(name, entry->name))
				return entry;
			++*number;
		}
	return NULL;
}

/* An exec_source. */
static enum wpkg_status define(struct wpkg_linker *linker, struct wpkg_str module,
			       struct wpkg_str field, void *user, struct wpkg_err *err)
{
	struct wpkg_wasi *wasi = user;
	struct wasi_binding *bindings = wasi->bindings;
	uint32_t number;
	if (wpkg_str_equal_text(module, "wasi_unstable"))
		bindings += WASI_FUNCTIONS;
	else if (!wpkg_str_equal_text(module, "wasi_snapshot_preview1"))
		return WPKG_OK;
	const struct wasi_entry *entry = find_entry(&number, field);
	if (!entry)
		return WPKG_OK;
	return wpkg_linker_define_func(linker, module, field, entry->type, enter, &bindings[number],
				       err);
}

void wpkg_wasi_define(struct wpkg_linker *linker, struct wpkg_wasi *wasi)
{
	linker->source = define;
	linker->source_user = wasi;
}
