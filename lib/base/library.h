/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_LIBRARY_H
#define WPKG_BASE_LIBRARY_H

/*
 * A foreign shared library that is loaded when something first needs it, because it brings many
 * more that most commands would pay for. Its home file has a table of the functions it calls, with
 * the types of the library's own header, and has it filled once a process.
 */

#include <stddef.h>

#include "base/err.h"

struct wpkg_library_symbol {
	const char *name; /* NULL ends a list */
	size_t offset;	  /* of the function's pointer in the table */
};

struct wpkg_library {
	const char *file;    /* "libcurl.so.4" */
	const char *purpose; /* "talks to registries", for the message that it is missing */
	const char *package; /* Debian's, which has it */
	const struct wpkg_library_symbol *symbols;
};

/* Fills the table. WPKG_ENOTFOUND names the package to install, or the function that is missing. */
WPKG_MUST_CHECK enum wpkg_status wpkg_library_load(void *table, const struct wpkg_library *library,
						   struct wpkg_err *err);

#endif
