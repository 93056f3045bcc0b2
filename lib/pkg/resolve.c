/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/resolve_int.h"

#include <stdlib.h>

#define ROOT 0U
#define DEFAULT_CONFLICTS 20000
#define STRIDE 16 /* levels */

/* One step of the partial solution: a package's state was narrowed. */
struct assignment {
	uint32_t package;
	uint32_t level;		   /* decisions made by then */
	struct resolve_rule *rule; /* that demanded it; NULL: a decision */
	resolve_set set;	   /* what it was narrowed by */
	resolve_set before, after; /* the package's state */
};

struct entry {
	uint32_t choices, package;
};

struct search {
	struct resolve_solver solver;
	struct assignment *trail;
	uint32_t trail_count, trail_capacity;
	uint32_t level;
	uint32_t *queue; /* packages whose state changed */
	uint32_t queue_count, queue_capacity;
	struct entry *heap; /* packages to decide, fewest choices first; may be out of date */
	uint32_t heap_count, heap_capacity;
	uint32_t *buckets; /* names to packages, open addressing: number plus 1 */
	uint32_t bucket_count;
	size_t conflicts_left;
	uint32_t stride; /* levels that a conflict leads back, where it may be more */
	struct wpkg_err *err;
};

/* Room for one more in a list of the solver's arena; NULL when memory is out. */
static void *grown(struct search *s, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	uint32_t more = *capacity ? *capacity * 2 : 4;
	void *next = wpkg_arena_alloc(&s->solver.arena, more, size);
	if (next && count > 0)
		memcpy(next, items, count * size);
	if (next)
		*capacity = more;
	return next;
}

static enum wpkg_status no_memory(struct search *s)
{
	return WPKG_FAIL(s->err, WPKG_ENOMEM, "%.*s: no memory to resolve its dependencies",
			 WPKG_STR_ARG(s->solver.root));
}

static uint64_t *new_set(struct search *s, const struct resolve_package *package)
{
	return wpkg_arena_alloc(&s->solver.arena, package->words, sizeof(uint64_t));
}

/* Every state: "not used" and each version. */
static uint64_t *full_set(struct search *s, const struct resolve_package *package)
{
	uint64_t *set = new_set(s, package);
	for (uint32_t bit = 0; set && bit <= package->version_count; bit++)
		set[bit / 64] |= UINT64_C(1) << (bit % 64);
	return set;
}

static uint64_t *complement(struct search *s, const struct resolve_package *package,
			    resolve_set set)
{
	uint64_t *out = full_set(s, package);
	for (uint32_t i = 0; out && i < package->words; i++)
		out[i] &= ~set[i];
	return out;
}

static uint32_t count_versions(const struct resolve_package *package, resolve_set set)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < package->words; i++)
		count += (uint32_t)__builtin_popcountll(set[i]);
	return count - resolve_set_has(set, 0);
}

static uint32_t hash_name(struct wpkg_str name)
{
	uint32_t hash = 2166136261U; /* FNV-1a */
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (uint8_t)name.ptr[i]) * 16777619U;
	return hash;
}

/* The bucket of a name: its package's, or a free one. */
static uint32_t *find_bucket(const struct search *s, struct wpkg_str name)
{
	uint32_t at = hash_name(name) & (s->bucket_count - 1);
	while (s->buckets[at] != 0 &&
	       !wpkg_str_equal(s->solver.packages[s->buckets[at] - 1].name, name))
		at = (at + 1) & (s->bucket_count - 1);
	return &s->buckets[at];
}

static bool grow_buckets(struct search *s)
{
	if (s->solver.package_count * 2 < s->bucket_count)
		return true;
	uint32_t count = s->bucket_count ? s->bucket_count * 2 : 64;
	uint32_t *buckets = wpkg_arena_alloc(&s->solver.arena, count, sizeof(*buckets));
	if (!buckets)
		return false;
	s->buckets = buckets;
	s->bucket_count = count;
	for (uint32_t i = 0; i < s->solver.package_count; i++)
		*find_bucket(s, s->solver.packages[i].name) = i + 1;
	return true;
}

