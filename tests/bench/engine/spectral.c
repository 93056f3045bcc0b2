/* SPDX-License-Identifier: Apache-2.0 */
/* Divisions and conversions: the largest singular value of a matrix that is computed, not kept. */
#include <math.h>
#include <stdio.h>

#define N 400

static double u[N], v[N], t[N];

static double cell(int i, int k)
{
	return 1.0 / ((i + k) * (i + k + 1) / 2 + i + 1);
}

static void multiply(const double *from, double *to, int transposed)
{
	for (int i = 0; i < N; i++) {
		to[i] = 0;
		for (int k = 0; k < N; k++)
			to[i] += (transposed ? cell(k, i) : cell(i, k)) * from[k];
	}
}

int main(void)
{
	double uv = 0, vv = 0;
	for (int i = 0; i < N; i++)
		u[i] = 1;
	for (int round = 0; round < 10; round++) {
		multiply(u, t, 0);
		multiply(t, v, 1);
		multiply(v, t, 0);
		multiply(t, u, 1);
	}
	for (int i = 0; i < N; i++) {
		uv += u[i] * v[i];
		vv += v[i] * v[i];
	}
	printf("%.9f\n", sqrt(uv / vv));
	return 0;
}
