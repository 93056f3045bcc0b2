/* SPDX-License-Identifier: Apache-2.0 */
#include "net/traceparent.h"

#include <stdint.h>
#include <string.h>

#include "crypto/random.h"

#define LENGTH (WPKG_TRACEPARENT - 1)
#define FLAGS_AT 53

/* Small letters only (section 3.2.2). *any: one is not zero. */
static bool is_hex(struct wpkg_str text, bool *any)
{
	*any = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		*any = *any || c != '0';
	}
	return true;
}

bool wpkg_traceparent_check(struct wpkg_str text)
{
	bool any;
	if (text.len < LENGTH || text.ptr[2] != '-' || text.ptr[35] != '-' || text.ptr[52] != '-')
		return false;
	struct wpkg_str version = wpkg_str_slice(text, 0, 2);
	if (!is_hex(version, &any) || wpkg_str_equal_text(version, "ff"))
		return false;
	/* Only a later version may go on. */
	if (text.len > LENGTH && (!any || text.ptr[LENGTH] != '-'))
		return false;
	if (!is_hex(wpkg_str_slice(text, FLAGS_AT, LENGTH), &any))
		return false;
	if (!is_hex(wpkg_str_slice(text, WPKG_TRACE_AT, WPKG_TRACE_AT + WPKG_TRACE_LEN), &any) ||
	    !any)
		return false;
	return is_hex(wpkg_str_slice(text, WPKG_SPAN_AT, WPKG_SPAN_AT + WPKG_SPAN_LEN), &any) &&
	       any;
}

/*
 * Ids must differ, and need not be secret: asking the system for each costs more than all else
 * here. Steele, Lea and Flood's SplitMix64, from a seed of each thread.
 */
static uint64_t next_id(void)
{
	static _Thread_local uint64_t state;
	static _Thread_local bool is_seeded;
	if (!is_seeded)
		wpkg_random(&state, sizeof(state));
	is_seeded = true;
	state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return z != 0 ? z : 1; /* zero is no id */
}

static void put_hex(char *out, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 15; i >= 0; i--) {
		out[i] = digits[value & 15];
		value >>= 4;
	}
}

void wpkg_traceparent_continue(char out[WPKG_TRACEPARENT], struct wpkg_str received)
{
	bool is_one = wpkg_traceparent_check(received);
	memcpy(out, "00-", 3);
	if (is_one) {
		memcpy(out + WPKG_TRACE_AT, received.ptr + WPKG_TRACE_AT, WPKG_TRACE_LEN);
	} else {
		put_hex(out + WPKG_TRACE_AT, next_id());
		put_hex(out + WPKG_TRACE_AT + 16, next_id());
	}
	out[35] = '-';
	put_hex(out + WPKG_SPAN_AT, next_id());
	char last = is_one ? received.ptr[FLAGS_AT + 1] : '0';
	bool is_sampled = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
	memcpy(out + 52, is_sampled ? "-01" : "-00", 4);
}
