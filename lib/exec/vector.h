/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_VECTOR_H
#define WPKG_EXEC_VECTOR_H

/*
 * Arithmetic on vectors where it is more than an operator of C: for the bodies of handlers.
 *
 * All of it is said with the compiler's vectors, which is what Arm and old processors run. Where
 * x86 has an instruction that no compiler finds in that, its name stands beside, for the builds
 * with EXEC_VECTORS 1 (SSE 4.1) and 2 (AVX2 and FMA); EXEC_VECTORS 0 is without. All builds give
 * the same results, but for relaxed instructions, of which each gives one that is allowed.
 *
 * Lanes count from the low end, so a vector in a slot is as the specification has it in memory. A
 * comparison gives a vector of all ones or zeros a lane.
 */

#include "exec/vector_type.h"

/* Where the mask has ones, a; else b. */
LANES v128 bitselect(v128 a, v128 b, v128 mask)
{
	return (a & mask) | (b & ~mask);
}

/* A helper that takes and returns vectors of one type: by the compiler's vectors, or by x86. */
#if EXEC_VECTORS
#define LANES_2(name, type, intrinsic, ...)                                                        \
	LANES type name##_##type(type a, type b)                                                   \
	{                                                                                          \
		return (type)intrinsic((__m128i)a, (__m128i)b);                                    \
	}
#define LANES_1(name, type, intrinsic, ...)                                                        \
	LANES type name##_##type(type a)                                                           \
	{                                                                                          \
		return (type)intrinsic((__m128i)a);                                                \
	}
#else
#define LANES_2(name, type, intrinsic, ...)                                                        \
	LANES type name##_##type(type a, type b)                                                   \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define LANES_1(name, type, intrinsic, ...)                                                        \
	LANES type name##_##type(type a)                                                           \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#endif

/* Least, greatest, average rounded up, distance from zero. */
#define PICK(type, condition) return (type)bitselect((v128)a, (v128)b, (v128)(condition));
LANES_2(min, i8x16, _mm_min_epi8, PICK(i8x16, a < b))
LANES_2(min, u8x16, _mm_min_epu8, PICK(u8x16, a < b))
LANES_2(min, i16x8, _mm_min_epi16, PICK(i16x8, a < b))
LANES_2(min, u16x8, _mm_min_epu16, PICK(u16x8, a < b))
LANES_2(min, i32x4, _mm_min_epi32, PICK(i32x4, a < b))
LANES_2(min, u32x4, _mm_min_epu32, PICK(u32x4, a < b))
LANES_2(max, i8x16, _mm_max_epi8, PICK(i8x16, a > b))
LANES_2(max, u8x16, _mm_max_epu8, PICK(u8x16, a > b))
LANES_2(max, i16x8, _mm_max_epi16, PICK(i16x8, a > b))
LANES_2(max, u16x8, _mm_max_epu16, PICK(u16x8, a > b))
LANES_2(max, i32x4, _mm_max_epi32, PICK(i32x4, a > b))
LANES_2(max, u32x4, _mm_max_epu32, PICK(u32x4, a > b))
LANES_2(avgr, u8x16, _mm_avg_epu8, return (a | b) - ((a ^ b) >> 1);)
LANES_2(avgr, u16x8, _mm_avg_epu16, return (a | b) - ((a ^ b) >> 1);)
#define DISTANCE(type, unsigned_type)                                                              \
	type sign = (type)(a < 0);                                                                 \
	return (type)((unsigned_type)(a ^ sign) - (unsigned_type)sign);
LANES_1(abs, i8x16, _mm_abs_epi8, DISTANCE(i8x16, u8x16))
LANES_1(abs, i16x8, _mm_abs_epi16, DISTANCE(i16x8, u16x8))
LANES_1(abs, i32x4, _mm_abs_epi32, DISTANCE(i32x4, u32x4))

LANES i64x2 abs_i64x2(i64x2 a){DISTANCE(i64x2, v128)}

