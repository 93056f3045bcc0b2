/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the six verification strategies, as the original spells and reads them. */
#include "pkg/verify.h"

static const struct {
	const char *name;
	bool takes_roles;
} kinds[] = {
	[WPKG_STRATEGY_CREATIVE_INTEGRITY] = {"CreativeIntegrity", false},
	[WPKG_STRATEGY_AUTHORITATIVE_INTEGRITY] = {"AuthoritativeIntegrity", false},
	[WPKG_STRATEGY_GREEDY_VERIFICATION] = {"GreedyVerification", false},
	[WPKG_STRATEGY_EXHAUSTIVE_VERIFICATION] = {"ExhaustiveVerification", false},
	[WPKG_STRATEGY_MULTIPLE_ATTESTATION] = {"MultipleAttestation", true},
	[WPKG_STRATEGY_MULTIPLE_ATTESTATION_GREEDY] = {"MultipleAttestationGreedy", true},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static enum wpkg_status parse_roles(unsigned *out, struct wpkg_str text, struct wpkg_err *err)
{
	unsigned roles = 0;
	struct wpkg_str word;
	do {
		enum wpkg_role role;
		size_t comma = wpkg_str_find(text, ',');
		word = wpkg_str_slice(text, 0, comma);
		text = wpkg_str_from_offset(text, comma + 1);
		if (!wpkg_role_parse_loose(&role, word))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "'%.*s' is not creator, approver, host or proxy",
					 WPKG_STR_ARG(wpkg_str_trim(word)));
		roles |= 1U << role;
	} while (text.len > 0);
	*out = roles;
	return WPKG_OK;
}

enum wpkg_status wpkg_strategy_parse(struct wpkg_strategy *out, struct wpkg_str text,
				     struct wpkg_err *err)
{
	struct wpkg_strategy strategy = {0};
	size_t bracket = wpkg_str_find(text, '[');
	struct wpkg_str name = wpkg_str_trim(wpkg_str_slice(text, 0, bracket));
	struct wpkg_str roles = wpkg_str_trim(wpkg_str_from_offset(text, bracket));
	size_t kind = 0;
	while (kind < KIND_COUNT && !wpkg_str_equal_nocase(name, wpkg_str_from(kinds[kind].name)))
		kind++;
	if (kind == KIND_COUNT)
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is no verification strategy",
				 WPKG_STR_ARG(text));
	strategy.kind = (enum wpkg_strategy_kind)kind;
	if (kinds[kind].takes_roles) {
		if (!wpkg_str_ends(roles, WPKG_LIT("]")))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "%s needs its roles, as in %s[Creator, Host]",
					 kinds[kind].name, kinds[kind].name);
		enum wpkg_status status =
			parse_roles(&strategy.roles, wpkg_str_slice(roles, 1, roles.len - 1), err);
		if (status != WPKG_OK)
			return status;
	}
	*out = strategy;
	return WPKG_OK;
}

void wpkg_strategy_append(struct wpkg_buf *buf, const struct wpkg_strategy *strategy)
{
	static const char *const words[WPKG_ROLE_COUNT] = {"Creator", "Approver", "Host", "Proxy"};
	const char *separator = "[";
	wpkg_buf_append_text(buf, kinds[strategy->kind].name);
	if (!kinds[strategy->kind].takes_roles)
		return;
	for (unsigned i = 0; i < WPKG_ROLE_COUNT; i++) {
		if (!(strategy->roles & 1U << i))
			continue;
		wpkg_buf_append_text(buf, separator);
		wpkg_buf_append_text(buf, words[i]);
		separator = ", ";
	}
	wpkg_buf_append_text(buf, "]");
}
