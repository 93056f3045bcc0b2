/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg wat: modules as text, and back. */
#include "wasm/wat.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
#include "wasm/module.h"

/* Largest text: what the parser takes. */
#define TEXT_MAX ((size_t)1 << 32)

/* Writes what a command made to the file it was asked to, or to standard output, and clears it. */
static int write_result(struct wpkg_buf *out, const char *path)
{
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (!path)
		return tool_print(out);
	enum wpkg_status status = wpkg_buf_check(out, "output", &err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(out), 0644, WPKG_FILE_RESULT,
					 &err);
	if (status != WPKG_OK)
		code = tool_error(&err);
	wpkg_buf_clear(out);
	return code;
}

/* wpkg wat parse */

struct parse_options {
	const char *output;
	bool strip;
};

static const struct wpkg_option parse_rows[] = {
	{"output", 'o', WPKG_OPTION_TEXT, "FILE", "write the module to this file", NULL,
	 offsetof(struct parse_options, output)},
	{"strip", 0, WPKG_OPTION_FLAG, NULL, "write no name section", NULL,
	 offsetof(struct parse_options, strip)},
	{0}};

/* "FILE:3:14: ...", the line and a caret. */
static int report_fault(const char *file, struct wpkg_str text, const struct wpkg_wat_place *place,
			struct wpkg_err *err)
{
	struct wpkg_buf lines;
	bool is_place = err->status == WPKG_EFORMAT;
	char whole[sizeof(err->msg) + 1];
	if (is_place) {
		snprintf(whole, sizeof(whole), "%s", err->msg);
		wpkg_err_set(err, err->status, "%s:%s", file, whole);
	} else {
		wpkg_err_prepend(err, "%s", file);
	}
	int code = tool_refusal(err);
	wpkg_buf_init(&lines, SIZE_MAX);
	if (is_place)
		wpkg_wat_place_format(&lines, text, place);
	fputs(wpkg_buf_text(&lines), stderr);
	wpkg_buf_clear(&lines);
	return code;
}

static int run_parse(const struct wpkg_invocation *invocation)
{
	const struct parse_options *options = invocation->options;
	const char *name = invocation->operands[0];
	struct wpkg_wat_place place = {0};
	struct wpkg_wat_options how = {.strip_names = options->strip, .fault = &place};
	struct wpkg_buf text, module;
	struct wpkg_err err;
	int code;
	wpkg_buf_init(&text, TEXT_MAX);
	wpkg_buf_init(&module, SIZE_MAX);
	enum wpkg_status status =
		strcmp(name, "-") == 0
			? wpkg_file_read_fd(&text, STDIN_FILENO, "standard input", &err)
			: wpkg_file_read(&text, AT_FDCWD, name, &err);
	if (status != WPKG_OK)
		code = tool_error(&err);
	else if (wpkg_wat_parse(&module, wpkg_buf_str(&text), &how, &err) != WPKG_OK)
		code = report_fault(name, wpkg_buf_str(&text), &place, &err);
	else
		code = write_result(&module, options->output);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&module);
	return code;
}

const struct wpkg_command tool_wat_parse = {
	.name = "wat parse",
	.operands = "FILE",
	.summary = "make a module of its text",
	.description =
		"Parses the text format (.wat) of WebAssembly 3.0 with threads, legacy exceptions, "
		"custom page sizes and wide arithmetic, and writes the binary module. FILE may be "
		"'-' for standard input.\n"
		"\n"
		"What is wrong is told with line and column, the line itself and a caret. The "
		"module is not validated: see 'wpkg validate'. Identifiers become the name "
		"section.",
	.example = "wpkg wat parse -o app.wasm app.wat",
	.options = parse_rows,
	.options_size = sizeof(struct parse_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_parse,
};

/* wpkg wat print */

struct print_options {
	const char *output;
	bool fold;
	bool offsets;
};

static const struct wpkg_option print_rows[] = {
	{"fold", 0, WPKG_OPTION_FLAG, NULL, "write operands inside of the instruction they are for",
	 NULL, offsetof(struct print_options, fold)},
	{"offsets", 0, WPKG_OPTION_FLAG, NULL, "write the offset in the file before each line",
	 NULL, offsetof(struct print_options, offsets)},
	{"output", 'o', WPKG_OPTION_TEXT, "FILE", "write the text to this file", NULL,
	 offsetof(struct print_options, output)},
	{0}};

/* A module on its way to a descriptor. */
struct printing {
	const struct wpkg_module *module;
	const struct print_options *options;
	int fd;
	const char *path;
};

static enum wpkg_status take_piece(void *user, struct wpkg_str piece, struct wpkg_err *err)
{
	const struct printing *printing = user;
	return wpkg_file_write_fd(printing->fd, piece, printing->path, err);
}

static enum wpkg_status print_to(void *user, int fd, const char *path, struct wpkg_err *err)
{
	struct printing *printing = user;
	const struct wpkg_wat_print_options how = {.fold = printing->options->fold,
						   .offsets = printing->options->offsets,
						   .take = take_piece,
						   .user = printing};
	struct wpkg_buf piece;
	printing->fd = fd;
	printing->path = path;
	wpkg_buf_init(&piece, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_print(&piece, printing->module, &how, err);
	wpkg_buf_clear(&piece);
	return status;
}

static int run_print(const struct wpkg_invocation *invocation)
{
	const struct print_options *options = invocation->options;
	const char *name = invocation->operands[0];
	struct printing printing = {.options = options};
	struct wpkg_file_map file;
	struct wpkg_module *module;
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (tool_module_open(&file, invocation, name, &err) != WPKG_OK)
		return tool_error(&err);
	if (wpkg_module_read(&module, file.bytes, NULL, &err) != WPKG_OK) {
		wpkg_err_prepend(&err, "%s", name);
		code = tool_refusal(&err);
	} else {
		printing.module = module;
		enum wpkg_status status =
			options->output
				? wpkg_file_write_by(AT_FDCWD, options->output, print_to, &printing,
						     0644, WPKG_FILE_RESULT, &err)
				: print_to(&printing, STDOUT_FILENO, "standard output", &err);
		if (status != WPKG_OK)
			code = tool_error(&err);
		wpkg_module_free(module);
	}
	wpkg_file_map_close(&file);
	return code;
}

const struct wpkg_command tool_wat_print = {
	.name = "wat print",
	.operands = "FILE|REF",
	.summary = "show a module as text",
	.description =
		"Prints a module in the text format. Identifiers are the names of its name "
		"section; other custom sections and branch hints are annotations, which other "
		"tools read when they are told to (wabt: --enable-annotations). Parsing the text "
		"again gives the same module, byte for byte when it is encoded in the shortest "
		"way. The text is written as it is made; with --output there is a whole file or "
		"none.",
	.example = "wpkg wat print --fold app.wasm\n"
		   "wpkg wat print app.wasm | wpkg wat parse -o again.wasm -",
	.options = print_rows,
	.options_size = sizeof(struct print_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_print,
};
