/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TRAIT_H
#define WPKG_STORE_TRAIT_H

/*
 * What modules are, as words that an index of texts can hold:
 *
 *   exports:add          an export; of a component also "exports:wasi:http/types" without the
 *                        version and "exports:wasi:http" without the interface
 *   imports:env          a module that is imported from, and "imports:env.abort" one import of it;
 *                        of a component as exports
 *   runs-on:wasi-p1      a host profile that it matches
 *   feature:simd         producer:rustc          kind:module, kind:component
 *   keyword:fast         license:MIT             needs:example.com/lib
 *
 * Names hold any characters, so the index has a word of each one's digest instead: "x" and 16 hex
 * digits. Two of the same word are one in 2^64.
 */

#include "base/buf.h"
#include "data/value.h"
#include "pkg/invoice.h"

#define TRAIT_WORD 17	/* characters */
#define TRAITS_MAX 4000 /* of one package; more are not looked for */

/* "KEY:VALUE" with a key from above and a value: what a person asks for. */
bool trait_is(struct wpkg_str text);

/* The word of such a text, with a NUL. Case counts in exports and imports alone. */
void trait_word(char out[TRAIT_WORD + 1], struct wpkg_str text);

/* Words are appended with a space behind each. */
struct traits {
	struct wpkg_buf words;
	size_t count;
};

/* Adds what the facts of a module say, and what the invoice says. */
void traits_add_facts(struct traits *traits, const struct wpkg_value *facts);
void traits_add_invoice(struct traits *traits, const struct wpkg_invoice *invoice);

#endif
