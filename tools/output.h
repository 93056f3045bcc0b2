/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_OUTPUT_H
#define WPKG_TOOLS_OUTPUT_H

/*
 * What the toolchain's commands print. Results go to standard output, what is wrong to standard
 * error behind the program's name. Nothing of outside text reaches a terminal unescaped.
 */

#include "base/buf.h"
#include "base/err.h"

/* Prints the error and is the exit code for it. */
int tool_error(const struct wpkg_err *err);

/* The same for a module that is not valid: WPKG_EXIT_REFUSED for what its bytes are to blame for.
 */
int tool_refusal(const struct wpkg_err *err);

/* A line of what is wrong with modules, however long, escaped already: WPKG_EXIT_REFUSED. */
int tool_problem(struct wpkg_str line);

/* Wrong usage: prints the text and is WPKG_EXIT_USAGE. */
int tool_usage(const char *format, ...) WPKG_PRINTF(1, 2);

/* Writes the buffer to standard output and clears it; WPKG_EXIT_FAILED when it or that fails. */
int tool_print(struct wpkg_buf *buf);

#endif
