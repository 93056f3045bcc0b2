/* SPDX-License-Identifier: Apache-2.0 */
#include "gzip.h"

#include <limits.h>
#include <string.h>
#define ZLIB_CONST /* it reads what it is given, and no more */
#include <zlib.h>

#include "base/mem.h"

#define GZIP_WINDOW (15 + 16) /* the greatest window; 16 more: a gzip header and trailer */

/* Less memory is sooner ready: of a page's time half went there. Beyond level 4 pages get a
 * twentieth smaller in half as much time again. */
static const struct {
	int level, memory;
} efforts[] = {[GZIP_SMALL] = {Z_BEST_COMPRESSION, 9}, [GZIP_QUICK] = {4, 7}};

static void *take_memory(void *user, unsigned count, unsigned size)
{
	(void)user;
	return wpkg_mem_calloc(count, size);
}

static void free_memory(void *user, void *block)
{
	(void)user;
	wpkg_mem_free(block);
}

enum wpkg_status gzip_pack(struct wpkg_buf *out, struct wpkg_str bytes, enum gzip_effort effort,
			   struct wpkg_err *err)
{
	z_stream stream = {.zalloc = take_memory, .zfree = free_memory};
	size_t before = out->len;
	char *room = NULL;
	if (bytes.len > UINT_MAX / 2)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%zu bytes are too many to pack at once",
				 bytes.len);
	if (deflateInit2(&stream, efforts[effort].level, Z_DEFLATED, GZIP_WINDOW,
			 efforts[effort].memory, Z_DEFAULT_STRATEGY) != Z_OK)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	/* With room for the worst case one call does it all. */
	size_t most = deflateBound(&stream, bytes.len);
	room = wpkg_buf_extend(out, most);
	if (room) {
		stream.next_in = (z_const Bytef *)bytes.ptr;
		stream.avail_in = (uInt)bytes.len;
		stream.next_out = (Bytef *)room;
		stream.avail_out = (uInt)most;
		(void)deflate(&stream, Z_FINISH);
		wpkg_buf_truncate(out, before + most - stream.avail_out);
	}
	deflateEnd(&stream);
	return wpkg_buf_check(out, "the packed bytes", err);
}

/* A weight of zero refuses: "0", "0." or zeros behind the point. */
static bool is_zero(struct wpkg_str weight)
{
	for (size_t i = 0; i < weight.len; i++)
		if (weight.ptr[i] != '0' && weight.ptr[i] != '.')
			return false;
	return weight.len > 0;
}

/* An item "CODING;q=WEIGHT"; the weight is optional. */
static bool is_refused(struct wpkg_str parameters)
{
	struct wpkg_str part;
	while (wpkg_str_split(&parameters, ';', &part)) {
		part = wpkg_str_trim(part);
		if (part.len > 2 && (part.ptr[0] == 'q' || part.ptr[0] == 'Q') &&
		    part.ptr[1] == '=')
			return is_zero(wpkg_str_from_offset(part, 2));
	}
	return false;
}

bool gzip_is_accepted(struct wpkg_str accept_encoding)
{
	struct wpkg_str item;
	bool any = false;
	while (wpkg_str_split(&accept_encoding, ',', &item)) {
		size_t end = wpkg_str_find(item, ';');
		struct wpkg_str coding = wpkg_str_trim(wpkg_str_slice(item, 0, end));
		bool refused = is_refused(wpkg_str_from_offset(item, end));
		/* What is said of gzip itself beats what is said of all others. */
		if (wpkg_str_equal_nocase(coding, WPKG_LIT("gzip")) ||
		    wpkg_str_equal_nocase(coding, WPKG_LIT("x-gzip")))
			return !refused;
		if (wpkg_str_equal_text(coding, "*"))
			any = !refused;
	}
	return any;
}
