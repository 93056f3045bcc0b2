/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "net/range.h"

/* Eight bytes of size, then a Range header: a part lies within the size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bytes = 0;
	if (size < sizeof(bytes))
		return 0;
	memcpy(&bytes, data, sizeof(bytes));
	struct wpkg_str header = wpkg_str_of(data + sizeof(bytes), size - sizeof(bytes));
	struct wpkg_range range = wpkg_range_parse(header, bytes);
	if (range.kind == WPKG_RANGE_PART)
		fuzz_must(range.first <= range.last && range.last < bytes);
	return 0;
}
