/* SPDX-License-Identifier: Apache-2.0 */
#include "base/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* Options of the program and of one command together, as getopt_long wants them. */
#define OPTIONS_MAX 96
#define HELP_CODE 256
#define VERSION_CODE 257
#define FIRST_CODE 258

struct parser {
	const struct wpkg_program *program;
	const struct wpkg_command *command;
	void *options;
	void *global;
	struct option longs[OPTIONS_MAX];
	char shorts[2 * OPTIONS_MAX + 4];
	const struct wpkg_option *rows[OPTIONS_MAX];
	void *targets[OPTIONS_MAX];
	bool given[OPTIONS_MAX];
	size_t count;
	size_t own; /* index of the command's first row: behind the program's */
};

enum wpkg_exit wpkg_exit_of(enum wpkg_status status)
{
	switch (status) {
	case WPKG_OK:
		return WPKG_EXIT_DONE;
	case WPKG_EDENIED:
		return WPKG_EXIT_REFUSED;
	case WPKG_EBUSY:
		return WPKG_EXIT_TRY_LATER;
	default:
		return WPKG_EXIT_FAILED;
	}
}

static void print_error(const struct wpkg_program *program, const struct wpkg_err *err)
{
	fprintf(stderr, "%s: %s\n", program->name, err->msg);
}

static void print_text(struct wpkg_buf *buf, FILE *to)
{
	fwrite(wpkg_buf_text(buf), 1, buf->len, to);
	wpkg_buf_clear(buf);
}

static int show_help(const struct wpkg_program *program, const struct wpkg_command *command)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, SIZE_MAX);
	wpkg_program_write_help(&buf, program, command);
	print_text(&buf, stdout);
	return WPKG_EXIT_DONE;
}

/* Values. */