static int compare_name(const void *name, const void *choice)
{
	return wpkg_str_compare(*(const struct wpkg_str *)name,
				((const struct wpkg_choice *)choice)->name);
}

static bool is_preferred(const struct search *s, struct wpkg_str name, struct wpkg_str version)
{
	const struct wpkg_choices *preferred = s->solver.preferred;
	const struct wpkg_choice *choice =
		preferred->count == 0 ? NULL
				      : bsearch(&name, preferred->items, preferred->count,
						sizeof(*preferred->items), compare_name);
	return choice && wpkg_str_equal(choice->version, version);
}

static int highest_first(const void *a, const void *b)
{
	const struct resolve_version *left = a;
	const struct resolve_version *right = b;
	return wpkg_version_compare(&right->version, &left->version);
}

static enum wpkg_status load_versions(struct search *s, struct resolve_package *package,
				      const struct wpkg_candidates *candidates)
{
	package->versions = wpkg_arena_alloc(&s->solver.arena, candidates->count + 1,
					     sizeof(*package->versions));
	if (!package->versions)
		return no_memory(s);
	for (size_t i = 0; i < candidates->count; i++) {
		const struct wpkg_candidate *candidate = &candidates->items[i];
		struct resolve_version *version = &package->versions[package->version_count];
		if (wpkg_version_parse(&version->version, candidate->version, NULL) != WPKG_OK ||
		    (candidate->yanked && !is_preferred(s, package->name, candidate->version)))
			continue;
		version->candidate = candidate;
		package->version_count++;
	}
	qsort(package->versions, package->version_count, sizeof(*package->versions), highest_first);
	package->words = package->version_count / 64 + 1;
	package->choices = package->version_count;
	package->state = full_set(s, package);
	return package->state ? WPKG_OK : no_memory(s);
}

static enum wpkg_status add_package(uint32_t *out, struct search *s, struct wpkg_str name,
				    const struct wpkg_candidates *candidates)
{
	struct resolve_solver *solver = &s->solver;
	struct resolve_package *packages = grown(s, solver->packages, solver->package_count,
						 &solver->package_capacity, sizeof(*packages));
	if (!packages)
		return no_memory(s);
	solver->packages = packages;
	struct resolve_package package = {.name = name};
	enum wpkg_status status = load_versions(s, &package, candidates);
	if (status != WPKG_OK)
		return status;
	packages[solver->package_count] = package;
	*out = solver->package_count++;
	if (!grow_buckets(s))
		return no_memory(s);
	*find_bucket(s, name) = *out + 1;
	return WPKG_OK;
}

static enum wpkg_status need_package(uint32_t *out, struct search *s, struct wpkg_str name)
{
	struct wpkg_candidates candidates = {0};
	uint32_t *bucket = find_bucket(s, name);
	if (*bucket != 0) {
		*out = *bucket - 1;
		return WPKG_OK;
	}
	enum wpkg_status status =
		s->solver.source->find(s->solver.source->state, &candidates, name, s->err);
	return status == WPKG_OK ? add_package(out, s, name, &candidates) : status;
}

/* What a requirement selects of a package, made once for each text. */
static enum wpkg_status need_set(resolve_set *out, struct search *s, uint32_t number,
				 struct wpkg_str text)
{
	struct resolve_package *package = &s->solver.packages[number];
	for (const struct resolve_named *at = package->named; at; at = at->next)
		if (wpkg_str_equal(at->text, text)) {
			*out = at->set;
			return WPKG_OK;
		}
	struct wpkg_requirement requirement;
	enum wpkg_status status = wpkg_requirement_parse(&requirement, text, s->err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(s->err, "%.*s", WPKG_STR_ARG(package->name));
		return status;
	}
	struct resolve_named *named = wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*named));
	uint64_t *set = new_set(s, package);
	if (!named || !set)
		return no_memory(s);
	for (uint32_t i = 0; i < package->version_count; i++)
		if (wpkg_requirement_matches(&requirement, &package->versions[i].version))
			set[(i + 1) / 64] |= UINT64_C(1) << ((i + 1) % 64);
	*named = (struct resolve_named){.text = text, .set = set, .next = package->named};
	package->named = named;
	*out = set;
	return WPKG_OK;
}

