/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_NUMBER_H
#define WPKG_EXEC_NUMBER_H

/*
 * Arithmetic where C differs from WebAssembly, and unaligned little-endian access. Where a result
 * is a NaN it comes from an operation on an operand that is one, so it is quiet as required.
 */

#include <stdint.h>
#include <string.h>

static inline uint32_t bits_f32(float x)
{
	union {
		float x;
		uint32_t bits;
	} same = {x};
	return same.bits;
}

static inline uint64_t bits_f64(double x)
{
	union {
		double x;
		uint64_t bits;
	} same = {x};
	return same.bits;
}

static inline float float_bits(uint32_t bits)
{
	union {
		uint32_t bits;
		float x;
	} same = {bits};
	return same.x;
}

static inline double double_bits(uint64_t bits)
{
	union {
		uint64_t bits;
		double x;
	} same = {bits};
	return same.x;
}

/* min and max: zeros by sign (equal operands differ only there), a NaN when either is one. */
static inline float min_f32(float a, float b)
{
	if (a < b)
		return a;
	if (b < a)
		return b;
	return a == b ? float_bits(bits_f32(a) | bits_f32(b)) : a + b;
}

static inline float max_f32(float a, float b)
{
	if (a > b)
		return a;
	if (b > a)
		return b;
	return a == b ? float_bits(bits_f32(a) & bits_f32(b)) : a + b;
}

static inline double min_f64(double a, double b)
{
	if (a < b)
		return a;
	if (b < a)
		return b;
	return a == b ? double_bits(bits_f64(a) | bits_f64(b)) : a + b;
}

static inline double max_f64(double a, double b)
{
	if (a > b)
		return a;
	if (b > a)
		return b;
	return a == b ? double_bits(bits_f64(a) & bits_f64(b)) : a + b;
}

/* Rounding: the library's functions leave a signalling NaN as it is where they are inlined. */
static inline float quiet_f32(float x, float rounded)
{
	return x != x ? x + x : rounded;
}

static inline double quiet_f64(double x, double rounded)
{
	return x != x ? x + x : rounded;
}

/* Saturating conversions: NaN is 0, and what lies outside is the nearest end. */
static inline uint32_t sat_i32(double x)
{
	if (!(x >= -2147483648.0))
		return x != x ? 0 : 0x80000000u;
	return x < 2147483648.0 ? (uint32_t)(int32_t)x : 0x7fffffffu;
}

static inline uint32_t sat_u32(double x)
{
	if (!(x > 0))
		return 0;
	return x < 4294967296.0 ? (uint32_t)x : UINT32_MAX;
}

static inline uint64_t sat_i64(double x)
{
	if (!(x >= -9223372036854775808.0))
		return x != x ? 0 : 0x8000000000000000u;
	return x < 9223372036854775808.0 ? (uint64_t)(int64_t)x : (uint64_t)INT64_MAX;
}

static inline uint64_t sat_u64(double x)
{
	if (!(x > 0))
		return 0;
	return x < 18446744073709551616.0 ? (uint64_t)x : UINT64_MAX;
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the interpreter reads a memory in the host's byte order, which must be little-endian"
#endif

#define WPKG_ACCESS(type)                                                                          \
	static inline type load_##type(const uint8_t *at)                                          \
	{                                                                                          \
		type value;                                                                        \
		memcpy(&value, at, sizeof(value));                                                 \
		return value;                                                                      \
	}                                                                                          \
	static inline void store_##type(uint8_t *at, type value)                                   \
	{                                                                                          \
		memcpy(at, &value, sizeof(value));                                                 \
	}

WPKG_ACCESS(int8_t)
WPKG_ACCESS(uint8_t)
WPKG_ACCESS(int16_t)
WPKG_ACCESS(uint16_t)
WPKG_ACCESS(int32_t)
WPKG_ACCESS(uint32_t)
WPKG_ACCESS(uint64_t)

/* By way of the bits: sanitizers would keep a variable of these types in memory, and a handler with
 * such a variable does not end in a jump. */
static inline float load_float(const uint8_t *at)
{
	return float_bits(load_uint32_t(at));
}

static inline double load_double(const uint8_t *at)
{
	return double_bits(load_uint64_t(at));
}

static inline void store_float(uint8_t *at, float value)
{
	store_uint32_t(at, bits_f32(value));
}

static inline void store_double(uint8_t *at, double value)
{
	store_uint64_t(at, bits_f64(value));
}

#endif
