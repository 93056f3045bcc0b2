/* SPDX-License-Identifier: Apache-2.0 */
/* A new project. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "pkg/name.h"
#include "pkg/project.h"
#include "report.h"

struct init_options {
	const char *name;
};

static const struct wpkg_option init_rows[] = {{"name", 0, WPKG_OPTION_TEXT, "NAME",
						"the package's name (that of the folder)", NULL,
						offsetof(struct init_options, name)},
					       {0}};

/* The name given, or the folder's own. */
static enum wpkg_status choose_name(struct wpkg_str *out, char path[PATH_MAX], const char *folder,
				    const char *name, struct wpkg_err *err)
{
	if (!name && !realpath(folder, path))
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	*out = name ? wpkg_str_from(name) : wpkg_path_base(wpkg_str_from(path));
	enum wpkg_status status = wpkg_name_check(*out, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "'%.*s' can be no package's name (see --name)",
				 WPKG_STR_ARG(*out));
	return status;
}

static enum wpkg_status write_manifest(const char *folder, struct wpkg_str name,
				       struct wpkg_err *err)
{
	struct wpkg_buf text;
	char *path = wpkg_path_join(folder, WPKG_PROJECT_FILE);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for " WPKG_PROJECT_FILE);
	wpkg_buf_init(&text, WPKG_PROJECT_MAX);
	wpkg_project_write_example(&text, name);
	enum wpkg_status status = wpkg_buf_check(&text, WPKG_PROJECT_FILE, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(&text), 0644, WPKG_FILE_NEW,
					 err);
	wpkg_buf_clear(&text);
	wpkg_mem_free(path);
	return status;
}

static int report_written(const struct global_options *global, const char *folder,
			  struct wpkg_str name)
{
	struct wpkg_arena arena;
	int code = WPKG_EXIT_DONE;
	wpkg_arena_init(&arena, (size_t)1024 * 1024);
	const char *const texts[] = {"folder", folder, "name", wpkg_arena_dup(&arena, name).ptr,
				     NULL};
	report_line(global,
		    "wrote %s/" WPKG_PROJECT_FILE " for %.*s: name the package's files in it, then "
		    "'wpkg push'",
		    folder, WPKG_STR_ARG(name));
	if (global->json)
		code = report_json_texts(&arena, texts);
	wpkg_arena_clear(&arena);
	return code;
}

static int run_init(const struct wpkg_invocation *invocation)
{
	const struct init_options *options = invocation->options;
	const char *folder = invocation->operand_count > 0 ? invocation->operands[0] : ".";
	char path[PATH_MAX];
	struct wpkg_str name = {0};
	struct wpkg_err err = {0};
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, folder, 0777, &err);
	if (status == WPKG_OK)
		status = choose_name(&name, path, folder, options->name, &err);
	if (status == WPKG_OK)
		status = write_manifest(folder, name, &err);
	if (status != WPKG_OK)
		return report_error(&err);
	return report_written(invocation->global, folder, name);
}

const struct wpkg_command cmd_init = {
	.name = "init",
	.operands = "[DIR]",
	.summary = "begin a package: write a commented wpkg.toml",
	.description = "The folder is made when it is absent. A wpkg.toml that is there is left "
		       "alone.",
	.example = "wpkg init greet --name example.com/greet",
	.options = init_rows,
	.options_size = sizeof(struct init_options),
	.most_operands = 1,
	.run = run_init,
};
