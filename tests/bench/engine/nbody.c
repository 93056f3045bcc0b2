/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles in structs: bodies that attract each other. */
#include <math.h>
#include <stdio.h>

#define BODIES 5

struct body {
	double at[3], speed[3], mass;
};

static struct body bodies[BODIES];

static void attract(struct body *a, struct body *b, double step)
{
	double d[3], square = 0.01;
	for (int i = 0; i < 3; i++) {
		d[i] = a->at[i] - b->at[i];
		square += d[i] * d[i];
	}
	double pull = step / (square * sqrt(square));
	for (int i = 0; i < 3; i++) {
		a->speed[i] -= d[i] * b->mass * pull;
		b->speed[i] += d[i] * a->mass * pull;
	}
}

int main(void)
{
	double sum = 0;
	for (int i = 0; i < BODIES; i++)
		bodies[i] =
			(struct body){{i * 1.5, i * i - 3.0, 2.0 - i}, {0.1 * i, 0, -0.1}, 1.0 + i};
	for (int step = 0; step < 300000; step++) {
		for (int i = 0; i < BODIES; i++)
			for (int k = i + 1; k < BODIES; k++)
				attract(&bodies[i], &bodies[k], 0.001);
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < 3; k++)
				bodies[i].at[k] += bodies[i].speed[k] * 0.001;
	}
	for (int i = 0; i < BODIES; i++)
		sum += bodies[i].at[0] + bodies[i].speed[1];
	printf("%.6f\n", sum);
	return 0;
}
