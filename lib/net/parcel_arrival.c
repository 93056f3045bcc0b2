/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel_arrival.h"

#include <inttypes.h>
#include <stdio.h>

#define PARTIAL_CONTENT 206

void parcel_arrival_begin(struct parcel_arrival *arrival, struct wpkg_http_exchange *exchange,
			  struct wpkg_parcel_job *job)
{
	*arrival = (struct parcel_arrival){.job = job, .exchange = exchange};
	exchange->max_answer = job->label->size;
	job->began = 0;
	if (job->have == 0)
		return;
	snprintf(arrival->range, sizeof(arrival->range), "bytes=%" PRIu64 "-", job->have);
	arrival->headers[0] = "Range";
	arrival->headers[1] = arrival->range;
	exchange->more_headers = arrival->headers;
}

/* "bytes 100-199/200" begins with the byte that was asked for. */
static bool is_the_rest(const struct parcel_arrival *arrival)
{
	struct wpkg_str range = wpkg_http_header(arrival->exchange, "content-range", 0);
	struct wpkg_str unit = WPKG_LIT("bytes ");
	uint64_t first;
	if (!range.ptr || !wpkg_str_starts(range, unit))
		return false;
	range = wpkg_str_from_offset(range, unit.len);
	return wpkg_str_parse_u64(wpkg_str_slice(range, 0, wpkg_str_find(range, '-')), &first) &&
	       first == arrival->job->have;
}

enum wpkg_status parcel_arrival_take(struct parcel_arrival *arrival, struct wpkg_str bytes,
				     struct wpkg_err *err)
{
	struct wpkg_parcel_job *job = arrival->job;
	bool is_part = !arrival->has_begun && arrival->exchange->status == PARTIAL_CONTENT;
	arrival->has_begun = true;
	if (is_part) {
		if (job->have == 0 || !is_the_rest(arrival))
			return WPKG_FAIL(err, WPKG_EDENIED,
					 "the server sends another part than was asked for");
		arrival->at = job->began = job->have;
	}
	if (bytes.len > job->label->size - arrival->at)
		return WPKG_FAIL(err, WPKG_ELIMIT, "too many bytes");
	arrival->at += bytes.len;
	return job->sink(job->user, bytes, err);
}

enum wpkg_status parcel_arrival_end(const struct parcel_arrival *arrival, enum wpkg_status status,
				    struct wpkg_err *err)
{
	uint64_t size = arrival->job->label->size;
	if (status == WPKG_ELIMIT)
		return WPKG_FAIL(err, WPKG_EDENIED, "more than its %" PRIu64 " bytes came", size);
	if (status == WPKG_OK && arrival->at < size)
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "only %" PRIu64 " of its %" PRIu64 " bytes came", arrival->at,
				 size);
	return status;
}