static bool queue_package(struct search *s, uint32_t number)
{
	if (s->solver.packages[number].queued)
		return true;
	uint32_t *queue = grown(s, s->queue, s->queue_count, &s->queue_capacity, sizeof(*queue));
	if (!queue)
		return false;
	s->queue = queue;
	queue[s->queue_count++] = number;
	s->solver.packages[number].queued = true;
	return true;
}

static bool is_before(struct entry a, struct entry b)
{
	return a.choices != b.choices ? a.choices < b.choices : a.package < b.package;
}

static bool push_heap(struct search *s, uint32_t number)
{
	struct entry *heap = grown(s, s->heap, s->heap_count, &s->heap_capacity, sizeof(*heap));
	if (!heap)
		return false;
	s->heap = heap;
	struct entry entry = {s->solver.packages[number].choices, number};
	uint32_t at = s->heap_count++;
	for (; at > 0 && is_before(entry, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = entry;
	return true;
}

static struct entry pop_heap(struct search *s)
{
	struct entry first = s->heap[0];
	struct entry last = s->heap[--s->heap_count];
	uint32_t at = 0;
	for (uint32_t child = 1; child < s->heap_count; child = at * 2 + 1) {
		if (child + 1 < s->heap_count && is_before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!is_before(s->heap[child], last))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = last;
	return first;
}

static bool is_open(const struct resolve_package *package)
{
	return !package->decided && !resolve_set_has(package->state, 0);
}

/* Narrows a package's state to set, and remembers why. */
static enum wpkg_status assign(struct search *s, uint32_t number, resolve_set set,
			       struct resolve_rule *rule)
{
	struct resolve_package *package = &s->solver.packages[number];
	struct assignment *trail =
		grown(s, s->trail, s->trail_count, &s->trail_capacity, sizeof(*trail));
	uint32_t *own = grown(s, package->assignments, package->assignment_count,
			      &package->assignment_capacity, sizeof(*own));
	uint64_t *after = new_set(s, package);
	if (!trail || !own || !after)
		return no_memory(s);
	for (uint32_t i = 0; i < package->words; i++)
		after[i] = package->state[i] & set[i];
	s->trail = trail;
	package->assignments = own;
	own[package->assignment_count++] = s->trail_count;
	trail[s->trail_count++] = (struct assignment){.package = number,
						      .level = s->level,
						      .rule = rule,
						      .set = set,
						      .before = package->state,
						      .after = after};
	package->state = after;
	package->choices = count_versions(package, after);
	package->decided = !rule;
	if (!queue_package(s, number) || (is_open(package) && !push_heap(s, number)))
		return no_memory(s);
	return WPKG_OK;
}

static enum wpkg_status add_rule(struct search *s, struct resolve_rule *rule)
{
	for (uint32_t i = 0; i < rule->term_count; i++) {
		struct resolve_package *package = &s->solver.packages[rule->terms[i].package];
		struct resolve_rule **rules =
			grown(s, package->rules, package->rule_count, &package->rule_capacity,
			      sizeof(struct resolve_rule *));
		if (!rules)
			return no_memory(s);
		package->rules = rules;
		rules[package->rule_count++] = rule;
	}
	return WPKG_OK;
}

/*
 * Versions of a package depend on a set of another one: they, and the other one outside the set,
 * must not both be. All versions that say the same share the rule.
 */
static enum wpkg_status add_dependency(struct search *s, uint32_t number, uint64_t *versions,
				       const struct wpkg_dependency *dependency)
{
	uint32_t target;
	resolve_set wanted = NULL;
	enum wpkg_status status = need_package(&target, s, dependency->name);
	if (status == WPKG_OK)
		status = need_set(&wanted, s, target, dependency->requirement);
	if (status != WPKG_OK)
		return status;
	const struct resolve_package *other = &s->solver.packages[target];
	struct resolve_rule *rule = wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*rule));
	struct resolve_term *terms = wpkg_arena_alloc(&s->solver.arena, 2, sizeof(*terms));
	uint64_t *unwanted = complement(s, other, wanted);
	if (!rule || !terms || !unwanted)
		return no_memory(s);
	terms[0] = (struct resolve_term){number, versions};
	terms[1] = (struct resolve_term){target, unwanted};
	*rule = (struct resolve_rule){.terms = terms,
				      .term_count = count_versions(other, wanted) > 0 ? 2 : 1,
				      .package = number,
				      .versions = versions,
				      .target = target,
				      .requirement = dependency->requirement};
	if (target == number) {
		/* A package that needs another version of itself can never be; of itself, always.
		 */
		for (uint32_t i = 0; i < other->words; i++)
			versions[i] &= ~wanted[i];
		rule->term_count = 1;
		if (count_versions(other, versions) == 0)
			return WPKG_OK;
	}
	return add_rule(s, rule);
}

static bool has_dependency(const struct resolve_version *version,
			   const struct wpkg_dependency *dependency)
{
	const struct wpkg_dependencies *all = &version->candidate->dependencies;
	for (size_t i = 0; i < all->count; i++)
		if (wpkg_str_equal(all->items[i].name, dependency->name) &&
		    wpkg_str_equal(all->items[i].requirement, dependency->requirement))
			return true;
	return false;
}

/* Makes the rules of a version that is about to be chosen. */
static enum wpkg_status expand(struct search *s, uint32_t number, uint32_t index)
{
	struct resolve_version *versions = s->solver.packages[number].versions;
	uint32_t count = s->solver.packages[number].version_count;
	const struct wpkg_dependencies *dependencies = &versions[index].candidate->dependencies;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < dependencies->count; i++) {
		bool made = false;
		uint64_t *sharing = new_set(s, &s->solver.packages[number]);
		if (!sharing)
			return no_memory(s);
		for (uint32_t at = 0; at < count; at++) {
			if (!has_dependency(&versions[at], &dependencies->items[i]))
				continue;
			made = made || versions[at].expanded;
			sharing[(at + 1) / 64] |= UINT64_C(1) << ((at + 1) % 64);
		}
		if (!made)
			status = add_dependency(s, number, sharing, &dependencies->items[i]);
	}
	versions[index].expanded = true;
	return status;
}