/* Saturating sums and differences. An overflow goes to the end on the first operand's side. */
#define SATURATED(type, unsigned_type, bits, result, overflow)                                     \
	unsigned_type u = (unsigned_type)a, v = (unsigned_type)b, r = result;                      \
	unsigned_type end = (u >> (bits - 1)) + (unsigned_type)((1 << (bits - 1)) - 1 - (type){}); \
	return (type)bitselect((v128)end, (v128)r, (v128)((type)(overflow) < 0));
LANES_2(add_sat, i8x16, _mm_adds_epi8, SATURATED(i8x16, u8x16, 8, u + v, (u ^ r) & (v ^ r)))
	LANES_2(add_sat, i16x8, _mm_adds_epi16,
		SATURATED(i16x8, u16x8, 16, u + v, (u ^ r) & (v ^ r)))
		LANES_2(sub_sat, i8x16, _mm_subs_epi8,
			SATURATED(i8x16, u8x16, 8, u - v, (u ^ v) & (u ^ r)))
			LANES_2(sub_sat, i16x8, _mm_subs_epi16,
				SATURATED(i16x8, u16x8, 16, u - v, (u ^ v) & (u ^ r)))
				LANES_2(add_sat, u8x16, _mm_adds_epu8, u8x16 r = a + b;
					return r | (u8x16)(r < a);)
					LANES_2(add_sat, u16x8, _mm_adds_epu16, u16x8 r = a + b;
						return r | (u16x8)(r < a);)
						LANES_2(sub_sat, u8x16, _mm_subs_epu8,
							return (a - b) & (u8x16)(a > b);)
							LANES_2(sub_sat, u16x8, _mm_subs_epu16,
								return (a - b) & (u16x8)(a > b);)

	/*
	 * Shifts by a count below the width. There is none of bytes, and none of 64 bits that keeps
	 * the sign: they are made of others.
	 */
	LANES u8x16 shl_u8x16(u8x16 a, uint32_t n)
{
	return (u8x16)((u16x8)a << (uint16_t)n) & splat_u8x16((uint8_t)(0xff << n));
}

LANES u8x16 shr_u8x16(u8x16 a, uint32_t n)
{
	return (u8x16)((u16x8)a >> (uint16_t)n) & splat_u8x16((uint8_t)(0xff >> n));
}

LANES u8x16 shr_i8x16(u8x16 a, uint32_t n)
{
	u8x16 sign = splat_u8x16((uint8_t)(0x80 >> n));
	return (shr_u8x16(a, n) ^ sign) - sign;
}

LANES v128 shr_i64x2(v128 a, uint32_t n)
{
	v128 sign = splat_v128(UINT64_C(1) << (63 - n));
	return ((a >> (uint64_t)n) ^ sign) - sign;
}

/*
 * The low or the high half of the lanes, each made twice as wide: next to a zero, or above one and
 * shifted down as its sign needs. The compiler's own conversion of half a vector goes lane by lane.
 */
#define LOW16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define LOW8 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH8 4, 12, 5, 13, 6, 14, 7, 15
#define LOW4 0, 4, 1, 5
#define HIGH4 2, 6, 3, 7
#if EXEC_VECTORS
#define EXTEND(from, to, below, above, shift, lanes, intrinsic)                                    \
	LANES to extend_low_##from(from a)                                                         \
	{                                                                                          \
		return (to)intrinsic((__m128i)a);                                                  \
	}                                                                                          \
	LANES to extend_high_##from(from a)                                                        \
	{                                                                                          \
		return (to)intrinsic(_mm_srli_si128((__m128i)a, 8));                               \
	}
