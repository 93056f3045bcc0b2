/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TRAIT_H
#define WPKG_STORE_TRAIT_H

/*
 * What modules are:
 *
 *   exports:add          an export; of a component also "exports:wasi:http/types" without the
 *                        version and "exports:wasi:http" without the interface
 *   imports:env          a module that is imported from, and "imports:env.abort" one import of it;
 *                        of a component as exports
 *   runs-on:wasi-p1      a host profile that it matches
 *   feature:simd         producer:rustc          kind:module, kind:component
 *   keyword:fast         license:MIT             needs:example.com/lib
 *
 * Names hold any characters and have any length: the index knows each by an id, the first eight
 * bytes of its digest. Two of the same id are one in 2^64.
 */

#include "data/value.h"
#include "pkg/invoice.h"

#define TRAITS_MAX 4000 /* of one package; more are not looked for */

/* "KEY:VALUE" with a key from above and a value: what a person asks for. */
bool trait_is(struct wpkg_str text);

/* The id of such a text. Case counts in exports and imports alone. */
int64_t trait_id(struct wpkg_str text);

/* Once sorted, each once and the smallest first. */
struct traits {
	size_t count;
	int64_t ids[TRAITS_MAX];
};

/* Adds what the facts of a module say, and what the invoice says. */
void traits_add_facts(struct traits *traits, const struct wpkg_value *facts);
void traits_add_invoice(struct traits *traits, const struct wpkg_invoice *invoice);

void traits_sort(struct traits *traits);

/* Sorted traits as bytes, eight for each with the highest first, in the arena; and back. Of bytes
 * that are none, none. */
#define TRAIT_BYTES 8
struct wpkg_str traits_write(const struct traits *traits, struct wpkg_arena *arena);
void traits_read(struct traits *traits, struct wpkg_str bytes);

#endif
