/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_BYTES_H
#define WPKG_EXEC_BYTES_H

/* LEB128 of a body that was validated: no bounds, no errors. */

#include <stdint.h>

static inline uint64_t take_u64(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static inline uint32_t take_u32(const uint8_t **at)
{
	return (uint32_t)take_u64(at);
}

/* Also of 32 and 33 bits: the sign reaches up. */
static inline int64_t take_s64(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	return (int64_t)value;
}

#endif
