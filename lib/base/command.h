/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_COMMAND_H
#define WPKG_BASE_COMMAND_H

/*
 * What a program's command line is, as data: its commands, their options and operands. From one
 * table come parsing (getopt_long), --help, the man page and the shell completions, so that they
 * cannot say different things.
 *
 * A program with subcommands has a struct wpkg_program with its commands; one without has exactly
 * one command whose name is empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum wpkg_exit {
	WPKG_EXIT_DONE = 0,
	WPKG_EXIT_FAILED = 1,
	WPKG_EXIT_USAGE = 2,
	WPKG_EXIT_REFUSED = 3, /* verification or validation said no */
	WPKG_EXIT_TRY_LATER = 111
};

/* The exit code for a failure's status. */
enum wpkg_exit wpkg_exit_of(enum wpkg_status status);

enum wpkg_option_kind {
	WPKG_OPTION_FLAG,     /* target: bool */
	WPKG_OPTION_TEXT,     /* target: const char *, borrowed from the command line */
	WPKG_OPTION_TEXTS,    /* target: struct wpkg_option_list, in the order given */
	WPKG_OPTION_NUMBER,   /* target: uint64_t */
	WPKG_OPTION_SIZE,     /* target: uint64_t, bytes: "64KiB" */
	WPKG_OPTION_DURATION, /* target: int64_t, seconds: "90d" */
};

/* Until the command has run; at most as many as the command line has words. */
struct wpkg_option_list {
	const char **items;
	size_t count;
};

struct wpkg_option {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter;	  /* one-letter form; 0: none */
	enum wpkg_option_kind kind;
	const char *argument;	 /* "DIR" in the help; NULL for a flag */
	const char *help;	 /* one line, lower case, no full stop */
	const char *environment; /* variable that gives a default; NULL: none */
	size_t offset;		 /* of the target in the command's options struct */
};

/*
 * The text of an option's variable; NULL when it has none, the variable is not set or empty, or a
 * flag's says that it is off (0, false, no, off). WPKG_EINVAL when a flag's says neither that nor
 * that it is on (1, true, yes, on). The text is the environment's.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_variable_find(const char **out, const struct wpkg_option *row,
						    struct wpkg_err *err);

/*
 * options is the struct that the table's offsets point into, zeroed and then filled from the
 * environment and the command line; global the same of the program's own options. Operands are
 * what is left.
 */
struct wpkg_invocation {
	const struct wpkg_program *program;
	const void *options;
	const void *global;
	const bool *given; /* for each row of the command's options: was it in one of the two */
	char **operands;
	size_t operand_count;
};

struct wpkg_command {
	const char *name;		   /* "push"; "key create" for two words */
	const char *operands;		   /* "REF [FILE...]", or "" */
	const char *summary;		   /* one line, lower case, no full stop */
	const char *description;	   /* paragraphs separated by blank lines */
	const char *example;		   /* one or more lines beginning with the program's name */
	const struct wpkg_option *options; /* ends with a NULL name; NULL: none */
	size_t options_size;		   /* bytes of the options struct */
	size_t least_operands;
	size_t most_operands;				      /* SIZE_MAX: any number */
	int (*run)(const struct wpkg_invocation *invocation); /* is the exit code */
};

struct wpkg_program {
	const char *name;    /* "wpkg" */
	const char *summary; /* one line */
	int section;	     /* of the manual: 1, or 8 for what operators use */
	const char *description;
	const struct wpkg_option *global; /* allowed before and after the command's name */
	size_t global_size;
	const struct wpkg_command *const *commands; /* ends with NULL */
	const char *files;			    /* FILES section of the man page; NULL: none */
	const char *environment;		    /* what other variables mean; NULL: none */
};

/*
 * Finds the command, fills the options, checks the operands and runs it; --help and --version are
 * answered here. Wrong usage prints what is wrong (with the nearest name for a typing error) to
 * stderr and is WPKG_EXIT_USAGE. A success whose standard output was not written whole is none: it
 * is told and WPKG_EXIT_FAILED.
 */
int wpkg_program_run(const struct wpkg_program *program, int argc, char **argv);

/* The same table as text: --help of the program (command NULL) or a command, a man page in mdoc,
 * completions for "bash", "zsh" or "fish". */
void wpkg_program_write_help(struct wpkg_buf *buf, const struct wpkg_program *program,
			     const struct wpkg_command *command);
/* Of the commands that have that first word; false when there is none, and buf is of no use. */
bool wpkg_program_write_group_help(struct wpkg_buf *buf, const struct wpkg_program *program,
				   struct wpkg_str group);
void wpkg_program_write_man(struct wpkg_buf *buf, const struct wpkg_program *program);
WPKG_MUST_CHECK enum wpkg_status wpkg_program_write_completion(struct wpkg_buf *buf,
							       const struct wpkg_program *program,
							       const char *shell,
							       struct wpkg_err *err);

/*
 * The same on standard output, for the rows of a program's table that print it: "help [COMMAND]" (a
 * name of up to two words, or the first of several), "version", "completion SHELL" (one operand),
 * "man".
 */
int wpkg_command_run_help(const struct wpkg_invocation *invocation);
int wpkg_command_run_version(const struct wpkg_invocation *invocation);
int wpkg_command_run_completion(const struct wpkg_invocation *invocation);
int wpkg_command_run_man(const struct wpkg_invocation *invocation);

#endif
