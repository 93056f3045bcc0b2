/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_PACKAGE_H
#define WPKG_STORE_PACKAGE_H

/*
 * What lists of packages and a package's page show: packages with the version that stands for them
 * (the highest release, else the highest prerelease, else the highest that was yanked), their
 * versions without long texts, who asks for them, and the registry's figures.
 *
 * A package is a name with something published or yanked. Texts are in the caller's arena. Lists
 * go on after the last item of the page before, so that what comes or goes meanwhile neither
 * repeats nor hides another.
 */

#include "pkg/resolve.h"
#include "store/record.h"

struct wpkg_package {
	struct wpkg_str name;
	struct wpkg_str owner;	/* empty: nobody */
	uint64_t version_count; /* published */
	uint64_t yanked_count;
	int64_t published; /* UNIX seconds: when its first version came */
	int64_t updated;   /* and its last */
	/* Of the version that stands for it. */
	struct wpkg_str version;
	bool is_yanked;
	struct wpkg_str description;
	uint64_t size; /* bytes of its parcels */
};

struct wpkg_package_list {
	struct wpkg_package *items;
	size_t count;
};

enum wpkg_package_order {
	WPKG_PACKAGES_BY_NAME, /* in byte order */
	WPKG_PACKAGES_NEWEST,  /* by the first version, latest first */
	WPKG_PACKAGES_UPDATED  /* by the last version, latest first */
};

/* Where the page before ended. The zero value is the beginning. */
struct wpkg_package_mark {
	struct wpkg_str name;
	int64_t at; /* published or updated; not of BY_NAME */
};

struct wpkg_package_page {
	enum wpkg_package_order order;
	struct wpkg_str owner; /* only this one's, which come by name; empty: all */
	struct wpkg_package_mark after;
	size_t limit;
};

WPKG_MUST_CHECK enum wpkg_status
wpkg_package_list(struct wpkg_package_list *out, struct wpkg_arena *arena, struct wpkg_store *store,
		  const struct wpkg_package_page *page, struct wpkg_err *err);

/* WPKG_ENOTFOUND when nothing is published under the name. */
WPKG_MUST_CHECK enum wpkg_status wpkg_package_find(struct wpkg_package *out,
						   struct wpkg_arena *arena,
						   struct wpkg_store *store, struct wpkg_str name,
						   struct wpkg_err *err);

/* A version without its invoice and verdict. */
struct wpkg_package_version {
	struct wpkg_str version;
	enum wpkg_record_state state;
	int64_t created;   /* UNIX seconds */
	int64_t published; /* 0: never */
	int64_t yanked;	   /* 0: not yanked */
	struct wpkg_str yanked_by, yank_reason;
	uint64_t size;
	size_t parcel_count;
	struct wpkg_digest invoice; /* digest of its text */
	bool has_manifest;
	struct wpkg_digest manifest; /* SHA-256 */
};

struct wpkg_package_version_list {
	struct wpkg_package_version *items;
	size_t count;
};

/*
 * The versions that a viewer may see, highest first, at most limit; after: below that version
 * (WPKG_EINVAL when it is none), or empty.
 */
struct wpkg_package_versions_page {
	struct wpkg_str name;
	struct wpkg_viewer viewer;
	struct wpkg_str after;
	size_t limit;
};

WPKG_MUST_CHECK enum wpkg_status
wpkg_package_versions(struct wpkg_package_version_list *out, struct wpkg_arena *arena,
		      struct wpkg_store *store, const struct wpkg_package_versions_page *page,
		      struct wpkg_err *err);

/* A package whose standing version asks for another one. */
struct wpkg_dependent {
	struct wpkg_str name, version, requirement;
};

struct wpkg_dependent_list {
	struct wpkg_dependent *items;
	size_t count;
};

/* By name; after: those behind that name. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_package_dependents(struct wpkg_dependent_list *out, struct wpkg_arena *arena,
			struct wpkg_store *store, struct wpkg_str name, struct wpkg_str after,
			size_t limit, struct wpkg_err *err);

struct wpkg_dependency_list {
	struct wpkg_dependency *items;
	size_t count;
};

/* What the standing version of a package asks for, by name; nothing when there is no package. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_package_dependencies(struct wpkg_dependency_list *out, struct wpkg_arena *arena,
			  struct wpkg_store *store, struct wpkg_str name, struct wpkg_err *err);

/* A package and how many others' standing versions ask for it. */
struct wpkg_needed {
	struct wpkg_str name;
	uint64_t dependents;
};

struct wpkg_needed_list {
	struct wpkg_needed *items;
	size_t count;
};

/* The packages that most others ask for, first those with most; of equal ones by name. */
WPKG_MUST_CHECK enum wpkg_status wpkg_package_most_needed(struct wpkg_needed_list *out,
							  struct wpkg_arena *arena,
							  struct wpkg_store *store, size_t limit,
							  struct wpkg_err *err);

struct wpkg_module_facts_list {
	struct wpkg_module_facts *items;
	size_t count;
};

/* What admission found out about the modules of a version, in its invoice's order of parcels, but
 * for those that it owes (record.h). */
WPKG_MUST_CHECK enum wpkg_status wpkg_record_modules(struct wpkg_module_facts_list *out,
						     struct wpkg_arena *arena,
						     struct wpkg_store *store, int64_t record_id,
						     struct wpkg_err *err);

struct wpkg_registry_figures {
	uint64_t packages;
	uint64_t versions; /* published */
	uint64_t yanked;
	int64_t last_event; /* id; 0: none */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_registry_figures(struct wpkg_registry_figures *out,
						       struct wpkg_store *store,
						       struct wpkg_err *err);

/*
 * Derives what lists and searches show for packages of an older program's store or of an import, at
 * most limit of them. *done: none is left. Lists do not have a package before.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_packages_catch_up(bool *done, struct wpkg_store *store,
							size_t limit, struct wpkg_err *err);

#endif