enum relation { SATISFIED, CONTRADICTED, OPEN };

/* How the partial solution stands to a rule; *open is the one term that is neither. */
static enum relation relate(const struct search *s, const struct resolve_rule *rule,
			    const struct resolve_term **open)
{
	*open = NULL;
	for (uint32_t i = 0; i < rule->term_count; i++) {
		const struct resolve_term *term = &rule->terms[i];
		const struct resolve_package *package = &s->solver.packages[term->package];
		if (resolve_set_within(package->state, term->set, package->words))
			continue;
		if (*open || resolve_set_apart(package->state, term->set, package->words))
			return CONTRADICTED;
		*open = term;
	}
	return *open ? OPEN : SATISFIED;
}

/* Where the trail first satisfies a term, alone or together with one more set. */
static const struct assignment *first_satisfying(const struct search *s,
						 const struct resolve_term *term, resolve_set with)
{
	const struct resolve_package *package = &s->solver.packages[term->package];
	for (uint32_t i = 0; i < package->assignment_count; i++) {
		const struct assignment *at = &s->trail[package->assignments[i]];
		bool within = true;
		for (uint32_t w = 0; within && w < package->words; w++)
			within = (at->after[w] & (with ? with[w] : ~UINT64_C(0)) & ~term->set[w]) ==
				 0;
		if (within)
			return at;
	}
	return NULL;
}

struct satisfier {
	const struct assignment *assignment;
	uint32_t term;	       /* the rule's term about the same package */
	uint32_t level_before; /* where the rest of the rule was satisfied */
};

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct satisfier find_satisfier(const struct search *s, const struct resolve_rule *rule)
{
	struct satisfier found = {.assignment = first_satisfying(s, &rule->terms[0], NULL),
				  .level_before = 1};
	for (uint32_t i = 1; i < rule->term_count; i++) {
		const struct assignment *at = first_satisfying(s, &rule->terms[i], NULL);
		if (at > found.assignment) {
			found.level_before = larger(found.level_before, found.assignment->level);
			found.assignment = at;
			found.term = i;
		} else {
			found.level_before = larger(found.level_before, at->level);
		}
	}
	const struct resolve_term *term = &rule->terms[found.term];
	const struct resolve_package *package = &s->solver.packages[term->package];
	if (!resolve_set_within(found.assignment->set, term->set, package->words)) {
		const struct assignment *rest = first_satisfying(s, term, found.assignment->set);
		found.level_before = larger(found.level_before, rest->level);
	}
	return found;
}

