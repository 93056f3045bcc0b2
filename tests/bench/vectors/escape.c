/* SPDX-License-Identifier: Apache-2.0 */
/* Two doubles at a time in locals, and masks: how long points of the plane take to escape. */
#include "kernel.h"

#define LIMIT 200

#ifdef VECTORS
static uint32_t steps(double cx, double dx, double y0)
{
	const v128_t four = wasm_f64x2_splat(4), one = wasm_i64x2_splat(1);
	v128_t x0 = wasm_f64x2_make(cx, cx + dx), cy = wasm_f64x2_splat(y0);
	v128_t x = wasm_f64x2_splat(0), y = x, count = x;
	for (int n = 0; n < LIMIT; n++) {
		v128_t xx = wasm_f64x2_mul(x, x), yy = wasm_f64x2_mul(y, y);
		v128_t inside = wasm_f64x2_lt(wasm_f64x2_add(xx, yy), four);
		if (!wasm_v128_any_true(inside))
			break;
		count = wasm_i64x2_add(count, wasm_v128_and(inside, one));
		y = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_add(x, x), y), cy);
		x = wasm_f64x2_add(wasm_f64x2_sub(xx, yy), x0);
	}
	return (uint32_t)(wasm_i64x2_extract_lane(count, 0) + wasm_i64x2_extract_lane(count, 1));
}
#else
static uint32_t steps(double cx, double dx, double cy)
{
	uint32_t count = 0;
	for (int lane = 0; lane < 2; lane++) {
		double x0 = lane ? cx + dx : cx, x = 0, y = 0;
		for (int n = 0; n < LIMIT; n++) {
			double xx = x * x, yy = y * y;
			if (!(xx + yy < 4))
				break;
			count++;
			y = (x + x) * y + cy;
			x = xx - yy + x0;
		}
	}
	return count;
}
#endif

int main(void)
{
	uint32_t sum = 0;
	for (int row = 0; row < 600; row++)
		for (int column = 0; column < 600; column += 2)
			sum += steps(column / 240.0 - 2.0, 1 / 240.0, row / 300.0 - 1.0);
	printf("%u\n", (unsigned)sum);
	return 0;
}
