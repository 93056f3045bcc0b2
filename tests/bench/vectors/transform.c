/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes spread out, products and sums of floats: points turned by a matrix of four by four. */
#include "kernel.h"

#define COUNT 1024

static float points[COUNT][4], turned[COUNT][4];
static const float matrix[4][4] = {
	{0, 1, 0, 0.5F}, {-1, 0, 0, 0.25F}, {0, 0, 1, -0.5F}, {0.125F, 0, 0, 1}};

#ifdef VECTORS
static void turn(void)
{
	v128_t a = wasm_v128_load(matrix[0]), b = wasm_v128_load(matrix[1]),
	       c = wasm_v128_load(matrix[2]), d = wasm_v128_load(matrix[3]);
	for (int i = 0; i < COUNT; i++) {
		v128_t sum = wasm_f32x4_mul(wasm_v128_load32_splat(&points[i][0]), a);
		sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load32_splat(&points[i][1]), b));
		sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load32_splat(&points[i][2]), c));
		sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load32_splat(&points[i][3]), d));
		wasm_v128_store(turned[i], sum);
	}
}
#else
static void turn(void)
{
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < 4; k++) {
			float sum = points[i][0] * matrix[0][k];
			sum += points[i][1] * matrix[1][k];
			sum += points[i][2] * matrix[2][k];
			turned[i][k] = sum + points[i][3] * matrix[3][k];
		}
}
#endif

int main(void)
{
	double sum = 0;
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < 4; k++)
			points[i][k] = (float)(i % (k + 3));
	for (int round = 0; round < 40000; round++) {
		turn();
		points[round % COUNT][round % 4] = turned[round * 7 % COUNT][0] * 0.5F;
	}
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < 4; k++)
			sum += (double)turned[i][k];
	printf("%.6f\n", sum);
	return 0;
}