#else
#define EXTEND(from, to, below, above, shift, lanes, intrinsic)                                    \
	LANES to extend_low_##from(from a)                                                         \
	{                                                                                          \
		return (to)__builtin_shufflevector(below, above, LOW##lanes) shift;                \
	}                                                                                          \
	LANES to extend_high_##from(from a)                                                        \
	{                                                                                          \
		return (to)__builtin_shufflevector(below, above, HIGH##lanes) shift;               \
	}
#endif
EXTEND(i8x16, i16x8, (i8x16){0}, a, >> 8, 16, _mm_cvtepi8_epi16)
EXTEND(u8x16, u16x8, a, (u8x16){0}, , 16, _mm_cvtepu8_epi16)
EXTEND(i16x8, i32x4, (i16x8){0}, a, >> 16, 8, _mm_cvtepi16_epi32)
EXTEND(u16x8, u32x4, a, (u16x8){0}, , 8, _mm_cvtepu16_epi32)
EXTEND(i32x4, i64x2, (i32x4){0}, a, >> 32, 4, _mm_cvtepi32_epi64)
EXTEND(u32x4, v128, a, (u32x4){0}, , 4, _mm_cvtepu32_epi64)

/* Products of the low or the high half of the lanes. */
#define EXTMUL(half, from, as) ((as)extend_##half##_##from(a) * (as)extend_##half##_##from(b))
#define EXTMULS(from, as)                                                                          \
	LANES as extmul_low_##from(from a, from b)                                                 \
	{                                                                                          \
		return EXTMUL(low, from, as);                                                      \
	}                                                                                          \
	LANES as extmul_high_##from(from a, from b)                                                \
	{                                                                                          \
		return EXTMUL(high, from, as);                                                     \
	}
EXTMULS(i8x16, u16x8)
EXTMULS(u8x16, u16x8)
EXTMULS(i16x8, u32x4)
EXTMULS(u16x8, u32x4)
#if EXEC_VECTORS
#define EXTMUL_64(name, from, intrinsic, unpack)                                                   \
	LANES v128 name(from a, from b)                                                            \
	{                                                                                          \
		return (v128)intrinsic(unpack((__m128i)a, (__m128i)a),                             \
				       unpack((__m128i)b, (__m128i)b));                            \
	}
EXTMUL_64(extmul_low_i32x4, i32x4, _mm_mul_epi32, _mm_unpacklo_epi32)
EXTMUL_64(extmul_high_i32x4, i32x4, _mm_mul_epi32, _mm_unpackhi_epi32)
EXTMUL_64(extmul_low_u32x4, u32x4, _mm_mul_epu32, _mm_unpacklo_epi32)
EXTMUL_64(extmul_high_u32x4, u32x4, _mm_mul_epu32, _mm_unpackhi_epi32)
#else
/* Nothing multiplies lanes of 64 bits: each by itself. */
#define EXTMUL_64(name, from, wide, first, second)                                                 \
	LANES v128 name(from a, from b)                                                            \
	{                                                                                          \
		return (v128){(uint64_t)((wide)a[first] * b[first]),                               \
			      (uint64_t)((wide)a[second] * b[second])};                            \
	}
EXTMUL_64(extmul_low_i32x4, i32x4, int64_t, 0, 1)
EXTMUL_64(extmul_high_i32x4, i32x4, int64_t, 2, 3)
EXTMUL_64(extmul_low_u32x4, u32x4, uint64_t, 0, 1)
EXTMUL_64(extmul_high_u32x4, u32x4, uint64_t, 2, 3)
#endif

/* Both operands' lanes at half the width, saturated. The operands are signed. */
#define WITHIN(type, low, high)                                                                    \
	a = min_##type(max_##type(a, splat_##type(low)), splat_##type(high));                      \
	b = min_##type(max_##type(b, splat_##type(low)), splat_##type(high));
/* The low half of each lane, first of a, then of b. */
#define EVEN16 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define EVEN8 0, 2, 4, 6, 8, 10, 12, 14
#define NARROW(to, even) return __builtin_shufflevector((to)a, (to)b, even);
#if EXEC_VECTORS
#define NARROWING(name, from, to, intrinsic, ...)                                                  \
	LANES to name(from a, from b)                                                              \
	{                                                                                          \
		return (to)intrinsic((__m128i)a, (__m128i)b);                                      \
	}
#else
#define NARROWING(name, from, to, intrinsic, ...)                                                  \
	LANES to name(from a, from b)                                                              \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#endif
NARROWING(narrow_i8x16, i16x8, i8x16, _mm_packs_epi16,
	  WITHIN(i16x8, INT8_MIN, INT8_MAX) NARROW(i8x16, EVEN16))
NARROWING(narrow_u8x16, i16x8, u8x16, _mm_packus_epi16,
	  WITHIN(i16x8, 0, UINT8_MAX) NARROW(u8x16, EVEN16))
NARROWING(narrow_i16x8, i32x4, i16x8, _mm_packs_epi32,
	  WITHIN(i32x4, INT16_MIN, INT16_MAX) NARROW(i16x8, EVEN8))
NARROWING(narrow_u16x8, i32x4, u16x8, _mm_packus_epi32,
	  WITHIN(i32x4, 0, UINT16_MAX) NARROW(u16x8, EVEN8))

/* Sums of neighbours, as lanes of twice the width; and of their products. */
LANES i16x8 extadd_i8x16(v128 a)
{
	return ((i16x8)((u16x8)a << 8) >> 8) + ((i16x8)a >> 8);
}

LANES u16x8 extadd_u8x16(v128 a)
{
	return ((u16x8)a & 0xff) + ((u16x8)a >> 8);
}

LANES u32x4 extadd_i16x8(v128 a)
{
	return (u32x4)((i32x4)((u32x4)a << 16) >> 16) + (u32x4)((i32x4)a >> 16);
}

LANES u32x4 extadd_u16x8(v128 a)
{
	return ((u32x4)a & 0xffff) + ((u32x4)a >> 16);
}

LANES u32x4 dot_i16x8(v128 a, v128 b)
{
#if EXEC_VECTORS
	return (u32x4)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
	u32x4 even = (u32x4)(((i32x4)((u32x4)a << 16) >> 16) * ((i32x4)((u32x4)b << 16) >> 16));
	return even + (u32x4)(((i32x4)a >> 16) * ((i32x4)b >> 16));
#endif
}

/* Products of fractions with 15 bits, rounded; -1 times -1 is the greatest there is. */
LANES i16x8 q15mulr_sat(i16x8 a, i16x8 b)
{
#if EXEC_VECTORS
	i16x8 r = (i16x8)_mm_mulhrs_epi16((__m128i)a, (__m128i)b);
	return r ^ (i16x8)(r == INT16_MIN);
#else
	i32x4 low = ((i32x4)extmul_low_i16x8(a, b) + 0x4000) >> 15;
	i32x4 high = ((i32x4)extmul_high_i16x8(a, b) + 0x4000) >> 15;
	return narrow_i16x8(low, high);
#endif
}

/* Set bits of each byte. */
LANES u8x16 popcnt_u8x16(v128 a)
{
	u8x16 pairs = (u8x16)a - (u8x16)((a >> 1) & splat_v128(UINT64_C(0x5555555555555555)));
	v128 mask = splat_v128(UINT64_C(0x3333333333333333));
	u8x16 fours = (u8x16)((v128)pairs & mask) + (u8x16)(((v128)pairs >> 2) & mask);
	return (fours + (u8x16)((v128)fours >> 4)) & 0x0f;
}

/* Bytes of a, as the indices say: those below 16, or 0x80 for a byte of 0. Of others processors
 * make different things. */
#if EXEC_VECTORS
LANES v128 take_bytes(v128 a, v128 indices)
{
	return (v128)_mm_shuffle_epi8((__m128i)a, (__m128i)indices);
}
#elif defined(__aarch64__)
LANES v128 take_bytes(v128 a, v128 indices)
{
	return (v128)vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)indices);
}
#else
static __attribute__((noinline)) v128 take_bytes(v128 a, v128 indices)
{
	u8x16 from = (u8x16)a, at = (u8x16)indices, to = {0};
	for (unsigned i = 0; i < 16; i++)
		to[i] = at[i] < 0x80 ? from[at[i] & 15] : 0;
	return (v128)to;
}
#endif

