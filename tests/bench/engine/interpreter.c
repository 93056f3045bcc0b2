/* SPDX-License-Identifier: Apache-2.0 */
/* A large switch in a loop: a machine of a few instructions that counts primes. */
#include <stdint.h>
#include <stdio.h>

enum { CONST, LOAD, STORE, ADD, SUB, MUL, REM, LESS, JUMP, JUMP_ZERO, PRINT, STOP };

static const int32_t program[] = {
	/* 0: n = 2 */
	CONST,
	2,
	STORE,
	0,
	/* 4: while (n < 12000), else end; k = 2 */
	LOAD,
	0,
	CONST,
	12000,
	LESS,
	JUMP_ZERO,
	60,
	CONST,
	2,
	STORE,
	1,
	/* 15: while (k * k < n + 1), else a prime; k divides n: more; k++ */
	LOAD,
	1,
	LOAD,
	1,
	MUL,
	LOAD,
	0,
	CONST,
	1,
	ADD,
	LESS,
	JUMP_ZERO,
	44,
	LOAD,
	0,
	LOAD,
	1,
	REM,
	JUMP_ZERO,
	51,
	LOAD,
	1,
	CONST,
	1,
	ADD,
	STORE,
	1,
	JUMP,
	15,
	/* 44: primes++ */
	LOAD,
	2,
	CONST,
	1,
	ADD,
	STORE,
	2,
	/* 51: more: n++ */
	LOAD,
	0,
	CONST,
	1,
	ADD,
	STORE,
	0,
	JUMP,
	4,
	/* 60: end */
	LOAD,
	2,
	PRINT,
	STOP,
};

static int32_t run(const int32_t *code)
{
	int32_t stack[16], locals[4] = {0}, result = 0, *sp = stack;
	for (const int32_t *pc = code;;) {
		switch (*pc++) {
		case CONST:
			*sp++ = *pc++;
			break;
		case LOAD:
			*sp++ = locals[*pc++];
			break;
		case STORE:
			locals[*pc++] = *--sp;
			break;
		case ADD:
			sp--;
			sp[-1] += sp[0];
			break;
		case SUB:
			sp--;
			sp[-1] -= sp[0];
			break;
		case MUL:
			sp--;
			sp[-1] *= sp[0];
			break;
		case REM:
			sp--;
			sp[-1] %= sp[0];
			break;
		case LESS:
			sp--;
			sp[-1] = sp[-1] < sp[0];
			break;
		case JUMP:
			pc = code + *pc;
			break;
		case JUMP_ZERO:
			pc = *--sp ? pc + 1 : code + *pc;
			break;
		case PRINT:
			result = result * 31 + *--sp;
			break;
		default:
			return result;
		}
	}
}

int main(void)
{
	uint32_t sum = 0;
	for (int round = 0; round < 8; round++)
		sum = sum * 31 + (uint32_t)run(program);
	printf("%u\n", (unsigned)sum);
	return 0;
}
