/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/resolve_int.h"

/*
 * Why nothing fits, in sentences: each rule of the derivation is said after those it rests on. A
 * rule that is rested on twice gets its sentence's number in brackets and is referred to by it.
 */

#define DEPTH_MAX 256 /* rules above each other; deeper ones are stated without their reasons */

struct writer {
	struct wpkg_buf *out;
	struct resolve_solver *solver;
	unsigned lines; /* numbers given */
	unsigned depth;
};

static bool is_learned(const struct resolve_rule *rule)
{
	return rule->left != NULL;
}

static void write_version(const struct writer *w, const struct resolve_package *package,
			  uint32_t bit)
{
	wpkg_buf_append_str(w->out, package->versions[bit - 1].candidate->version);
}

/* "1.0.0", "1.0.0 to 1.4.2 or 2.0.0": runs of neighbours, lowest first. */
static void write_runs(const struct writer *w, const struct resolve_package *package,
		       resolve_set set)
{
	const char *joint = "";
	for (uint32_t low = package->version_count; low > 0; low--) {
		if (!resolve_set_has(set, low))
			continue;
		uint32_t high = low;
		while (high > 1 && resolve_set_has(set, high - 1))
			high--;
		wpkg_buf_append_text(w->out, joint);
		write_version(w, package, low);
		if (high != low) {
			wpkg_buf_append_text(w->out, " to ");
			write_version(w, package, high);
		}
		joint = " or ";
		low = high;
	}
}

static bool is_same(resolve_set a, resolve_set b, uint32_t words)
{
	return resolve_set_within(a, b, words) && resolve_set_within(b, a, words);
}

static uint32_t count_members(const struct resolve_package *package, resolve_set set)
{
	uint32_t count = 0;
	for (uint32_t bit = 1; bit <= package->version_count; bit++)
		count += resolve_set_has(set, bit);
	return count;
}

/* Which versions of a package: as somebody asked for them if that is what they are. */
static void write_versions(const struct writer *w, uint32_t number, resolve_set set)
{
	const struct resolve_package *package = &w->solver->packages[number];
	uint32_t members = count_members(package, set);
	if (number != 0 && members == package->version_count && members > 1)
		wpkg_buf_append_text(w->out, "every version of ");
	wpkg_buf_append_str(w->out, package->name);
	if (number == 0 || (members == package->version_count && members > 1))
		return;
	wpkg_buf_append_text(w->out, " ");
	for (const struct resolve_named *named = package->named; named; named = named->next)
		if (is_same(named->set, set, package->words)) {
			wpkg_buf_append_str(w->out, named->text);
			return;
		}
	write_runs(w, package, set);
}

/* A term that "not used" satisfies is told by what it leaves out. */
static bool is_negative(const struct resolve_term *term)
{
	return resolve_set_has(term->set, 0);
}

static void write_term(const struct writer *w, const struct resolve_term *term)
{
	const struct resolve_package *package = &w->solver->packages[term->package];
	if (!is_negative(term)) {
		write_versions(w, term->package, term->set);
		return;
	}
	uint64_t *opposite = wpkg_arena_alloc(&w->solver->arena, package->words, sizeof(*opposite));
	for (uint32_t bit = 1; opposite && bit <= package->version_count; bit++)
		if (!resolve_set_has(term->set, bit))
			opposite[bit / 64] |= UINT64_C(1) << (bit % 64);
	if (opposite)
		write_versions(w, term->package, opposite);
	else
		wpkg_buf_append_str(w->out, package->name);
}

/* The terms of one sign, joined: "a 1.0.0 and b 2.0.0". */
static void write_terms(const struct writer *w, const struct resolve_rule *rule, bool negative,
			const char *joint)
{
	const char *between = "";
	for (uint32_t i = 0; i < rule->term_count; i++) {
		if (is_negative(&rule->terms[i]) != negative)
			continue;
		wpkg_buf_append_text(w->out, between);
		write_term(w, &rule->terms[i]);
		between = joint;
	}
}

