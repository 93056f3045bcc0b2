/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_OBJECT_H
#define WPKG_LINK_OBJECT_H

/*
 * Relocatable objects and archives of them as one module: what compilers write with -c, in the
 * format of the tool conventions (Linking.md, version 2 of the "linking" section).
 *
 * Symbols decide by name what is the same thing. A member of an archive is taken in when something
 * that is already in needs a symbol of it. What nothing reaches is left out. A function that is
 * called with another type than it has is an error, and so is a symbol that nobody defines.
 *
 * Or as one object: everything stays, what nobody defines is for a later link, which does with the
 * object what it would have done with the inputs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "link/explain.h"

/* An object or an archive, whose bytes must outlive the call. */
struct wpkg_object_input {
	struct wpkg_str name; /* for messages: a path */
	struct wpkg_str bytes;
	bool whole; /* an archive: take in all members */

	/* Of a thin archive the bytes of its members, which are files of their own, in its order.
	 */
	const struct wpkg_str *members;
	size_t member_count;
};

struct wpkg_object_names {
	const struct wpkg_str *items;
	size_t count;
};

/* The zero value is the default: a command with the entry _start. */
struct wpkg_object_options {
	const struct wpkg_object_input *inputs; /* in the order in which they are looked at */
	size_t input_count;

	struct wpkg_str entry; /* exported, and must be there; empty: "_start" */
	bool no_entry;

	struct wpkg_object_names exports;	     /* must be defined */
	struct wpkg_object_names exports_if_defined; /* may be */
	struct wpkg_object_names undefined;	     /* pulled from archives, kept */
	struct wpkg_object_names allowed;	     /* imported from "env" when nobody has them */
	bool allow_undefined;			     /* all that are missing are imported */
	bool export_all;			     /* every defined symbol, the linker's too */
	bool export_dynamic;			     /* every one that is not hidden */
	bool no_check_features;
	bool relocatable; /* the output is an object again, of all that the inputs hold */

	bool no_gc;	  /* what nothing reaches stays */
	bool strip_all;	  /* no custom sections */
	bool strip_debug; /* no ".debug_..." */

	bool import_memory, export_memory; /* exported as "memory" unless imported */
	bool shared_memory;		   /* needs max_memory */
	bool import_table, export_table, growable_table;

	bool stack_last;	 /* behind the data, where an overflow runs into them */
	uint64_t stack_size;	 /* bytes; 0: 64 KiB */
	uint64_t global_base;	 /* address of the first data when the stack is last; 0: 1024 */
	uint64_t initial_memory; /* bytes, a multiple of 64 KiB; 0: what is needed */
	uint64_t max_memory;	 /* the same; 0: none */

	/* Told, when not NULL, which bytes of the inputs are not read again soon: who has mapped
	 * the inputs can give their memory back. */
	void (*rest)(struct wpkg_str bytes);

	unsigned threads;	 /* that validate the output, the caller's included; 0: 1 */
	struct wpkg_str explain; /* a symbol; empty: none */
	size_t max_size;	 /* bytes of the output; 0: 1 GiB */
};

/* Texts that a link also gives; each may be NULL. They are filled as far as the link came. */
struct wpkg_object_report {
	struct wpkg_buf *problems; /* a line for each: all that is undefined, there twice, ... */
	struct wpkg_buf *map;	   /* where everything is in the output */
	struct wpkg_buf *removed;  /* a line for each function and segment that was left out */
	struct wpkg_explanation *explanation; /* of options.explain; also when the link fails */
	struct wpkg_arena *arena;	      /* its texts; some are slices of the inputs */
};

/*
 * The names of a thin archive's members: paths, which are relative to the archive's folder unless
 * they begin with a slash. *names is heap (wpkg_mem_free), each a slice of the bytes; *count is 0
 * of everything else.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_object_thin_members(struct wpkg_str **names, size_t *count,
							  struct wpkg_str bytes,
							  struct wpkg_err *err);

/* Do the bytes look like something for wpkg_object_link: an archive, or a module with "linking"? */
bool wpkg_object_is(struct wpkg_str bytes);

/*
 * Appends the module. It is validated before the call returns WPKG_OK; on failure nothing is
 * appended. Equal inputs give equal bytes.
 *
 * WPKG_EFORMAT: an input is not what it should be (the message begins with its name and the
 * offset). WPKG_EINVAL: the inputs do not fit together, with the first problem as the message; or
 * the options do not. WPKG_ELIMIT: the output is too large.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_object_link(struct wpkg_buf *out,
						  const struct wpkg_object_options *options,
						  const struct wpkg_object_report *report,
						  struct wpkg_err *err);

#endif