static void backtrack(struct search *s, uint32_t level)
{
	while (s->trail_count > 0 && s->trail[s->trail_count - 1].level > level) {
		const struct assignment *last = &s->trail[--s->trail_count];
		struct resolve_package *package = &s->solver.packages[last->package];
		package->assignment_count--;
		package->state = last->before;
		package->choices = count_versions(package, package->state);
		package->decided = false;
	}
	s->level = level;
}

/*
 * Packages that are open again must be found by the next decision, and rules about them may say
 * something again: what follows from an early level may have been seen at a later one.
 */
static enum wpkg_status backtrack_and_reopen(struct search *s, uint32_t level)
{
	uint32_t top = s->trail_count;
	backtrack(s, level);
	for (uint32_t i = s->trail_count; i < top; i++) {
		uint32_t number = s->trail[i].package;
		if (!queue_package(s, number) ||
		    (is_open(&s->solver.packages[number]) && !push_heap(s, number)))
			return no_memory(s);
	}
	return WPKG_OK;
}

static bool is_full(struct search *s, const struct resolve_term *term)
{
	const struct resolve_package *package = &s->solver.packages[term->package];
	return count_versions(package, term->set) == package->version_count &&
	       resolve_set_has(term->set, 0);
}

/* Adds a term to those of a new rule, meeting one about the same package. */
static bool meet_term(struct search *s, struct resolve_rule *rule, const struct resolve_term *term,
		      bool join)
{
	const struct resolve_package *package = &s->solver.packages[term->package];
	for (uint32_t i = 0; i < rule->term_count; i++) {
		if (rule->terms[i].package != term->package)
			continue;
		uint64_t *set = new_set(s, package);
		for (uint32_t w = 0; set && w < package->words; w++)
			set[w] = join ? rule->terms[i].set[w] | term->set[w]
				      : rule->terms[i].set[w] & term->set[w];
		rule->terms[i].set = set;
		return set != NULL;
	}
	rule->terms[rule->term_count++] = *term;
	return true;
}

/*
 * The rule that follows from two: whatever satisfies all terms of both but those about the pivot,
 * and has the pivot in one of the two sets, breaks one of them.
 */
static struct resolve_rule *learn(struct search *s, struct resolve_rule *left,
				  struct resolve_rule *right, uint32_t pivot)
{
	struct resolve_rule *rule = wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*rule));
	struct resolve_term *terms = wpkg_arena_alloc(
		&s->solver.arena, left->term_count + right->term_count, sizeof(*terms));
	if (!rule || !terms)
		return NULL;
	*rule = (struct resolve_rule){.terms = terms, .left = left, .right = right};
	struct resolve_rule *const both[2] = {left, right};
	for (uint32_t side = 0; side < 2; side++)
		for (uint32_t i = 0; i < both[side]->term_count; i++) {
			const struct resolve_term *term = &both[side]->terms[i];
			if (!meet_term(s, rule, term, term->package == pivot))
				return NULL;
		}
	for (uint32_t i = 0; i < rule->term_count;)
		if (is_full(s, &rule->terms[i]))
			rule->terms[i] = rule->terms[--rule->term_count];
		else
			i++;
	return rule;
}

static bool is_hopeless(const struct resolve_rule *rule)
{
	return rule->term_count == 0 || (rule->term_count == 1 && rule->terms[0].package == ROOT);
}

/*
 * Where to go on after a conflict: any level will do from where the rest of the rule was satisfied
 * up to the last before it was broken. From far back everything would be decided once more: a step
 * is tried first, and twice as many as long as there is nothing to decide in between.
 */
static uint32_t level_after(struct search *s, const struct satisfier *found)
{
	uint32_t last = found->assignment->level - 1;
	if (last - found->level_before <= s->stride)
		return found->level_before;
	uint32_t level = last - s->stride + 1;
	s->stride *= 2;
	return level;
}

