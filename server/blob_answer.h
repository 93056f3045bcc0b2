/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_BLOB_ANSWER_H
#define WPKG_SERVER_BLOB_ANSWER_H

#include "pkg/invoice.h"
#include "request.h"
#include "store/blob.h"

/*
 * Answers with a blob, which never changes: whole or the part that the request asks for, or 304, or
 * 416. The type is the answer's media type, the tag its entity tag with quotes; both live as long
 * as the request. Takes the blob's descriptor when it sends it; the caller closes what is left.
 */
void respond_blob(struct request *request, struct wpkg_blob *blob, const char *type,
		  const char *tag);

/* Only the headers of such an answer and, when the client has it already, 304 and true: before the
 * blob is opened. */
bool respond_blob_known(struct request *request, const char *tag);

/* What was uploaded must not run in this origin, whatever media type it has. */
void respond_sandboxed(struct request *request);

/* A media type as a header's value, in the request's arena: what an old store holds may be none,
 * and must not break an answer's head. */
const char *respond_type(struct request *request, struct wpkg_str media_type);

/* respond_blob() with a version's parcel of that label, from the store, or with why there is none.
 */
void respond_parcel(struct request *request, int64_t record, const struct wpkg_label *label);

#endif
