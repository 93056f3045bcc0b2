/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/opcode.h"

#include <stddef.h>

#include "wasm/feature.h"
#include "wasm/type.h"

const struct wpkg_signature wpkg_signatures[] = {
	{0},
#define WPKG_SIG(name, n, a, b, c, d, m, r, s)                                                     \
	{n,                                                                                        \
	 {WPKG_TYPE_##a, WPKG_TYPE_##b, WPKG_TYPE_##c, WPKG_TYPE_##d},                             \
	 m,                                                                                        \
	 {WPKG_TYPE_##r, WPKG_TYPE_##s}},
#include "wasm/opcode.def"
};

/* Text behind text, as the address of each would be relocated at each start of the program. */
static const struct mnemonics {
	char unknown[sizeof("unknown")];
#define WPKG_OP(name, text, prefix, code, immediates, signature, aux, feature, where)              \
	char name[sizeof(text)];
#include "wasm/opcode.def"
} mnemonics = {
	"unknown",
#define WPKG_OP(name, text, prefix, code, immediates, signature, aux, feature, where) text,
#include "wasm/opcode.def"
};

#define IS_CONSTANT_B false
#define IS_CONSTANT_C true

const struct wpkg_opcode wpkg_opcodes[WPKG_OP_LIMIT] = {
#define WPKG_OP(name, text, prefix, code, immediates, signature, aux, feature, where)              \
	[WPKG_OP_NUMBER(prefix, code)] = {offsetof(struct mnemonics, name),                        \
					  WPKG_IMM_##immediates,                                   \
					  WPKG_SIG_##signature,                                    \
					  aux,                                                     \
					  WPKG_FEATURE_##feature,                                  \
					  IS_CONSTANT_##where},
#include "wasm/opcode.def"
};

const char *wpkg_opcode_text(unsigned op)
{
	return (const char *)&mnemonics + (op < WPKG_OP_LIMIT ? wpkg_opcodes[op].mnemonic : 0);
}
