/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_HOST_PROFILE_H
#define WPKG_PKG_HOST_PROFILE_H

/*
 * Host profiles: what a host gives to modules and wants of them, as data. schema/hosts/README.md
 * describes the format; host_match.h compares a module with one.
 *
 * A set of profiles lives in one arena. Every profile of a set that includes, or is a variant of,
 * another one finds it in the set; there are no circles.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "pkg/invoice.h"
#include "wasm/module.h"

/* What stands behind a name that a host gives or wants. */
struct wpkg_host_type {
	bool any_kind; /* whatever it is */
	enum wpkg_extern kind;
	bool any_type;	      /* only the kind is said */
	wpkg_valtype *values; /* functions: parameters, then results */
	uint32_t param_count, result_count;
	wpkg_valtype value;    /* globals; tables: of their entries */
	bool is_mutable;       /* globals */
	struct wpkg_size size; /* memories, tables; what the host has, when has_size */
	bool has_size;
};

/* A name, in which '*' stands for any text, and the types that are good for it: any of them. */
struct wpkg_host_item {
	struct wpkg_str name;
	struct wpkg_host_type *types;
	size_t type_count;
};

/* Plain names first, sorted; then those with a '*'. */
struct wpkg_host_items {
	struct wpkg_host_item *items;
	size_t count;
	size_t plain; /* of them */
};

/* What a host gives under one module name, in which '*' stands for any text. */
struct wpkg_host_module {
	struct wpkg_str name;
	struct wpkg_host_items items;
};

/* Exports that are wanted where an import like that is there. */
struct wpkg_host_condition {
	struct wpkg_str import; /* "MODULE.NAME" with '*' */
	struct wpkg_host_items required;
};

/* A word to whom an import, export or feature concerns; the others are empty. */
struct wpkg_host_warning {
	struct wpkg_str import; /* "MODULE.NAME" with '*' */
	struct wpkg_str export; /* with '*' */
	struct wpkg_str feature;
	struct wpkg_str text;
};

/* 0: no limit. */
struct wpkg_host_limits {
	uint64_t module_size;	/* bytes */
	uint64_t memory_pages;	/* of 64 KiB, that a memory may begin with */
	uint64_t maximum_pages; /* that a memory may state as its maximum, and must state one */
	uint64_t memories;
	uint64_t table_entries; /* that a table may begin with */
	uint64_t functions;
	bool no_passive_data;
};

enum wpkg_host_kind {
	WPKG_HOST_RUNS, /* "host": a module that matches runs there */
	WPKG_HOST_GLUE, /* "glue": a module that matches needs its own loader beside it */
	WPKG_HOST_PART	/* "part": of other profiles, nothing by itself */
};

struct wpkg_host_profile {
	struct wpkg_str id;
	struct wpkg_str title;
	struct wpkg_str note; /* may be empty */
	enum wpkg_host_kind kind;
	bool is_component; /* it takes components, else modules */
	struct wpkg_strings sources;
	struct wpkg_strings include;  /* ids: their imports are given, too */
	struct wpkg_strings variants; /* ids: a module must match one of them, with our imports */
	wpkg_features features;	      /* allowed */
	struct wpkg_map alias;	      /* module name to the one whose imports it has */
	struct wpkg_host_module *imports;
	size_t import_count;
	struct wpkg_strings needed; /* "MODULE.NAME" with '*': one import like one of them */
	struct wpkg_strings *import_exclusive; /* of each list at most one is imported from */
	size_t import_exclusive_count;
	struct wpkg_host_items required;
	struct wpkg_host_items optional; /* of that type, when they are there */
	struct wpkg_host_items *one_of;	 /* at least one of each list */
	size_t one_of_count;
	struct wpkg_strings *exclusive; /* at most one of each list */
	size_t exclusive_count;
	struct wpkg_strings forbidden; /* exports, with '*' */
	struct wpkg_host_condition *conditions;
	size_t condition_count;
	struct wpkg_strings custom_sections;   /* that must be there */
	struct wpkg_strings component_imports; /* that a component may import, with '*' */
	struct wpkg_strings component_exports; /* one of them a component must export, with '*' */
	struct wpkg_host_limits limits;
	struct wpkg_host_warning *warnings;
	size_t warning_count;
};

struct wpkg_host_profiles {
	struct wpkg_host_profile *items; /* sorted by id */
	size_t count;
};

#define WPKG_HOST_PROFILES_MAX 256

/* Could it be the id of a host? Up to 64 lower-case letters, digits, dots and hyphens. */
bool wpkg_host_id_valid(struct wpkg_str id);

/*
 * Adds the profile that a TOML document describes; it replaces one of the same id. Everything in
 * the arena. WPKG_EFORMAT with line and column for what is no profile.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_host_profiles_add(struct wpkg_host_profiles *profiles,
							struct wpkg_arena *arena,
							struct wpkg_str text, struct wpkg_err *err);

/* The same from a tree. */
WPKG_MUST_CHECK enum wpkg_status wpkg_host_profiles_add_value(struct wpkg_host_profiles *profiles,
							      struct wpkg_arena *arena,
							      const struct wpkg_value *value,
							      struct wpkg_err *err);

/* Is every profile there that another one names, and is there no circle? WPKG_EINVAL says which. */
WPKG_MUST_CHECK enum wpkg_status wpkg_host_profiles_check(const struct wpkg_host_profiles *profiles,
							  struct wpkg_err *err);

/* Adds the profiles that this library was built with (schema/hosts), checked. */
WPKG_MUST_CHECK enum wpkg_status wpkg_host_profiles_add_known(struct wpkg_host_profiles *profiles,
							      struct wpkg_arena *arena,
							      struct wpkg_err *err);

/* NULL when there is none. */
const struct wpkg_host_profile *wpkg_host_profiles_find(const struct wpkg_host_profiles *profiles,
							struct wpkg_str id);

#endif
