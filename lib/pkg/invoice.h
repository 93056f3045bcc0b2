/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_INVOICE_H
#define WPKG_PKG_INVOICE_H

/*
 * The invoice: what a package version is. Every field of Bindle 1.0.0, plain data, all of it in
 * one arena whose owner frees it at once. An invoice in memory is well-formed; whether a registry
 * takes it is wpkg_invoice_check's word, so that an old store that holds worse can still be read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "pkg/role.h"

/* One key and value of annotations or of a feature group. */
struct wpkg_pair {
	struct wpkg_str key;
	struct wpkg_str value;
};

/* Sorted by key in byte order, keys distinct. */
struct wpkg_map {
	struct wpkg_pair *pairs;
	size_t count;
};

/* A named section of a label's features: [parcel.label.feature.NAME]. */
struct wpkg_label_feature {
	struct wpkg_str name;
	struct wpkg_map values;
};

struct wpkg_label {
	struct wpkg_str sha256; /* 64 lower-case hex digits when checked; any text in old ones */
	struct wpkg_str media_type;
	struct wpkg_str name; /* suggested file name, may be a relative path */
	uint64_t size;	      /* bytes */
	struct wpkg_map annotations;
	struct wpkg_label_feature *features; /* sorted by name */
	size_t feature_count;
	struct wpkg_str origin; /* ptr NULL: absent */
};

struct wpkg_conditions {
	bool present;	    /* false: no conditions table (a table may be empty) */
	bool has_member_of; /* memberOf was there, even if empty */
	bool has_requires;
	struct wpkg_strings member_of; /* group names */
	struct wpkg_strings requires_; /* group names */
};

struct wpkg_parcel {
	struct wpkg_label label;
	struct wpkg_conditions conditions;
};

struct wpkg_group {
	struct wpkg_str name;
	bool has_required;
	bool required;
	struct wpkg_str satisfied_by; /* ptr NULL: absent, means allOf */
};

struct wpkg_signature {
	struct wpkg_str by;	   /* the signer's label */
	struct wpkg_str signature; /* base64 of 64 bytes, as written */
	struct wpkg_str key;	   /* base64 of 32 bytes, as written */
	enum wpkg_role role;
	uint64_t at; /* UNIX seconds; not covered by the signature */
};

struct wpkg_invoice {
	struct wpkg_str bindle_version; /* "1.0.0" */
	bool has_yanked;
	bool yanked;
	struct wpkg_signature *yanked_signatures;
	size_t yanked_signature_count;
	struct wpkg_str name;
	struct wpkg_str version;     /* strict SemVer text */
	struct wpkg_str description; /* ptr NULL: absent */
	bool has_authors;
	struct wpkg_strings authors;
	struct wpkg_map annotations;
	struct wpkg_parcel *parcels;
	size_t parcel_count;
	struct wpkg_group *groups;
	size_t group_count;
	bool has_signatures; /* false: the signature key is absent (0.8's unsigned invoice) */
	struct wpkg_signature *signatures;
	size_t signature_count;
};

#define WPKG_INVOICE_MAX ((size_t)1 << 20) /* bytes of an invoice's text that we read or write */

enum wpkg_invoice_format { WPKG_INVOICE_TOML, WPKG_INVOICE_JSON };

/*
 * Reads a text; the invoice and all it holds live in the arena. Unknown keys, wrong types,
 * duplicates: WPKG_EFORMAT with line and column.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_read(struct wpkg_invoice **out,
						   struct wpkg_arena *arena, struct wpkg_str text,
						   enum wpkg_invoice_format format,
						   struct wpkg_err *err);

/* The same from a tree, for an invoice inside another document. */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_from_value(struct wpkg_invoice **out,
							 struct wpkg_arena *arena,
							 const struct wpkg_value *value,
							 struct wpkg_err *err);

/* Fills a table with the invoice, in the original's order of keys. */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_to_value(struct wpkg_arena *arena,
						       struct wpkg_value *table,
						       const struct wpkg_invoice *invoice,
						       struct wpkg_err *err);

/* A label alone, as the lists of missing parcels hold them. */
WPKG_MUST_CHECK enum wpkg_status wpkg_label_to_value(struct wpkg_arena *arena,
						     struct wpkg_value *table,
						     const struct wpkg_label *label,
						     struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_label_from_value(struct wpkg_label *out,
						       struct wpkg_arena *arena,
						       const struct wpkg_value *value,
						       struct wpkg_err *err);

/* Appends the canonical text: equal invoices give equal bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_write(struct wpkg_buf *buf,
						    const struct wpkg_invoice *invoice,
						    enum wpkg_invoice_format format,
						    struct wpkg_err *err);

/*
 * What a registry demands of a new invoice, beyond Bindle: bindleVersion 1.0.0, a good name
 * (name.h) and version, digests of 64 lower-case hex digits, the same size wherever the same
 * digest stands, portable label names, printable texts, media types of RFC 6838's form, group
 * names declared once and used only when declared, no empty group name, at most
 * WPKG_INVOICE_PARCELS_MAX parcels. WPKG_EINVAL names the field: "parcel[2].label.sha256: ...".
 */
#define WPKG_INVOICE_PARCELS_MAX 10000

WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_check(const struct wpkg_invoice *invoice,
						    struct wpkg_err *err);

/*
 * Do two invoices say the same, apart from what may come later: signatures and a yank? WPKG_ENOMEM,
 * or WPKG_EINVAL for one that is too large to be written.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_invoice_same_content(bool *same, const struct wpkg_invoice *a,
							   const struct wpkg_invoice *b,
							   struct wpkg_err *err);

/* The first label with that digest, 64 hexadecimal digits; NULL when there is none. */
const struct wpkg_label *wpkg_invoice_find_label(const struct wpkg_invoice *invoice,
						 struct wpkg_str sha256);

/* The value of an annotation; ptr NULL when there is none. */
struct wpkg_str wpkg_map_find(const struct wpkg_map *map, const char *key);

/* Adds or replaces, keeping the order; texts are copied. False when memory is out. */
WPKG_MUST_CHECK bool wpkg_map_set(struct wpkg_arena *arena, struct wpkg_map *map,
				  struct wpkg_str key, struct wpkg_str value);

#endif
