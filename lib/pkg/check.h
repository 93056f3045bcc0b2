/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_CHECK_H
#define WPKG_PKG_CHECK_H

/*
 * A package's own checks: a module of the package run with some arguments and input, and what it
 * must do. Written in wpkg.toml as [[check]], carried in the invoice under
 * WPKG_ANNOTATION_CHECKS, run by admission before the version is published.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "pkg/invoice.h"

struct wpkg_check {
	struct wpkg_str name;
	struct wpkg_str parcel; /* label name of the module; empty: the only WebAssembly parcel */
	struct wpkg_strings arguments;
	struct wpkg_map environment;
	struct wpkg_str input;	   /* standard input */
	struct wpkg_strings files; /* label names of parcels placed read-only under "/" */
	int64_t exit_code;	   /* expected; 0 */
	bool has_output;
	struct wpkg_str output; /* expected standard output, whole, when has_output */
	struct wpkg_str invoke; /* exported function to call; empty: _start */
	uint64_t fuel;		/* 0: the server's limit */
	uint64_t memory;	/* bytes of all that the guest has; 0: the server's limit */
	uint64_t timeout_ms;	/* 0: the server's limit */
};

struct wpkg_checks {
	struct wpkg_check *items;
	size_t count;
};

#define WPKG_CHECKS_MAX 32

/* Bytes of the value stack of a check's guest, which are none of its memory. */
#define WPKG_CHECK_STACK ((uint64_t)32 << 20)

/* From an array of tables, as in wpkg.toml and in the annotation. */
WPKG_MUST_CHECK enum wpkg_status wpkg_checks_from_value(struct wpkg_checks *out,
							struct wpkg_arena *arena,
							const struct wpkg_value *array,
							struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_checks_to_value(struct wpkg_arena *arena,
						      struct wpkg_value *array,
						      const struct wpkg_checks *checks,
						      struct wpkg_err *err);

/* The checks that an invoice carries; none when it has no such annotation. */
WPKG_MUST_CHECK enum wpkg_status wpkg_checks_of_invoice(struct wpkg_checks *out,
							struct wpkg_arena *arena,
							const struct wpkg_invoice *invoice,
							struct wpkg_err *err);

#endif
