/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_VECTOR_FLOAT_H
#define WPKG_EXEC_VECTOR_FLOAT_H

/*
 * Lanes of floats, and between floats and integers, where it is more than an operator of C. See
 * exec/vector.h. A NaN in a result comes from an operation on one, so it is quiet.
 */

#include "exec/vector.h"

#define SIGN_f32x4 ((v128)splat_u32x4(0x80000000u))
#define SIGN_f64x2 splat_v128(UINT64_C(1) << 63)

/*
 * Least and greatest as the specification has them: of zeros by sign (those of equal operands
 * differ only there), a NaN when either is one. What x86 calls so is the "pseudo" form.
 */
#if EXEC_VECTORS
#define PSEUDO(type, suffix)                                                                       \
	LANES type pmin_##type(type a, type b)                                                     \
	{                                                                                          \
		return (type)_mm_min_##suffix(b, a);                                               \
	}                                                                                          \
	LANES type pmax_##type(type a, type b)                                                     \
	{                                                                                          \
		return (type)_mm_max_##suffix(b, a);                                               \
	}
PSEUDO(f32x4, ps)
PSEUDO(f64x2, pd)
#else
#define PSEUDO(type)                                                                               \
	LANES type pmin_##type(type a, type b)                                                     \
	{                                                                                          \
		return (type)bitselect((v128)b, (v128)a, (v128)(b < a));                           \
	}                                                                                          \
	LANES type pmax_##type(type a, type b)                                                     \
	{                                                                                          \
		return (type)bitselect((v128)b, (v128)a, (v128)(a < b));                           \
	}
PSEUDO(f32x4)
PSEUDO(f64x2)
#endif

#define EXTREMES(type)                                                                             \
	LANES type min_##type(type a, type b)                                                      \
	{                                                                                          \
		v128 least = (v128)pmin_##type(a, b) | (v128)pmin_##type(b, a);                    \
		v128 ordered = (v128)((a == a) & (b == b));                                        \
		return (type)bitselect(least, (v128)(a + b), ordered);                             \
	}                                                                                          \
	LANES type max_##type(type a, type b)                                                      \
	{                                                                                          \
		v128 greatest = (v128)pmax_##type(a, b) & (v128)pmax_##type(b, a);                 \
		v128 ordered = (v128)((a == a) & (b == b));                                        \
		return (type)bitselect(greatest, (v128)(a + b), ordered);                          \
	}
EXTREMES(f32x4)
EXTREMES(f64x2)

/* Rounding to integers, and roots. */
#if EXEC_VECTORS
#define ROUNDING(type, suffix)                                                                     \
	LANES type ceil_##type(type a)                                                             \
	{                                                                                          \
		return (type)_mm_ceil_##suffix(a);                                                 \
	}                                                                                          \
	LANES type floor_##type(type a)                                                            \
	{                                                                                          \
		return (type)_mm_floor_##suffix(a);                                                \
	}                                                                                          \
	LANES type trunc_##type(type a)                                                            \
	{                                                                                          \
		return (type)_mm_round_##suffix(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);        \
	}                                                                                          \
	LANES type nearest_##type(type a)                                                          \
	{                                                                                          \
		return (type)_mm_round_##suffix(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); \
	}                                                                                          \
	LANES type sqrt_##type(type a)                                                             \
	{                                                                                          \
		return (type)_mm_sqrt_##suffix(a);                                                 \
	}
ROUNDING(f32x4, ps)
ROUNDING(f64x2, pd)
#else
/*
 * Adding a power of two so great that no fraction is left, and taking it away, rounds to the
 * nearest. What is as great as that has no fraction; adding it to itself makes a NaN quiet.
 */
#define ROUND(type, great, change)                                                                 \
	v128 sign = (v128)a & SIGN_##type;                                                         \
	type distance = (type)((v128)a ^ sign);                                                    \
	type r = (type)((v128)((distance + great) - great) | sign);                                \
	change;                                                                                    \
	r = (type)((v128)r | sign);                                                                \
	r = (type)bitselect((v128)r, (v128)a, (v128)(distance < great));                           \
	return (type)bitselect((v128)r, (v128)(a + a), (v128)(a == a));
#define ONE_WHERE(type, condition) ((type)((v128)(condition) & (v128)splat_##type(1)))
#define ROUNDING(type, great)                                                                      \
	LANES type ceil_##type(type a){                                                            \
		ROUND(type, great, r += ONE_WHERE(type, r < a))} LANES type floor_##type(type a){  \
		ROUND(type, great, r -= ONE_WHERE(type, r > a))} LANES type                        \
		nearest_##type(type a){ROUND(type, great, )} LANES type trunc_##type(type a)       \
	{                                                                                          \
		type up = ceil_##type(a), down = floor_##type(a);                                  \
		return (type)bitselect((v128)up, (v128)down, (v128)(a < 0));                       \
	}
ROUNDING(f32x4, 0x1p23F)
ROUNDING(f64x2, 0x1p52)

LANES f32x4 sqrt_f32x4(f32x4 a)
{
	return (f32x4){__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]),
		       __builtin_sqrtf(a[3])};
}

