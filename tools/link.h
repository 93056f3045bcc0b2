/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_LINK_H
#define WPKG_TOOLS_LINK_H

/* wpkg link has two sides, modules and objects; what both see of the command line. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/command.h"
#include "base/file.h"
#include "base/arena.h"
#include "base/str.h"
#include "link/explain.h"
#include "link/link.h"

struct link_options {
	const char *output;
	struct wpkg_option_list exports;
	bool check, prefix, relocatable;
	bool keep_all, strip, strip_all, strip_debug;

	bool wasi, reactor;
	const char *sysroot;
	struct wpkg_option_list libraries, folders, whole;
	const char *entry;
	bool no_entry;
	struct wpkg_option_list exports_if_defined, undefined, allowed_files, keywords;
	bool export_all, export_dynamic, allow_undefined, no_check_features;
	bool no_gc, print_gc;
	bool import_memory, export_memory, shared_memory;
	bool import_table, export_table, growable_table;
	bool stack_first, no_stack_first;
	uint64_t stack_size, global_base, initial_memory, max_memory;
	const char *map;
	const char *explain;
	bool json; /* a document for an explanation, or what --check finds */
};

/* An operand, opened: "NAME=FILE" or a file. */
struct link_file {
	struct wpkg_str name; /* empty: none was given */
	struct wpkg_str path;
	struct wpkg_file_map map;
};

struct link_files {
	struct link_file *items;
	size_t count;
};

/* Inputs that do not fit are to blame themselves. */
int link_refuse(const struct wpkg_err *err);

/* For what is large. */
unsigned link_threads(void);

/* Every problem, a line each, on standard error, or as what --check found; without a list the
 * error. */
int link_show_problems(const struct wpkg_buf *problems, const struct link_options *options,
		       const struct wpkg_err *err);

/* What --check found (link_check.c). */
struct link_findings {
	struct wpkg_str lines;		       /* problems that are texts, a line each */
	struct wpkg_link_report report;	       /* of modules: problems, imports of the host */
	const struct wpkg_link_inputs *inputs; /* that it is about; NULL: there is no report */
};

/* All of it: a line each, or {"problems": [...], "host": [...]}. The exit code, WPKG_EXIT_REFUSED
 * when there is a problem. */
int link_print_findings(struct wpkg_arena *arena, const struct link_findings *findings, bool json);

/* The same when there is nothing but lines. */
int link_print_lines(const struct wpkg_buf *lines, bool json);

/* --check without operands: the project in the working folder; says what is wrong, is the exit
 * code (link_project.c). */
int link_check_project(const struct wpkg_invocation *invocation);

/*
 * Opens the members of an input that is a thin archive, the files beside it (link_thin.c). What is
 * open is put into the list (NULL at first) also when something is wrong.
 */
struct link_thin;
struct wpkg_object_input;
enum wpkg_status link_thin_open(struct link_thin **list, struct wpkg_object_input *input,
				struct wpkg_err *err);
void link_thin_close(struct link_thin *list);

/* The two sides; each says what is wrong and is the exit code. */
int link_modules(const struct link_files *files, const struct link_options *options);
int link_objects(const struct link_files *files, const struct link_options *options);

/* Prints the explanation; an error of its own when there is no such symbol (link_explain.c). */
int link_print_explanation(struct wpkg_arena *arena, const char *name,
			   const struct wpkg_explanation *explanation, bool json);

/*
 * Where things for WASI are (link_wasi.c): the folder of its C library, and the compiler's own
 * library for wasm32. Heap (wpkg_mem_free). WPKG_ENOTFOUND says what to install or to set.
 */
WPKG_MUST_CHECK enum wpkg_status link_find_wasi(char **folder, const char *sysroot,
						struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status link_find_builtins(char **file, struct wpkg_err *err);

#endif
