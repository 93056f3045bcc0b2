/* SPDX-License-Identifier: Apache-2.0 */
/* Two loads, a product and a sum: multiplication of matrices of doubles. */
#include <stdio.h>

#define N 220

static double a[N][N], b[N][N], c[N][N];

int main(void)
{
	double sum = 0;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < N; i++)
			for (int k = 0; k < N; k++) {
				a[i][k] = (i + k + round) % 7;
				b[i][k] = (i * k) % 11;
			}
		for (int i = 0; i < N; i++)
			for (int k = 0; k < N; k++) {
				double cell = 0;
				for (int j = 0; j < N; j++)
					cell += a[i][j] * b[j][k];
				c[i][k] = cell;
			}
		for (int i = 0; i < N; i++)
			sum += c[i][(i * 13) % N];
	}
	printf("%.0f\n", sum);
	return 0;
}