/*
 * A rule is broken: learns, from it and what led to it, a rule that one earlier decision breaks,
 * and goes back before that. *out is the learned rule; a hopeless one says that nothing fits.
 */
static enum wpkg_status resolve_conflict(struct resolve_rule **out, struct search *s,
					 struct resolve_rule *rule)
{
	bool learned = false;
	if (s->conflicts_left-- == 0)
		return WPKG_FAIL(
			s->err, WPKG_ELIMIT,
			"%.*s: gave up resolving its dependencies after too many conflicts",
			WPKG_STR_ARG(s->solver.root));
	while (!is_hopeless(rule)) {
		struct satisfier found = find_satisfier(s, rule);
		if (!found.assignment->rule || found.level_before < found.assignment->level) {
			*out = rule;
			enum wpkg_status status = backtrack_and_reopen(s, level_after(s, &found));
			return status == WPKG_OK && learned ? add_rule(s, rule) : status;
		}
		rule = learn(s, rule, found.assignment->rule, found.assignment->package);
		learned = true;
		if (!rule)
			return no_memory(s);
	}
	*out = rule;
	return WPKG_OK;
}

static void forget_queue(struct search *s)
{
	while (s->queue_count > 0)
		s->solver.packages[s->queue[--s->queue_count]].queued = false;
}

/* Narrows the one open term of a rule to its opposite. */
static enum wpkg_status derive(struct search *s, const struct resolve_term *term,
			       struct resolve_rule *rule)
{
	/* A rule that is almost met has one: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	uint64_t *opposite = complement(s, &s->solver.packages[term->package], term->set);
	return opposite ? assign(s, term->package, opposite, rule) : no_memory(s);
}

/* Applies every rule until none says anything new. *failed is a hopeless rule, or NULL. */
static enum wpkg_status propagate(struct search *s, struct resolve_rule **failed)
{
	enum wpkg_status status = WPKG_OK;
	const struct resolve_term *open;
	while (status == WPKG_OK && s->queue_count > 0) {
		uint32_t number = s->queue[--s->queue_count];
		s->solver.packages[number].queued = false;
		for (uint32_t i = s->solver.packages[number].rule_count;
		     status == WPKG_OK && i-- > 0;) {
			struct resolve_rule *rule = s->solver.packages[number].rules[i];
			enum relation relation = relate(s, rule, &open);
			if (relation == CONTRADICTED)
				continue;
			if (relation == SATISFIED) {
				struct resolve_rule *learned = NULL;
				forget_queue(s);
				status = resolve_conflict(&learned, s, rule);
				if (status != WPKG_OK)
					break;
				if (is_hopeless(learned)) {
					*failed = learned;
					return WPKG_OK;
				}
				relate(s, learned, &open);
				status = derive(s, open, learned);
				break;
			}
			status = derive(s, open, rule);
		}
	}
	return status;
}

/* The version to try: the preferred one, else the highest. */
static uint32_t pick_version(const struct search *s, const struct resolve_package *package)
{
	uint32_t first = UINT32_MAX;
	for (uint32_t i = 0; i < package->version_count; i++) {
		if (!resolve_set_has(package->state, i + 1))
			continue;
		if (is_preferred(s, package->name, package->versions[i].candidate->version))
			return i;
		if (first == UINT32_MAX)
			first = i;
	}
	return first;
}

/* Decides one more package; *done when all that are needed are decided. */
static enum wpkg_status decide(struct search *s, bool *done)
{
	while (s->heap_count > 0) {
		struct entry entry = pop_heap(s);
		struct resolve_package *package = &s->solver.packages[entry.package];
		if (!is_open(package) || package->choices != entry.choices)
			continue;
		uint32_t index = pick_version(s, package);
		enum wpkg_status status = expand(s, entry.package, index);
		uint64_t *set = new_set(s, &s->solver.packages[entry.package]);
		if (status == WPKG_OK && !set)
			status = no_memory(s);
		if (status != WPKG_OK)
			return status;
		set[(index + 1) / 64] = UINT64_C(1) << ((index + 1) % 64);
		s->level++;
		s->stride = STRIDE;
		return assign(s, entry.package, set, NULL);
	}
	*done = true;
	return WPKG_OK;
}

static int by_name(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct wpkg_choice *)a)->name,
				((const struct wpkg_choice *)b)->name);
}

