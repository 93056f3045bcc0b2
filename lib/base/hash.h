/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_HASH_H
#define WPKG_BASE_HASH_H

/*
 * Hashes for tables in memory (SipHash-1-3), with a key that is different in each process: whoever
 * makes the keys of a table cannot make them collide. Not for anything that is kept or sent.
 */

#include <stdint.h>

#include "base/str.h"

struct wpkg_hash_state {
	uint64_t v[4];
};

/* A sequence of words: init, any number of adds, and the hash. */
void wpkg_hash_init(struct wpkg_hash_state *state);
void wpkg_hash_add(struct wpkg_hash_state *state, uint64_t word);
uint64_t wpkg_hash_finish(struct wpkg_hash_state *state);

/* The hash of bytes. */
uint64_t wpkg_hash(struct wpkg_str bytes);

#endif
