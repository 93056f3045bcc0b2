/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles in locals and a branch on them: how long points of the plane take to escape. */
#include <stdio.h>

int main(void)
{
	unsigned long steps = 0;
	for (int row = 0; row < 400; row++) {
		for (int column = 0; column < 400; column++) {
			double cx = column / 160.0 - 2.0, cy = row / 200.0 - 1.0, x = 0, y = 0;
			int n = 0;
			for (; n < 200 && x * x + y * y < 4; n++) {
				double next = x * x - y * y + cx;
				y = 2 * x * y + cy;
				x = next;
			}
			steps += (unsigned long)n;
		}
	}
	printf("%lu\n", steps);
	return 0;
}