/* "a ^1 needs b ^2", and what is wrong with that when no b will do. */
static void write_dependency(const struct writer *w, const struct resolve_rule *rule)
{
	const struct resolve_package *target = &w->solver->packages[rule->target];
	write_versions(w, rule->package, rule->versions);
	wpkg_buf_append_text(w->out, " needs ");
	wpkg_buf_append_str(w->out, target->name);
	wpkg_buf_append_text(w->out, " ");
	wpkg_buf_append_str(w->out, rule->requirement);
	if (rule->term_count > 1 || rule->target == rule->package)
		return;
	if (target->version_count == 0) {
		wpkg_buf_append_text(w->out, ", which has no version that may be used");
		return;
	}
	wpkg_buf_append_text(w->out, ", of which there is only ");
	write_version(w, target, target->version_count);
	if (target->version_count > 1) {
		wpkg_buf_append_text(w->out, target->version_count == 2 ? " and " : " to ");
		write_version(w, target, 1);
	}
}

static void write_rule(const struct writer *w, const struct resolve_rule *rule)
{
	uint32_t negative = 0;
	for (uint32_t i = 0; i < rule->term_count; i++)
		negative += is_negative(&rule->terms[i]);
	uint32_t positive = rule->term_count - negative;
	if (rule->requirement.ptr) {
		write_dependency(w, rule);
	} else if (rule->term_count == 0 ||
		   (positive == 1 && rule->terms[0].package == 0 && negative == 0)) {
		wpkg_buf_append_text(w->out, "no versions fit together");
	} else if (negative == 0) {
		write_terms(w, rule, false, " and ");
		wpkg_buf_append_text(w->out, positive == 1 ? " cannot be used"
							   : " cannot be used together");
	} else if (positive == 0) {
		wpkg_buf_append_text(w->out, negative == 1 ? "" : "one of ");
		write_terms(w, rule, true, " or ");
		wpkg_buf_append_text(w->out, " is needed");
	} else {
		write_terms(w, rule, false, " with ");
		wpkg_buf_append_text(w->out, " needs ");
		write_terms(w, rule, true, " or ");
	}
}

static void write_reference(const struct writer *w, const struct resolve_rule *rule)
{
	write_rule(w, rule);
	if (rule->line)
		wpkg_buf_append_format(w->out, " (%u)", rule->line);
}

/* "Because A and B, C.", "And because A, C." or "Thus, C." A NULL reason is the sentence before. */
static void write_sentence(struct writer *w, const struct resolve_rule *one,
			   const struct resolve_rule *two, struct resolve_rule *rule)
{
	wpkg_buf_append_text(w->out, two ? "Because " : one ? "And because " : "Thus");
	if (one)
		write_reference(w, one);
	if (two) {
		wpkg_buf_append_text(w->out, " and ");
		write_reference(w, two);
	}
	wpkg_buf_append_text(w->out, ", ");
	write_rule(w, rule);
	if (rule->uses > 1 && rule->line == 0)
		rule->line = ++w->lines;
	if (rule->line)
		wpkg_buf_append_format(w->out, " (%u)", rule->line);
	wpkg_buf_append_text(w->out, ".\n");
}

static void count_uses(struct resolve_rule *rule, unsigned depth)
{
	if (!is_learned(rule) || rule->uses++ > 0 || depth == DEPTH_MAX)
		return;
	count_uses(rule->left, depth + 1);
	count_uses(rule->right, depth + 1);
}

/* Does the rule need sentences of its own before it can be referred to? */
static bool needs_sentences(const struct writer *w, const struct resolve_rule *rule)
{
	return is_learned(rule) && rule->line == 0 && w->depth < DEPTH_MAX;
}

static void explain(struct writer *w, struct resolve_rule *rule)
{
	struct resolve_rule *left = rule->left;
	struct resolve_rule *right = rule->right;
	if (!needs_sentences(w, left)) {
		struct resolve_rule *swap = left;
		left = right;
		right = swap;
	}
	w->depth++;
	if (!needs_sentences(w, left)) {
		write_sentence(w, left, right, rule);
	} else if (!needs_sentences(w, right)) {
		explain(w, left);
		write_sentence(w, right, NULL, rule);
	} else {
		/* Both have a story: the first one is referred to by its number. */
		left->uses = 2;
		explain(w, left);
		if (needs_sentences(w, right))
			explain(w, right);
		write_sentence(w, left, NULL, rule);
	}
	w->depth--;
}

void resolve_explain(struct wpkg_buf *out, struct resolve_solver *solver, struct resolve_rule *rule)
{
	struct writer w = {.out = out, .solver = solver};
	count_uses(rule, 0);
	if (is_learned(rule)) {
		explain(&w, rule);
		return;
	}
	wpkg_buf_append_text(out, "Nothing fits: ");
	write_rule(&w, rule);
	wpkg_buf_append_text(out, ".\n");
}