static enum wpkg_status take_choices(struct wpkg_choices *out, struct wpkg_arena *arena,
				     struct search *s)
{
	struct wpkg_choices choices = {0};
	choices.items = wpkg_arena_alloc(arena, s->solver.package_count, sizeof(*choices.items));
	if (!choices.items)
		return no_memory(s);
	for (uint32_t i = ROOT + 1; i < s->solver.package_count; i++) {
		const struct resolve_package *package = &s->solver.packages[i];
		if (package->decided)
			choices.items[choices.count++] = (struct wpkg_choice){
				package->name,
				package->versions[pick_version(s, package)].candidate->version};
	}
	qsort(choices.items, choices.count, sizeof(*choices.items), by_name);
	*out = choices;
	return WPKG_OK;
}

/* The root's only version is wanted: the rule that starts everything. */
static enum wpkg_status add_root(struct search *s, const struct wpkg_dependencies *dependencies)
{
	uint32_t number;
	struct wpkg_candidate *candidate =
		wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*candidate));
	struct resolve_rule *rule = wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*rule));
	struct resolve_term *term = wpkg_arena_alloc(&s->solver.arena, 1, sizeof(*term));
	if (!candidate || !rule || !term || !grow_buckets(s))
		return no_memory(s);
	*candidate = (struct wpkg_candidate){.version = WPKG_LIT("0.0.0"),
					     .dependencies = *dependencies};
	const struct wpkg_candidates candidates = {candidate, 1};
	enum wpkg_status status = add_package(&number, s, s->solver.root, &candidates);
	uint64_t *unused = status == WPKG_OK ? new_set(s, &s->solver.packages[number]) : NULL;
	if (status == WPKG_OK && !unused)
		status = no_memory(s);
	if (status != WPKG_OK)
		return status;
	unused[0] = 1;
	*term = (struct resolve_term){number, unused};
	*rule = (struct resolve_rule){.terms = term, .term_count = 1};
	status = add_rule(s, rule);
	return status == WPKG_OK && !queue_package(s, number) ? no_memory(s) : status;
}

static enum wpkg_status run(struct wpkg_choices *out, struct wpkg_arena *arena, struct search *s,
			    const struct wpkg_dependencies *dependencies,
			    struct wpkg_buf *explanation)
{
	bool done = false;
	struct resolve_rule *failed = NULL;
	enum wpkg_status status = add_root(s, dependencies);
	while (status == WPKG_OK && !done) {
		status = propagate(s, &failed);
		if (failed) {
			if (explanation)
				resolve_explain(explanation, &s->solver, failed);
			return WPKG_FAIL(s->err, WPKG_ENOTFOUND,
					 "%.*s: no versions of its dependencies fit together",
					 WPKG_STR_ARG(s->solver.root));
		}
		if (status == WPKG_OK)
			status = decide(s, &done);
	}
	return status == WPKG_OK ? take_choices(out, arena, s) : status;
}

enum wpkg_status wpkg_resolve(struct wpkg_choices *out, struct wpkg_arena *arena,
			      struct wpkg_str root, const struct wpkg_dependencies *dependencies,
			      const struct wpkg_resolve_source *source,
			      const struct wpkg_resolve_options *options,
			      struct wpkg_buf *explanation, struct wpkg_err *err)
{
	static const struct wpkg_resolve_options defaults;
	if (!options)
		options = &defaults;
	struct search s = {
		.solver = {.source = source, .preferred = &options->preferred, .root = root},
		.stride = STRIDE,
		.conflicts_left = options->conflicts ? options->conflicts : DEFAULT_CONFLICTS,
		.err = err};
	wpkg_arena_init(&s.solver.arena, WPKG_RESOLVE_MEMORY);
	enum wpkg_status status = run(out, arena, &s, dependencies, explanation);
	wpkg_arena_clear(&s.solver.arena);
	return status;
}