/* 0 where an index is 16 or more: on Arm they are as they should be. */
LANES v128 swizzle(v128 a, v128 indices)
{
#if !EXEC_VECTORS && defined(__aarch64__)
	return take_bytes(a, indices);
#else
	return take_bytes(a, (v128)add_sat_u8x16((u8x16)indices, splat_u8x16(0x70)));
#endif
}

/* Is there a bit that is set? Are all lanes other than 0? */
LANES uint32_t any_true(v128 a)
{
#if EXEC_VECTORS
	return !_mm_testz_si128((__m128i)a, (__m128i)a);
#else
	return (a[0] | a[1]) != 0;
#endif
}

/* The signs of the lanes as a number. */
#if EXEC_VECTORS
LANES uint32_t bitmask_u8x16(v128 a)
{
	return (uint32_t)_mm_movemask_epi8((__m128i)a);
}

LANES uint32_t bitmask_u16x8(v128 a)
{
	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16((__m128i)a, _mm_setzero_si128()));
}

LANES uint32_t bitmask_u32x4(v128 a)
{
	return (uint32_t)_mm_movemask_ps((__m128)a);
}

LANES uint32_t bitmask_v128(v128 a)
{
	return (uint32_t)_mm_movemask_pd((__m128d)a);
}
#else
/* A product gathers what stands 8 bits apart at the top. */
LANES uint32_t bitmask_u8x16(v128 a)
{
	uint64_t ones = UINT64_C(0x0101010101010101), gather = UINT64_C(0x0102040810204080);
	return (uint32_t)((a[0] >> 7 & ones) * gather >> 56 | ((a[1] >> 7 & ones) * gather >> 56)
								      << 8);
}

