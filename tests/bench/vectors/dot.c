/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and a chain of sums of floats: a dot product, whose sums are exact. */
#include "kernel.h"

#define COUNT 4096

static float x[COUNT], y[COUNT];

#ifdef VECTORS
static float dot(void)
{
	v128_t sum = wasm_f32x4_splat(0);
	for (int i = 0; i < COUNT; i += 4)
		sum = wasm_f32x4_add(sum,
				     wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(y + i)));
	return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1) +
	       wasm_f32x4_extract_lane(sum, 2) + wasm_f32x4_extract_lane(sum, 3);
}
#else
static float dot(void)
{
	float sum = 0;
	for (int i = 0; i < COUNT; i++)
		sum += x[i] * y[i];
	return sum;
}
#endif

int main(void)
{
	double total = 0;
	for (int i = 0; i < COUNT; i++)
		y[i] = (float)(i % 13 - 6);
	for (int round = 0; round < 30000; round++) {
		x[round % COUNT] = (float)(round % 5);
		total += (double)dot();
	}
	printf("%.1f\n", total);
	return 0;
}
