/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_ARCHIVE_H
#define WPKG_LINK_ARCHIVE_H

/*
 * An archive of ar: members, and the index that says which of them defines a symbol. GNU's and
 * BSD's ways to write long names are read, and GNU's index of 32 and of 64 bits.
 *
 *   "!<arch>\n", then for each member, at an even offset:
 *     0  name       16  "NAME/" or, GNU: "/" index, "/SYM64/" index, "//" long names,
 *                       "/N" name at N in the long names; BSD: "#1/N" name in the first N bytes
 *    16  time       12
 *    28  owner       6
 *    34  group       6
 *    40  mode        8
 *    48  size       10  decimal, padded with spaces
 *    58  "`\n"
 *    60  content; of a thin archive ("!<thin>\n") only the tables have one, a member is the file
 *                   that its name is a path to
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct link_member {
	uint64_t offset; /* of the header in the archive */
	struct wpkg_str name;
	struct wpkg_str bytes;
};

struct link_archive_symbol {
	struct wpkg_str name;
	uint32_t member;
};

/* Everything is a slice of the bytes, which must outlive it. */
struct link_archive {
	struct link_member *members; /* without indices and long names */
	struct link_archive_symbol *symbols;
	uint32_t member_count, symbol_count;
	bool has_index;
	bool is_thin; /* members are other files: their bytes are empty */
};

/* Do the bytes begin as an archive does, of whatever kind? */
bool link_archive_is(struct wpkg_str bytes);

/* WPKG_EFORMAT with the offset: it is cut off, a number or a name is not one, the index lies. */
WPKG_MUST_CHECK enum wpkg_status link_archive_read(struct link_archive *out, struct wpkg_str bytes,
						   struct wpkg_err *err);
void link_archive_clear(struct link_archive *archive);

#endif