/* Each sign at the bit that is its lane's; then all in one word, as no two meet. */
LANES uint32_t bitmask_u16x8(v128 a)
{
	v128 bits = (v128)(((i16x8)a < 0) & (i16x8){1, 2, 4, 8, 16, 32, 64, 128});
	uint64_t both = bits[0] | bits[1];
	both |= both >> 32;
	return (uint32_t)(both | both >> 16) & 0xff;
}

LANES uint32_t bitmask_u32x4(v128 a)
{
	v128 bits = (v128)(((i32x4)a < 0) & (i32x4){1, 2, 4, 8});
	uint64_t both = bits[0] | bits[1];
	return (uint32_t)(both | both >> 32);
}

LANES uint32_t bitmask_v128(v128 a)
{
	return (uint32_t)(a[0] >> 63 | a[1] >> 63 << 1);
}
#endif

/* Relaxed: what the specification leaves open, as the processor does it. */

LANES v128 relaxed_swizzle(v128 a, v128 indices)
{
#if EXEC_VECTORS
	return take_bytes(a, indices);
#else
	return swizzle(a, indices);
#endif
}

LANES i16x8 relaxed_q15mulr(i16x8 a, i16x8 b)
{
#if EXEC_VECTORS
	return (i16x8)_mm_mulhrs_epi16((__m128i)a, (__m128i)b);
#else
	return q15mulr_sat(a, b);
#endif
}

/* Sums of products of neighbours, saturated; with the second operand signed. */
LANES i16x8 dot_i8x16(v128 a, v128 b)
{
	i16x8 even = ((i16x8)((u16x8)a << 8) >> 8) * ((i16x8)((u16x8)b << 8) >> 8);
	i16x8 odd = ((i16x8)a >> 8) * ((i16x8)b >> 8);
	return add_sat_i16x8(even, odd);
}

LANES i16x8 relaxed_dot_i8x16(v128 a, v128 b)
{
#if EXEC_VECTORS
	return (i16x8)_mm_maddubs_epi16((__m128i)b, (__m128i)a);
#else
	return dot_i8x16(a, b);
#endif
}

#endif
