/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <stdatomic.h>
#include <sys/auxv.h>

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* The kernel gives each process 16 random bytes: no call that a sandbox could refuse is needed. */
void wpkg_hash_init(struct wpkg_hash_state *state)
{
	static _Atomic(const void *) known; /* of each thread the same */
	uint64_t key[2] = {0, 0};
	const void *random = atomic_load_explicit(&known, memory_order_relaxed);
	if (!random) {
		random = (const void *)getauxval(AT_RANDOM); /* NOLINT: an address by contract */
		atomic_store_explicit(&known, random, memory_order_relaxed);
	}
	if (random)
		memcpy(key, random, sizeof(key));
	state->v[0] = key[0] ^ UINT64_C(0x736f6d6570736575);
	state->v[1] = key[1] ^ UINT64_C(0x646f72616e646f6d);
	state->v[2] = key[0] ^ UINT64_C(0x6c7967656e657261);
	state->v[3] = key[1] ^ UINT64_C(0x7465646279746573);
}

static inline void add(struct wpkg_hash_state *state, uint64_t word)
{
	state->v[3] ^= word;
	sip_round(state->v);
	state->v[0] ^= word;
}

void wpkg_hash_add(struct wpkg_hash_state *state, uint64_t word)
{
	add(state, word);
}

uint64_t wpkg_hash_finish(struct wpkg_hash_state *state)
{
	state->v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(state->v);
	return state->v[0] ^ state->v[1] ^ state->v[2] ^ state->v[3];
}

uint64_t wpkg_hash(struct wpkg_str bytes)
{
	struct wpkg_hash_state state;
	uint64_t word = 0;
	wpkg_hash_init(&state);
	size_t at = 0;
	for (; bytes.len - at >= 8; at += 8) {
		memcpy(&word, bytes.ptr + at, 8);
		add(&state, word);
	}
	word = (uint64_t)bytes.len << 56;
	for (size_t i = at; i < bytes.len; i++)
		word |= (uint64_t)(uint8_t)bytes.ptr[i] << (i - at) * 8;
	add(&state, word);
	return wpkg_hash_finish(&state);
}
