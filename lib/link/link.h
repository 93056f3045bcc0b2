/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_LINK_H
#define WPKG_LINK_LINK_H

/*
 * Finished modules that import from each other: do they fit, and as one module.
 *
 * An import belongs to the input whose name is its module name, or that this name means to its
 * module; when there is none it is the host's. Matching is the specification's (3.0, section 3.5
 * "Import Matching"), over one table of canonical types. Nothing is guessed: an import of an input
 * that lacks the export is a problem, not the host's business.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "link/explain.h"
#include "wasm/module.h"

/* Something in an input's index space, of the kind of what is bound to it. */
struct wpkg_link_target {
	uint32_t input; /* WPKG_INDEX_NONE: the host */
	uint32_t index;
};

/* What a module name means to one input. */
struct wpkg_link_name {
	struct wpkg_str name;
	uint32_t input;
};

/* The module must outlive the call. Where its bodies are need not be kept. */
struct wpkg_link_input {
	/* What others import it as; distinct among the inputs. Empty: it has no such name. */
	struct wpkg_str name;
	struct wpkg_str origin; /* for messages: package and parcel; empty: the name */
	const struct wpkg_module *module;
	/* What the module names of its imports mean, all others being the host's: modules of
	 * several packages may mean different inputs by one name. NULL: the inputs' names. */
	const struct wpkg_link_name *scope;
	size_t scope_count;
	/* Told, when not NULL, which of the module's bytes are not read again soon: who has mapped
	 * them can give their memory back. */
	void (*rest)(struct wpkg_str bytes);
	/* What each import is bound to, whatever its names say; NULL: names decide. */
	const struct wpkg_link_target *bindings;
};

struct wpkg_link_inputs {
	const struct wpkg_link_input *items; /* the first is the root */
	size_t count;
};

enum wpkg_link_problem_kind {
	WPKG_LINK_NO_EXPORT, /* the input has no export of that name */
	WPKG_LINK_MISMATCH,  /* it has one of another kind or type */
	WPKG_LINK_CIRCLE,    /* it exports what it imports, in a circle that ends nowhere */
	WPKG_LINK_START	     /* inputs need each other, and one of them has a start function */
};

struct wpkg_link_problem {
	enum wpkg_link_problem_kind kind;
	uint32_t importer;	/* input */
	uint32_t import;	/* index in its imports; WPKG_INDEX_NONE for a start function */
	uint32_t provider;	/* input */
	struct wpkg_str wanted; /* the import's type as text */
	struct wpkg_str found;	/* the export's; empty when there is none */
	struct wpkg_str hints;	/* near misses by name and by type; may be empty */
};

/* An import that stays for the host. */
struct wpkg_link_host_import {
	uint32_t importer; /* input */
	uint32_t import;   /* index in its imports */
	struct wpkg_str type;
};

/* All texts and lists in the arena. */
struct wpkg_link_report {
	struct wpkg_link_problem *problems; /* in the order of inputs and imports */
	size_t problem_count;
	struct wpkg_link_host_import *host; /* identical ones once */
	size_t host_count;
};

/* Looks at every import of every input. WPKG_OK says that all was looked at. WPKG_EINVAL when two
 * inputs have the same name, or there is none. */
WPKG_MUST_CHECK enum wpkg_status wpkg_link_check(struct wpkg_link_report *out,
						 struct wpkg_arena *arena,
						 const struct wpkg_link_inputs *inputs,
						 struct wpkg_err *err);

/* Appends the problem in a line or two, with both origins and the offset of the import. */
void wpkg_link_problem_format(struct wpkg_buf *out, const struct wpkg_link_problem *problem,
			      const struct wpkg_link_inputs *inputs);

/* An export of the output beside the root's own. */
struct wpkg_link_export {
	struct wpkg_str input; /* name of the input */
	struct wpkg_str field; /* its export */
	struct wpkg_str name;  /* in the output; empty: the field */
};

/* The zero value is the default: the root's exports, and only what they reach. */
struct wpkg_link_options {
	const struct wpkg_link_export *exports;
	size_t export_count;
	bool prefix;   /* the other inputs' exports too, as NAME "." FIELD */
	bool keep_all; /* nothing is pruned */
	bool strip;    /* no name section */
	/* An export, or a function by its name, of any input or, as INPUT:NAME, of one. Empty: none
	 * is explained. Input names are borrowed, all else is in the arena. */
	struct wpkg_str explain;
	struct wpkg_explanation *explanation;
	struct wpkg_arena *arena;
	unsigned threads; /* that validate the output, the caller's included; 0: 1 */
	size_t max_size;  /* bytes of the output; 0: 1 GiB */
};

/*
 * Appends one module that does what the inputs do when the host instantiates them one after another
 * and wires them up. Indices are renumbered while bodies stream through; memories and tables stay
 * apart; calls between inputs become direct; identical host imports and types appear once; start
 * functions run in the order of dependency. Equal inputs give equal bytes. Debug information is
 * left out: its offsets would lie.
 *
 * WPKG_EINVAL: the inputs do not fit (the first problem; wpkg_link_check has all), an export is
 * there twice or not at all. WPKG_ELIMIT: the output is too large. It is validated before the call
 * returns WPKG_OK.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_link_merge(struct wpkg_buf *out,
						 const struct wpkg_link_inputs *inputs,
						 const struct wpkg_link_options *options,
						 struct wpkg_err *err);

#endif