static enum wpkg_status add_text(struct wpkg_option_list *list, const char *text,
				 struct wpkg_err *err)
{
	/* Full at each power of two. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count > 0 ? list->count * 2 : 1;
		const char **more = wpkg_mem_resize(list->items, room, sizeof(*more));
		if (!more)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
		list->items = more;
	}
	list->items[list->count++] = text;
	return WPKG_OK;
}

static void free_lists(const struct wpkg_option *rows, char *base)
{
	for (; base && rows && rows->name; rows++) {
		void *target = base + rows->offset;
		if (rows->kind == WPKG_OPTION_TEXTS)
			wpkg_mem_free(((struct wpkg_option_list *)target)->items);
	}
}

static enum wpkg_status set_value(const struct wpkg_option *row, void *base, const char *text,
				  struct wpkg_err *err)
{
	char *target = (char *)base + row->offset;
	struct wpkg_str value = wpkg_str_from(text);
	switch (row->kind) {
	case WPKG_OPTION_FLAG:
		*(bool *)(void *)target = true;
		return WPKG_OK;
	case WPKG_OPTION_TEXT:
		*(const char **)(void *)target = text;
		return WPKG_OK;
	case WPKG_OPTION_TEXTS: {
		struct wpkg_option_list *list = (struct wpkg_option_list *)(void *)target;
		return add_text(list, text, err);
	}
	case WPKG_OPTION_NUMBER:
		if (!wpkg_str_parse_u64(value, (uint64_t *)(void *)target))
			return WPKG_FAIL(err, WPKG_EINVAL, "'%s' is not a number", text);
		return WPKG_OK;
	case WPKG_OPTION_SIZE:
		return wpkg_size_parse((uint64_t *)(void *)target, value, err);
	case WPKG_OPTION_DURATION:
		return wpkg_duration_parse((int64_t *)(void *)target, value, err);
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_variable_find(const char **out, const struct wpkg_option *row,
				    struct wpkg_err *err)
{
	static const char *const on[] = {"1", "true", "yes", "on"};
	static const char *const off[] = {"0", "false", "no", "off"};
	const char *text = row->environment ? getenv(row->environment) : NULL;
	struct wpkg_str word = wpkg_str_from(text);
	*out = NULL;
	if (word.len == 0)
		return WPKG_OK;
	if (row->kind != WPKG_OPTION_FLAG) {
		*out = text;
		return WPKG_OK;
	}
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (wpkg_str_equal_nocase(word, wpkg_str_from(off[i])))
			return WPKG_OK;
		if (wpkg_str_equal_nocase(word, wpkg_str_from(on[i]))) {
			*out = text;
			return WPKG_OK;
		}
	}
	return WPKG_FAIL(err, WPKG_EINVAL, "%s: '%s' is neither true nor false", row->environment,
			 text);
}

static enum wpkg_status take_environment(struct parser *parser, struct wpkg_err *err)
{
	for (size_t i = 0; i < parser->count; i++) {
		const struct wpkg_option *row = parser->rows[i];
		const char *text;
		enum wpkg_status status = wpkg_variable_find(&text, row, err);
		if (status != WPKG_OK)
			return status;
		if (!text)
			continue;
		status = set_value(row, parser->targets[i], text, err);
		if (status != WPKG_OK) {
			wpkg_err_prepend(err, "%s", row->environment);
			return status;
		}
		parser->given[i] = true;
	}
	return WPKG_OK;
}

/* Options. */

static void add_long(struct parser *parser, const char *name, int argument, int code)
{
	parser->longs[parser->count] =
		(struct option){.name = name, .has_arg = argument, .val = code};
}

static void add_rows(struct parser *parser, const struct wpkg_option *rows, void *target)
{
	size_t used = strlen(parser->shorts);
	for (const struct wpkg_option *row = rows; row && row->name; row++) {
		if (parser->count + 3 >= OPTIONS_MAX)
			abort(); /* a table of ours outgrew the parser */
		bool flag = row->kind == WPKG_OPTION_FLAG;
		add_long(parser, row->name, flag ? no_argument : required_argument,
			 FIRST_CODE + (int)parser->count);
		parser->rows[parser->count] = row;
		parser->targets[parser->count] = target;
		parser->count++;
		if (row->letter) {
			parser->shorts[used++] = row->letter;
			if (!flag)
				parser->shorts[used++] = ':';
		}
	}
}

static void begin(struct parser *parser, const char *mode)
{
	parser->count = 0;
	memset(parser->longs, 0, sizeof(parser->longs));
	memset(parser->shorts, 0, sizeof(parser->shorts));
	memcpy(parser->shorts, mode, strlen(mode));
}

static void finish(struct parser *parser)
{
	size_t rows = parser->count;
	add_long(parser, "help", no_argument, HELP_CODE);
	parser->count++;
	add_long(parser, "version", no_argument, VERSION_CODE);
	parser->count = rows;
}

/* The row of what getopt_long returned; *text is made its argument. */
static size_t find_row(const struct parser *parser, int code)
{
	if (code >= FIRST_CODE)
		return (size_t)(code - FIRST_CODE);
	for (size_t i = 0; i < parser->count; i++)
		if (parser->rows[i]->letter == code)
			return i;
	return parser->count;
}

static const char *nearest_option(const struct parser *parser, const char *typed)
{
	const char *near = NULL;
	unsigned best = 3;
	struct wpkg_str name = wpkg_str_from(typed);
	name = wpkg_str_slice(name, 0, wpkg_str_find(name, '='));
	for (size_t i = 0; i < parser->count; i++) {
		unsigned distance = wpkg_str_distance(name, wpkg_str_from(parser->rows[i]->name));
		if (distance < best) {
			best = distance;
			near = parser->rows[i]->name;
		}
	}
	return near;
}

static enum wpkg_status refuse_option(const struct parser *parser, char **argv, int code,
				      struct wpkg_err *err)
{
	const char *word = argv[optind - 1];
	if (code == ':')
		return WPKG_FAIL(err, WPKG_EINVAL, "option '%s' needs an argument", word);
	if (optopt >= FIRST_CODE)
		return WPKG_FAIL(err, WPKG_EINVAL, "option '--%s' takes no argument",
				 parser->rows[optopt - FIRST_CODE]->name);
	if (optopt != 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "unknown option '-%c'", optopt);
	const char *near = nearest_option(parser, word + (strncmp(word, "--", 2) == 0 ? 2 : 0));
	if (near)
		return WPKG_FAIL(err, WPKG_EINVAL, "unknown option '%s' (did you mean '--%s'?)",
				 word, near);
	return WPKG_FAIL(err, WPKG_EINVAL, "unknown option '%s'", word);
}

/* Reads options until there are none; *asked becomes HELP_CODE or VERSION_CODE where given. */
static enum wpkg_status read_options(struct parser *parser, int argc, char **argv, int *asked,
				     struct wpkg_err *err)
{
	opterr = 0;
	optind = 0;
	for (;;) {
		int code = getopt_long(argc, argv, parser->shorts, parser->longs, NULL);
		if (code == -1)
			return WPKG_OK;
		if (code == '?' || code == ':')
			return refuse_option(parser, argv, code, err);
		if (code == HELP_CODE || code == VERSION_CODE) {
			*asked = code;
			continue;
		}
		size_t i = find_row(parser, code);
		const struct wpkg_option *row = parser->rows[i];
		if (!row)
			return WPKG_FAIL(err, WPKG_EINVAL, "unknown option");
		enum wpkg_status status = set_value(row, parser->targets[i], optarg, err);
		if (status != WPKG_OK) {
			wpkg_err_prepend(err, "--%s", row->name);
			return status;
		}
		parser->given[i] = true;
	}
}

/* Commands. */

/* How many of the words name the command; 0: they do not. */
static int match_words(const struct wpkg_command *command, int count, char **words)
{
	struct wpkg_str rest = wpkg_str_from(command->name);
	struct wpkg_str part;
	int n = 0;
	if (rest.len == 0)
		return 0;
	while (wpkg_str_split(&rest, ' ', &part)) {
		if (n == count || !wpkg_str_equal_text(part, words[n]))
			return 0;
		n++;
	}
	return n;
}

static const struct wpkg_command *default_command(const struct wpkg_program *program)
{
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		if ((*c)->name[0] == '\0')
			return *c;
	return NULL;
}

static const struct wpkg_command *find_command(const struct wpkg_program *program, int count,
					       char **words, int *used)
{
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		*used = match_words(*c, count, words);
		if (*used > 0)
			return *c;
	}
	*used = 0;
	return default_command(program);
}

