/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completions. What they offer is the table's commands and options, and files elsewhere; a name of
 * two words is completed word by word.
 */
#include "base/command.h"

/* Inside single quotes of a shell: ' becomes '\''. */
static void write_quoted(struct wpkg_buf *buf, const char *text)
{
	wpkg_buf_append_byte(buf, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			wpkg_buf_append_text(buf, "'\\''");
		else
			wpkg_buf_append_byte(buf, (uint8_t)*text);
	}
	wpkg_buf_append_byte(buf, '\'');
}

static struct wpkg_str first_word(const char *name)
{
	struct wpkg_str all = wpkg_str_from(name);
	return wpkg_str_slice(all, 0, wpkg_str_find(all, ' '));
}

static struct wpkg_str second_word(const char *name)
{
	struct wpkg_str all = wpkg_str_from(name);
	return wpkg_str_from_offset(all, wpkg_str_find(all, ' ') + 1);
}

/* Is this the first command with its first word? */
static bool opens_group(const struct wpkg_program *program, const struct wpkg_command *command)
{
	for (const struct wpkg_command *const *c = program->commands; *c != command; c++)
		if (wpkg_str_equal(first_word((*c)->name), first_word(command->name)))
			return false;
	return true;
}

static void write_option_words(struct wpkg_buf *buf, const struct wpkg_option *rows)
{
	for (; rows && rows->name; rows++)
		wpkg_buf_append_format(buf, " --%s", rows->name);
}

static void write_first_words(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		if ((*c)->name[0] && opens_group(program, *c))
			wpkg_buf_append_format(buf, " %.*s", WPKG_STR_ARG(first_word((*c)->name)));
}

static void write_second_words(struct wpkg_buf *buf, const struct wpkg_program *program,
			       struct wpkg_str first)
{
	for (const struct wpkg_command *const *c = program->commands; *c; c++)
		if (wpkg_str_equal(first_word((*c)->name), first))
			wpkg_buf_append_format(buf, " %.*s", WPKG_STR_ARG(second_word((*c)->name)));
}

static void write_bash(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	const char *name = program->name;
	wpkg_buf_append_format(buf,
			       "_%s() {\n"
			       "\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n"
			       "\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n",
			       name);
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		if (!(*c)->name[0])
			continue;
		bool two = second_word((*c)->name).len > 0;
		wpkg_buf_append_format(buf, "\t'%s'%s) words='", (*c)->name, two ? "" : "' '*");
		write_option_words(buf, (*c)->options);
		write_option_words(buf, program->global);
		wpkg_buf_append_text(buf, "' ;;\n");
	}
	wpkg_buf_append_text(buf, "\tesac\n\tcase $COMP_CWORD in\n\t1) words='");
	write_first_words(buf, program);
	write_option_words(buf, program->global);
	wpkg_buf_append_text(buf, "' ;;\n\t2)\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		struct wpkg_str first = first_word((*c)->name);
		if (second_word((*c)->name).len == 0 || !opens_group(program, *c))
			continue;
		wpkg_buf_append_format(buf, "\t\t%.*s) words='", WPKG_STR_ARG(first));
		write_second_words(buf, program, first);
		wpkg_buf_append_text(buf, "' ;;\n");
	}
	wpkg_buf_append_format(buf,
			       "\t\tesac ;;\n\tesac\n"
			       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
			       "}\n"
			       "complete -o default -F _%s %s\n",
			       name, name);
}

static void write_zsh_arguments(struct wpkg_buf *buf, const struct wpkg_option *rows)
{
	for (; rows && rows->name; rows++) {
		wpkg_buf_append_format(buf, " '--%s", rows->name);
		wpkg_buf_append_byte(buf, '[');
		for (const char *p = rows->help; *p; p++)
			if (*p != '\'' && *p != '[' && *p != ']' && *p != ':')
				wpkg_buf_append_byte(buf, (uint8_t)*p);
		wpkg_buf_append_format(buf, "]%s%s%s'", rows->argument ? ":" : "",
				       rows->argument ? rows->argument : "",
				       rows->argument ? ":_files" : "");
	}
}