LANES f64x2 sqrt_f64x2(f64x2 a)
{
	return (f64x2){__builtin_sqrt(a[0]), __builtin_sqrt(a[1])};
}
#endif

/* To integers, saturating: a NaN is 0. */
LANES i32x4 sat_i32x4(f32x4 a)
{
	i32x4 beyond = a >= 0x1p31F;
#if EXEC_VECTORS
	/* Out of range the instruction gives the least integer, which beyond turns to the greatest.
	 */
	return (i32x4)_mm_cvttps_epi32((__m128)((i32x4)a & (i32x4)(a == a))) ^ beyond;
#else
	i32x4 inside = (a >= -0x1p31F) & ~beyond;
	i32x4 r = __builtin_convertvector((f32x4)((i32x4)a & inside), i32x4);
	r |= (i32x4)(a < -0x1p31F) & INT32_MIN;
	return r | (beyond & INT32_MAX);
#endif
}

LANES u32x4 sat_u32x4(f32x4 a)
{
	u32x4 high = (u32x4)(a >= 0x1p31F), beyond = (u32x4)(a >= 0x1p32F);
	u32x4 inside = (u32x4)(a > 0) & ~beyond;
	f32x4 rest = (f32x4)((u32x4)a & inside);
	rest -= (f32x4)((u32x4)splat_f32x4(0x1p31F) & high & inside);
	u32x4 r = (u32x4) __builtin_convertvector(rest, i32x4) ^ (high & 0x80000000u);
	return r | beyond;
}

#if EXEC_VECTORS
LANES i32x4 sat_i32x4_f64x2(f64x2 a)
{
	f64x2 number = (f64x2)((v128)a & (v128)(a == a));
	return (i32x4)_mm_cvttpd_epi32(_mm_min_pd(number, splat_f64x2(INT32_MAX)));
}

/* The sum with a power of two has the integer in the low bits of its fraction. */
LANES u32x4 sat_u32x4_f64x2(f64x2 a)
{
	f64x2 inside = _mm_min_pd(_mm_max_pd(a, splat_f64x2(0)), splat_f64x2(UINT32_MAX));
	f64x2 sum = trunc_f64x2(inside) + 0x1p52;
	return (u32x4)_mm_shuffle_ps((__m128)sum, _mm_setzero_ps(), _MM_SHUFFLE(0, 0, 2, 0));
}
#else
LANES i32x4 sat_i32x4_f64x2(f64x2 a)
{
	return (i32x4){(int32_t)sat_i32(a[0]), (int32_t)sat_i32(a[1]), 0, 0};
}

LANES u32x4 sat_u32x4_f64x2(f64x2 a)
{
	return (u32x4){sat_u32(a[0]), sat_u32(a[1]), 0, 0};
}
#endif

/* From integers and between floats; what a result has more lanes for is 0. */
LANES f32x4 demote(f64x2 a)
{
	return (f32x4){(float)a[0], (float)a[1], 0, 0};
}

LANES f64x2 promote_low(f32x4 a)
{
	return (f64x2){a[0], a[1]};
}

LANES f64x2 convert_low_i32x4(i32x4 a)
{
	return (f64x2){a[0], a[1]};
}

LANES f64x2 convert_low_u32x4(u32x4 a)
{
	return (f64x2){a[0], a[1]};
}

/* Every NaN as the canonical one. */
LANES f32x4 canonical_f32x4(f32x4 a)
{
	return (f32x4)bitselect((v128)a, (v128)splat_u32x4(0x7fc00000), (v128)(a == a));
}

LANES f64x2 canonical_f64x2(f64x2 a)
{
	v128 nan = splat_v128(UINT64_C(0x7ff8000000000000));
	return (f64x2)bitselect((v128)a, nan, (v128)(a == a));
}

/* Relaxed: as the processor does it. */

#if EXEC_VECTORS == 2
#define MULTIPLY_ADD(type, suffix)                                                                 \
	LANES type relaxed_madd_##type(type a, type b, type c)                                     \
	{                                                                                          \
		return (type)_mm_fmadd_##suffix(a, b, c);                                          \
	}                                                                                          \
	LANES type relaxed_nmadd_##type(type a, type b, type c)                                    \
	{                                                                                          \
		return (type)_mm_fnmadd_##suffix(a, b, c);                                         \
	}
#else
#define MULTIPLY_ADD(type, suffix)                                                                 \
	LANES type relaxed_madd_##type(type a, type b, type c)                                     \
	{                                                                                          \
		return a * b + c;                                                                  \
	}                                                                                          \
	LANES type relaxed_nmadd_##type(type a, type b, type c)                                    \
	{                                                                                          \
		return -a * b + c;                                                                 \
	}
#endif
MULTIPLY_ADD(f32x4, ps)
MULTIPLY_ADD(f64x2, pd)

LANES i32x4 relaxed_sat_i32x4(f32x4 a)
{
#if EXEC_VECTORS
	return (i32x4)_mm_cvttps_epi32(a);
#else
	return sat_i32x4(a);
#endif
}

LANES i32x4 relaxed_sat_i32x4_f64x2(f64x2 a)
{
#if EXEC_VECTORS
	return (i32x4)_mm_cvttpd_epi32(a);
#else
	return sat_i32x4_f64x2(a);
#endif
}

#endif