static enum wpkg_status refuse_command(const struct wpkg_program *program, const char *word,
				       struct wpkg_err *err)
{
	const char *near = NULL;
	unsigned best = 3;
	size_t len = strlen(word);
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		const char *name = (*c)->name;
		/* "key" alone: say which there are, by way of the first. */
		if (strncmp(name, word, len) == 0 && name[len] == ' ')
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "'%s' needs a second word, such as '%s' (see '%s --help')",
					 word, name, program->name);
		unsigned distance = wpkg_str_distance(wpkg_str_from(name), wpkg_str_from(word));
		if (name[0] && distance < best) {
			best = distance;
			near = name;
		}
	}
	if (near)
		return WPKG_FAIL(err, WPKG_EINVAL, "unknown command '%s' (did you mean '%s'?)",
				 word, near);
	return WPKG_FAIL(err, WPKG_EINVAL, "unknown command '%s' (see '%s --help')", word,
			 program->name);
}

/*
 * Where the command's name begins: behind the program's own options. An option that only a command
 * knows is left for it; then the name is missing and the default command is meant.
 */
static int find_name(struct parser *parser, int argc, char **argv)
{
	begin(parser, "+:");
	add_rows(parser, parser->program->global, NULL);
	finish(parser);
	opterr = 0;
	optind = 0;
	for (;;) {
		int before = optind > 0 ? optind : 1;
		int code = getopt_long(argc, argv, parser->shorts, parser->longs, NULL);
		if (code == -1)
			return optind;
		if (code == '?' || code == ':')
			return before;
	}
}

static enum wpkg_status check_operands(const struct wpkg_command *command, size_t count,
				       struct wpkg_err *err)
{
	if (count < command->least_operands)
		return WPKG_FAIL(err, WPKG_EINVAL, "too few operands (want: %s)",
				 command->operands);
	if (count > command->most_operands && command->most_operands == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "takes no operands");
	if (count > command->most_operands)
		return WPKG_FAIL(err, WPKG_EINVAL, "too many operands (want: %s)",
				 command->operands);
	return WPKG_OK;
}

