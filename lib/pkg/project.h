/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_PROJECT_H
#define WPKG_PKG_PROJECT_H

/*
 * wpkg.toml: the manifest that a person writes, and the invoice that it becomes.
 *
 *   [package] name, version, description, authors, license, repository, homepage, documentation,
 *             readme, keywords, hosts
 *   [[parcel]] path or glob ("build/app.wasm", "static/ **"), name, media-type, groups, requires,
 *              [parcel.features.SECTION] key = "value", [parcel.annotations]
 *   [[group]] name, required, satisfied-by
 *   [dependencies] name = "requirement"
 *   [[check]] see check.h
 *   [annotations]
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "pkg/check.h"
#include "pkg/invoice.h"

struct wpkg_project_parcel {
	struct wpkg_str path;	    /* relative to the manifest, or a glob */
	struct wpkg_str name;	    /* ptr NULL: the path (of each match of a glob) */
	struct wpkg_str media_type; /* ptr NULL: guessed */
	struct wpkg_strings groups;
	struct wpkg_strings requires_;
	struct wpkg_label_feature *features;
	size_t feature_count;
	struct wpkg_map annotations;
};

struct wpkg_project {
	struct wpkg_str name;
	struct wpkg_str version;
	struct wpkg_str description; /* ptr NULL: absent, and so on */
	struct wpkg_strings authors;
	struct wpkg_str license; /* SPDX expression */
	struct wpkg_str repository;
	struct wpkg_str homepage;
	struct wpkg_str documentation;
	struct wpkg_str readme; /* path; becomes a parcel marked with WPKG_ANNOTATION_README */
	struct wpkg_strings keywords;
	struct wpkg_strings hosts; /* ids of host profiles (host_profile.h) */
	struct wpkg_project_parcel *parcels;
	size_t parcel_count;
	struct wpkg_group *groups;
	size_t group_count;
	struct wpkg_map dependencies; /* name to requirement */
	struct wpkg_checks checks;
	struct wpkg_map annotations;
};

#define WPKG_PROJECT_FILE "wpkg.toml"
#define WPKG_PROJECT_MAX ((size_t)1 << 20) /* bytes of its text */

WPKG_MUST_CHECK enum wpkg_status wpkg_project_read(struct wpkg_project **out,
						   struct wpkg_arena *arena, struct wpkg_str text,
						   struct wpkg_err *err);

/* A file of the package, as it will be a parcel. */
struct wpkg_packed_file {
	struct wpkg_str path; /* relative to the source's root */
	size_t parcel;	      /* index in the invoice */
};

/*
 * Where the files of a package come from: a folder on disk, or a revision of a git repository.
 * list gives every regular file's relative path; read streams one file through sink.
 */
struct wpkg_source {
	void *state;
	enum wpkg_status (*list)(void *state,
				 enum wpkg_status (*visit)(void *user, struct wpkg_str path,
							   struct wpkg_err *err),
				 void *user, struct wpkg_err *err);
	enum wpkg_status (*read)(void *state, struct wpkg_str path,
				 enum wpkg_status (*sink)(void *user, struct wpkg_str bytes,
							  struct wpkg_err *err),
				 void *user, struct wpkg_err *err);
};

/* A folder as a source. Hidden files and symbolic links are not listed. */
WPKG_MUST_CHECK enum wpkg_status wpkg_source_open_folder(struct wpkg_source *out, const char *path,
							 struct wpkg_err *err);
void wpkg_source_close_folder(struct wpkg_source *source);

/*
 * The unsigned invoice: globs expanded in byte order of paths, files hashed, media types guessed.
 * *files (in the arena) tells which file each parcel is, one an invoice's parcel, in its order.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_project_pack(struct wpkg_invoice **out, struct wpkg_packed_file **files,
		  struct wpkg_arena *arena, const struct wpkg_project *project,
		  const struct wpkg_source *source, struct wpkg_err *err);

/* The media type of a file by its first bytes, then its extension; static text. */
const char *wpkg_media_type_guess(struct wpkg_str path, struct wpkg_str head);

/* Is it a type and a subtype, as RFC 6838 (section 4.2) has them, and no more: no parameters? */
bool wpkg_media_type_is_essence(struct wpkg_str text);

/* Is it WebAssembly by its media type ("application/wasm" and its parameters)? */
bool wpkg_media_type_is_wasm(struct wpkg_str media_type);

/* A commented manifest for a new project. */
void wpkg_project_write_example(struct wpkg_buf *buf, struct wpkg_str name);

#endif
