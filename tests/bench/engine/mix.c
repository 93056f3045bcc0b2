/* SPDX-License-Identifier: Apache-2.0 */
/* What small controllers do: a list that is reversed, a matrix of shorts, a machine of states over
 * text, and a checksum over all of it. */
#include <stdint.h>
#include <stdio.h>

#define ITEMS 64
#define SIDE 12

struct item {
	struct item *next;
	int16_t key, value;
};

static struct item items[ITEMS];
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];

static uint16_t check(uint16_t crc, uint32_t data)
{
	for (int i = 0; i < 32; i++, data >>= 1) {
		unsigned carry = (crc ^ data) & 1;
		crc = (uint16_t)(crc >> 1 ^ (carry ? 0xa001 : 0));
	}
	return crc;
}

static uint16_t lists(uint16_t crc, int round)
{
	struct item *head = NULL;
	for (int i = 0; i < ITEMS; i++) {
		items[i] = (struct item){head, (int16_t)(i * 37 % ITEMS), (int16_t)(i ^ round)};
		head = &items[i];
	}
	for (int key = 0; key < ITEMS; key += 5) {
		struct item *at = head, *reversed = NULL;
		while (at && at->key != key)
			at = at->next;
		crc = check(crc, at ? (uint16_t)at->value : 0xffff);
		while (head) {
			struct item *next = head->next;
			head->next = reversed;
			reversed = head;
			head = next;
		}
		head = reversed;
	}
	return crc;
}

static uint16_t matrices(uint16_t crc, int round)
{
	int32_t sum = 0;
	for (int i = 0; i < SIDE; i++)
		for (int k = 0; k < SIDE; k++) {
			left[i][k] = (int16_t)(i * round + k);
			right[i][k] = (int16_t)(i - k + round);
		}
	for (int i = 0; i < SIDE; i++)
		for (int k = 0; k < SIDE; k++) {
			int32_t cell = 0;
			for (int j = 0; j < SIDE; j++)
				cell += left[i][j] * right[j][k];
			sum += cell >> 2 & 0xfff;
		}
	return check(crc, (uint32_t)sum);
}

static uint16_t states(uint16_t crc, int round)
{
	static const char text[] = "5012,1.5e3,-17,+0.25,x12,3e,9999,-1.25e-7,T0.3,0x1f,+,";
	enum { START, SIGN, WHOLE, POINT, POWER, WRONG } state = START;
	unsigned seen[WRONG + 1] = {0};
	for (const char *at = text + round % 7; *at; at++) {
		char c = *at;
		int digit = c >= '0' && c <= '9';
		if (c == ',') {
			seen[state]++;
			state = START;
			continue;
		}
		switch (state) {
		case START:
			state = digit ? WHOLE : c == '+' || c == '-' ? SIGN : WRONG;
			break;
		case SIGN:
			state = digit ? WHOLE : WRONG;
			break;
		case WHOLE:
			state = digit ? WHOLE : c == '.' ? POINT : c == 'e' ? POWER : WRONG;
			break;
		case POINT:
			state = digit ? POINT : c == 'e' ? POWER : WRONG;
			break;
		case POWER:
			state = digit || c == '-' ? POWER : WRONG;
			break;
		case WRONG:
			break;
		}
	}
	for (int i = 0; i <= WRONG; i++)
		crc = check(crc, seen[i]);
	return crc;
}

int main(void)
{
	uint16_t crc = 0;
	for (int round = 0; round < 4000; round++)
		crc = states(matrices(lists(crc, round), round), round);
	printf("%04x\n", (unsigned)crc);
	return 0;
}