static int refuse_usage(const struct parser *parser, struct wpkg_err *err)
{
	if (parser->command && parser->command->name[0])
		wpkg_err_prepend(err, "%s", parser->command->name);
	print_error(parser->program, err);
	return WPKG_EXIT_USAGE;
}

/* From the words after the program's name, the command's own taken out. */
static int run_command(struct parser *parser, int argc, char **argv)
{
	struct wpkg_err err;
	int asked = 0;
	begin(parser, ":");
	add_rows(parser, parser->program->global, parser->global);
	parser->own = parser->count;
	add_rows(parser, parser->command->options, parser->options);
	finish(parser);
	enum wpkg_status status = take_environment(parser, &err);
	if (status == WPKG_OK)
		status = read_options(parser, argc, argv, &asked, &err);
	if (status != WPKG_OK)
		return refuse_usage(parser, &err);
	if (asked == HELP_CODE)
		return show_help(parser->program,
				 parser->command->name[0] ? parser->command : NULL);
	if (asked == VERSION_CODE) {
		printf("%s %s\n", parser->program->name, WPKG_VERSION);
		return WPKG_EXIT_DONE;
	}
	struct wpkg_invocation invocation = {
		.program = parser->program,
		.options = parser->options,
		.global = parser->global,
		.given = parser->given + parser->own,
		.operands = argv + optind,
		.operand_count = (size_t)(argc - optind),
	};
	if (check_operands(parser->command, invocation.operand_count, &err) != WPKG_OK)
		return refuse_usage(parser, &err);
	return parser->command->run(&invocation);
}

/* --help and --version before any command. */
static int answer_alone(const struct wpkg_program *program, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", program->name, WPKG_VERSION);
			return WPKG_EXIT_DONE;
		}
		if (strcmp(argv[i], "--help") == 0)
			return show_help(program, NULL);
	}
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, SIZE_MAX);
	wpkg_program_write_help(&buf, program, NULL);
	print_text(&buf, stderr);
	return WPKG_EXIT_USAGE;
}

static int run_program(const struct wpkg_program *program, int argc, char **argv)
{
	struct wpkg_err err;
	struct parser parser = {.program = program};
	int exit_code = WPKG_EXIT_FAILED;
	int used = 0;
	int at = find_name(&parser, argc, argv);
	if (at >= argc && !default_command(program))
		return answer_alone(program, argc, argv);
	parser.command = find_command(program, argc - at, argv + at, &used);
	bool typed_name = at < argc && argv[at][0] != '-';
	if (typed_name && used == 0 && (!parser.command || parser.command->most_operands == 0)) {
		(void)refuse_command(program, argv[at], &err);
		print_error(program, &err);
		return WPKG_EXIT_USAGE;
	}
	if (!parser.command)
		return answer_alone(program, argc, argv);
	parser.options = wpkg_mem_calloc(1, parser.command->options_size + 1);
	parser.global = wpkg_mem_calloc(1, program->global_size + 1);
	char **words = wpkg_mem_calloc((size_t)argc + 1, sizeof(*words));
	if (!parser.options || !parser.global || !words) {
		wpkg_err_set(&err, WPKG_ENOMEM, "no memory");
		print_error(program, &err);
		goto out;
	}
	/* The words around the command's name, so that options of both kinds stand anywhere. */
	int count = 0;
	for (int i = 0; i < argc; i++)
		if (i < at || i >= at + used)
			words[count++] = argv[i];
	exit_code = run_command(&parser, count, words);
out:
	free_lists(program->global, parser.global);
	free_lists(parser.command->options, parser.options);
	wpkg_mem_free(words);
	wpkg_mem_free(parser.global);
	wpkg_mem_free(parser.options);
	return exit_code;
}

int wpkg_program_run(const struct wpkg_program *program, int argc, char **argv)
{
	int code = run_program(program, argc, argv);
	/* A write that failed on the way leaves the stream with its mark, and errno as it was. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == WPKG_EXIT_DONE) {
		fprintf(stderr, "%s: standard output: %s\n", program->name, strerror(errno));
		code = WPKG_EXIT_FAILED;
	}
	return code;
}
