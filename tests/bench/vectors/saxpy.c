/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, a product, a sum and a store of floats: y += a * x. */
#include "kernel.h"

#define COUNT 4096

static float x[COUNT], y[COUNT];

#ifdef VECTORS
static void add_scaled(float a)
{
	v128_t factor = wasm_f32x4_splat(a);
	for (int i = 0; i < COUNT; i += 4) {
		v128_t product = wasm_f32x4_mul(wasm_v128_load(x + i), factor);
		wasm_v128_store(y + i, wasm_f32x4_add(wasm_v128_load(y + i), product));
	}
}
#else
static void add_scaled(float a)
{
	for (int i = 0; i < COUNT; i++)
		y[i] += x[i] * a;
}
#endif

int main(void)
{
	for (int i = 0; i < COUNT; i++)
		x[i] = (float)(i % 17);
	for (int round = 0; round < 40000; round++)
		add_scaled((float)(round % 7 - 3) * 0.125F);
	double sum = 0;
	for (int i = 0; i < COUNT; i++)
		sum += (double)y[i];
	printf("%.6f\n", sum);
	return 0;
}
