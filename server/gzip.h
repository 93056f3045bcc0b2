/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_GZIP_H
#define WPKG_SERVER_GZIP_H

/* The content coding "gzip" (RFC 1952), by zlib, whose types are seen in gzip.c alone. */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* For what is packed once and sent often, and for what is packed while somebody waits. */
enum gzip_effort { GZIP_SMALL, GZIP_QUICK };

/* Appends the bytes as a gzip member without a time or a name: equal bytes come out equal. */
WPKG_MUST_CHECK enum wpkg_status gzip_pack(struct wpkg_buf *out, struct wpkg_str bytes,
					   enum gzip_effort effort, struct wpkg_err *err);

/* Does this Accept-Encoding (RFC 9110, section 12.5.3) take gzip? An empty one does not: whoever
 * says nothing gets the bytes as they are. */
bool gzip_is_accepted(struct wpkg_str accept_encoding);

#endif