static void write_zsh(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	const char *name = program->name;
	wpkg_buf_append_format(buf,
			       "#compdef %s\n"
			       "_%s() {\n"
			       "\tif (( CURRENT == 2 )); then\n"
			       "\t\tcompadd --",
			       name, name);
	write_first_words(buf, program);
	wpkg_buf_append_text(buf, "\n\t\treturn\n\tfi\n\tcase \"$words[2] $words[3]\" in\n");
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		if (!(*c)->name[0])
			continue;
		bool two = second_word((*c)->name).len > 0;
		wpkg_buf_append_format(buf, "\t'%s'%s) _arguments", (*c)->name, two ? "" : "' '*");
		write_zsh_arguments(buf, (*c)->options);
		write_zsh_arguments(buf, program->global);
		wpkg_buf_append_text(buf, " '*:file:_files' ;;\n");
	}
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		struct wpkg_str first = first_word((*c)->name);
		if (second_word((*c)->name).len == 0 || !opens_group(program, *c))
			continue;
		wpkg_buf_append_format(buf, "\t'%.*s '*) compadd --", WPKG_STR_ARG(first));
		write_second_words(buf, program, first);
		wpkg_buf_append_text(buf, " ;;\n");
	}
	wpkg_buf_append_format(buf, "\tesac\n}\n_%s \"$@\"\n", name);
}

static void write_fish(struct wpkg_buf *buf, const struct wpkg_program *program)
{
	const char *name = program->name;
	for (const struct wpkg_command *const *c = program->commands; *c; c++) {
		struct wpkg_str first = first_word((*c)->name);
		struct wpkg_str second = second_word((*c)->name);
		if (!first.len)
			continue;
		wpkg_buf_append_format(buf, "complete -c %s -n '__fish_use_subcommand' -a '%.*s'",
				       name, WPKG_STR_ARG(first));
		if (second.len == 0) {
			wpkg_buf_append_text(buf, " -d ");
			write_quoted(buf, (*c)->summary);
		} else {
			wpkg_buf_append_format(buf,
					       "\ncomplete -c %s -n '__fish_seen_subcommand_from "
					       "%.*s' -a '%.*s' -d ",
					       name, WPKG_STR_ARG(first), WPKG_STR_ARG(second));
			write_quoted(buf, (*c)->summary);
		}
		wpkg_buf_append_byte(buf, '\n');
		for (const struct wpkg_option *row = (*c)->options; row && row->name; row++) {
			wpkg_buf_append_format(
				buf,
				"complete -c %s -n '__fish_seen_subcommand_from %.*s' -l %s%s -d ",
				name, WPKG_STR_ARG(second.len ? second : first), row->name,
				row->argument ? " -r" : "");
			write_quoted(buf, row->help);
			wpkg_buf_append_byte(buf, '\n');
		}
	}
	for (const struct wpkg_option *row = program->global; row && row->name; row++) {
		wpkg_buf_append_format(buf, "complete -c %s -l %s%s -d ", name, row->name,
				       row->argument ? " -r" : "");
		write_quoted(buf, row->help);
		wpkg_buf_append_byte(buf, '\n');
	}
}

enum wpkg_status wpkg_program_write_completion(struct wpkg_buf *buf,
					       const struct wpkg_program *program,
					       const char *shell, struct wpkg_err *err)
{
	if (strcmp(shell, "bash") == 0)
		write_bash(buf, program);
	else if (strcmp(shell, "zsh") == 0)
		write_zsh(buf, program);
	else if (strcmp(shell, "fish") == 0)
		write_fish(buf, program);
	else
		return WPKG_FAIL(err, WPKG_EINVAL, "no completion for '%s': bash, zsh or fish",
				 shell);
	return WPKG_OK;
}
