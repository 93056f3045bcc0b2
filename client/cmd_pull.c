/* SPDX-License-Identifier: Apache-2.0 */
/* A package from a registry: verified, then its files. */
#include "commands.h"

#include <fcntl.h>

#include <stddef.h>

#include "dependencies.h"
#include "describe.h"
#include "fetch.h"
#include "pkg/selection.h"
#include "place.h"
#include "reference.h"
#include "report.h"
#include "trust.h"

struct pull_options {
	const char *output;
	bool force;
	bool all;
	bool unsigned_;
	struct wpkg_option_list groups;
	struct wpkg_option_list without;
	struct wpkg_option_list features;
	struct wpkg_option_list without_features;
};

static const struct wpkg_option pull_rows[] = {
	{"output", 'o', WPKG_OPTION_TEXT, "DIR", "put the files there", NULL,
	 offsetof(struct pull_options, output)},
	{"force", 'f', WPKG_OPTION_FLAG, NULL, "replace files that have other content", NULL,
	 offsetof(struct pull_options, force)},
	{"all", 'a', WPKG_OPTION_FLAG, NULL, "every parcel, whatever group it is in", NULL,
	 offsetof(struct pull_options, all)},
	{"unsigned", 0, WPKG_OPTION_FLAG, NULL, "take it also when nobody signed it", NULL,
	 offsetof(struct pull_options, unsigned_)},
	{"group", 'g', WPKG_OPTION_TEXTS, "NAME", "also the parcels of this group", NULL,
	 offsetof(struct pull_options, groups)},
	{"without", 0, WPKG_OPTION_TEXTS, "NAME", "not the parcels of this group", NULL,
	 offsetof(struct pull_options, without)},
	{"feature", 0, WPKG_OPTION_TEXTS, "SECTION.KEY=VALUE",
	 "of the parcels with this section, those with this value", NULL,
	 offsetof(struct pull_options, features)},
	{"no-feature", 0, WPKG_OPTION_TEXTS, "SECTION.KEY=VALUE", "not those with this value", NULL,
	 offsetof(struct pull_options, without_features)},
	{0}};

struct pull {
	struct session *session;
	const struct reference *reference;
	const struct pull_options *options;
	struct found found;
	struct wpkg_invoice *invoice; /* that was found */
	bool *chosen;		      /* one for each parcel */
	struct fetch fetch;
};

/* Which parcels. */

static enum wpkg_status take_strings(struct wpkg_strings *out, struct wpkg_arena *arena,
				     const struct wpkg_option_list *list, struct wpkg_err *err)
{
	out->items = wpkg_arena_alloc(arena, list->count, sizeof(*out->items));
	if (!out->items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for groups");
	for (; out->count < list->count; out->count++)
		out->items[out->count] = wpkg_str_from(list->items[out->count]);
	return WPKG_OK;
}

/* "SECTION.KEY=VALUE"; the section may hold dots, the key does not. */
static enum wpkg_status take_feature(struct wpkg_selected_feature *out, const char *text, bool off,
				     struct wpkg_err *err)
{
	struct wpkg_str all = wpkg_str_from(text);
	size_t equal = wpkg_str_find(all, '=');
	struct wpkg_str name = wpkg_str_slice(all, 0, equal);
	size_t dot = wpkg_str_find_last(name, '.');
	if (equal == all.len || dot == name.len || dot == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "feature '%s' is no SECTION.KEY=VALUE", text);
	*out = (struct wpkg_selected_feature){.section = wpkg_str_slice(name, 0, dot),
					      .key = wpkg_str_from_offset(name, dot + 1),
					      .value = wpkg_str_from_offset(all, equal + 1),
					      .off = off};
	return WPKG_OK;
}

static enum wpkg_status take_features(struct wpkg_selection *out, struct wpkg_arena *arena,
				      const struct pull_options *options, struct wpkg_err *err)
{
	const struct wpkg_option_list *on = &options->features;
	const struct wpkg_option_list *off = &options->without_features;
	enum wpkg_status status = WPKG_OK;
	out->features = wpkg_arena_alloc(arena, on->count + off->count, sizeof(*out->features));
	if (!out->features)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for features");
	for (size_t i = 0; status == WPKG_OK && i < on->count; i++)
		status = take_feature(&out->features[out->feature_count++], on->items[i], false,
				      err);
	for (size_t i = 0; status == WPKG_OK && i < off->count; i++)
		status = take_feature(&out->features[out->feature_count++], off->items[i], true,
				      err);
	return status;
}

static bool has_group(const struct wpkg_invoice *invoice, struct wpkg_str name)
{
	for (size_t i = 0; i < invoice->group_count; i++)
		if (wpkg_str_equal(invoice->groups[i].name, name))
			return true;
	return false;
}

static enum wpkg_status choose_by_groups(struct pull *pull, struct wpkg_err *err)
{
	struct wpkg_selection selection = {0};
	struct wpkg_arena *arena = &pull->session->arena;
	enum wpkg_status status = take_strings(&selection.with, arena, &pull->options->groups, err);
	if (status == WPKG_OK)
		status = take_strings(&selection.without, arena, &pull->options->without, err);
	if (status == WPKG_OK)
		status = take_features(&selection, arena, pull->options, err);
	for (size_t i = 0; status == WPKG_OK && i < selection.with.count; i++)
		if (!has_group(pull->invoice, selection.with.items[i]))
			status = WPKG_FAIL(err, WPKG_EINVAL, "%s has no group '%.*s'",
					   describe_id(arena, pull->invoice),
					   WPKG_STR_ARG(selection.with.items[i]));
	return status == WPKG_OK
		       ? wpkg_selection_apply(pull->chosen, pull->invoice, &selection, err)
		       : status;
}

static enum wpkg_status choose(struct pull *pull, struct wpkg_err *err)
{
	size_t count = pull->invoice->parcel_count;
	pull->chosen = wpkg_arena_alloc(&pull->session->arena, count, sizeof(*pull->chosen));
	if (!pull->chosen)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	if (pull->reference->parts.has_parcel)
		return reference_choose_parcel(pull->chosen, pull->reference, pull->invoice, err);
	if (!pull->options->all)
		return choose_by_groups(pull, err);
	memset(pull->chosen, true, count);
	return WPKG_OK;
}

/* Their bytes. */

static enum wpkg_status open_cached(int *out, void *user, size_t parcel, struct wpkg_err *err)
{
	const struct pull *pull = user;
	return cache_open_parcel(out, NULL, &pull->session->cache,
				 &pull->invoice->parcels[parcel].label, err);
}

static enum wpkg_status take(struct pull *pull, struct wpkg_err *err)
{
	struct session *session = pull->session;
	struct place place = {.invoice = pull->invoice,
			      .chosen = pull->chosen,
			      .folder = pull->options->output,
			      .force = pull->options->force,
			      .open = open_cached,
			      .user = pull};
	enum wpkg_status status = WPKG_OK;
	if (place.folder)
		status = place_check(&place, &session->arena, err);
	pull->fetch = (struct fetch){.found = &pull->found, .chosen = pull->chosen};
	if (status == WPKG_OK)
		status = fetch_parcels(&pull->fetch, session, err);
	if (status == WPKG_OK)
		status = reference_remember(session, &pull->found, err);
	if (status == WPKG_OK && place.folder)
		status = place_parcels(&place, &session->arena, err);
	return status;
}

static enum wpkg_status pull_package(struct pull *pull, struct wpkg_err *err)
{
	enum wpkg_status status =
		reference_find_usable(&pull->found, pull->session, pull->reference, err);
	pull->invoice = pull->found.invoice;
	if (status == WPKG_OK)
		status = trust_check(pull->session, pull->invoice, err);
	if (status == WPKG_OK)
		status = choose(pull, err);
	return status == WPKG_OK ? take(pull, err) : status;
}

/* Reports. */

static void report_lines(const struct pull *pull)
{
	struct session *session = pull->session;
	const char *folder = pull->options->output;
	report_line(session->global, "%-11s %s", "pulled",
		    describe_id(&session->arena, pull->invoice));
	report_line(session->global, "%-11s %s", "signed",
		    pull->invoice->signature_count > 0
			    ? trust_signers(&session->arena, pull->invoice)
			    : "by nobody");
	for (size_t i = 0; i < pull->invoice->parcel_count; i++) {
		const struct wpkg_label *label = &pull->invoice->parcels[i].label;
		if (pull->chosen[i])
			report_line(session->global, "%-11s %s%s%.*s, %s, sha256:%.*s%s",
				    folder ? "file" : "cached", folder ? folder : "",
				    folder ? "/" : "", WPKG_STR_ARG(label->name),
				    report_size(&session->arena, label->size),
				    WPKG_STR_ARG(label->sha256),
				    pull->fetch.outcomes[i].was_cached ? ", from the cache" : "");
	}
}

static bool add_parcels(const struct pull *pull, struct wpkg_value *document)
{
	struct wpkg_arena *arena = &pull->session->arena;
	struct wpkg_value *list = wpkg_value_add(arena, document, "parcels", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < pull->invoice->parcel_count; i++) {
		const struct wpkg_label *label = &pull->invoice->parcels[i].label;
		if (!pull->chosen[i])
			continue;
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = wpkg_value_add_string(arena, row, "name", label->name) &&
		       wpkg_value_add_string(arena, row, "sha256", label->sha256) &&
		       wpkg_value_add_integer(arena, row, "size", (int64_t)label->size) &&
		       wpkg_value_add_boolean(arena, row, "cached",
					      pull->fetch.outcomes[i].was_cached);
		if (good && pull->options->output) {
			struct wpkg_str path = wpkg_arena_format(
				arena, "%s/%.*s", pull->options->output, WPKG_STR_ARG(label->name));
			good = path.ptr && wpkg_value_add_string(arena, row, "path", path);
		}
	}
	return good;
}

static int report_document(const struct pull *pull)
{
	struct wpkg_arena *arena = &pull->session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool good =
		describe_add_summary(arena, document, pull->invoice) && add_parcels(pull, document);
	return report_json(good ? document : NULL);
}

/* Every package that wpkg.lock has, at the version and with the content that it has there. */
static enum wpkg_status pull_locked(struct session *session, const struct pull_options *options,
				    struct wpkg_err *err)
{
	struct dependencies dependencies;
	enum wpkg_status status = dependencies_read(&dependencies, session, AT_FDCWD, err);
	if (status == WPKG_OK)
		status = dependencies_check_lock(&dependencies, err);
	for (size_t i = 0; status == WPKG_OK && i < dependencies.lock.count; i++) {
		struct reference reference;
		struct pull pull = {
			.session = session, .reference = &reference, .options = options};
		status = dependencies_refer(&reference, session, &dependencies.lock.packages[i],
					    err);
		if (status == WPKG_OK)
			status = pull_package(&pull, err);
		if (status == WPKG_OK && !session->global->json)
			report_lines(&pull);
	}
	return status;
}

static int run_pull_locked(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	const struct pull_options *options = invocation->options;
	if (options->output)
		return report_usage("pull: -o needs a REF: what wpkg.lock has goes to the cache");
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = pull_locked(&session, options, &err);
	int code = status == WPKG_OK ? WPKG_EXIT_DONE : report_error(&err);
	session_close(&session);
	return code;
}

static int run_pull(const struct wpkg_invocation *invocation)
{
	if (invocation->operand_count == 0)
		return run_pull_locked(invocation);
	struct session session;
	struct reference reference;
	struct wpkg_err err = {0};
	int code = WPKG_EXIT_DONE;
	struct pull pull = {
		.session = &session, .reference = &reference, .options = invocation->options};
	if (reference_parse(&reference, invocation->operands[0], &err) != WPKG_OK)
		return report_usage("pull: %s", err.msg);
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (pull.options->unsigned_)
		session.config.allow_unsigned = true;
	if (status == WPKG_OK)
		status = pull_package(&pull, &err);
	if (status != WPKG_OK)
		code = report_error(&err);
	else if (session.global->json)
		code = report_document(&pull);
	else
		report_lines(&pull);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_pull = {
	.name = "pull",
	.operands = "[REF]",
	.summary = "verify a package and get its files",
	.description =
		"Without REF it brings what wpkg.lock has into the cache, each version with the "
		"content and from the registry that it has there.\n"
		"\n"
		"Takes the highest version that REF allows and that was not yanked, checks its "
		"signatures before it takes any parcel, and hashes each parcel on the way. Parcels "
		"are kept in the cache; with -o they are also written as files, only below DIR. "
		"What is cached is not fetched again: the registry is only asked whether the "
		"version was yanked, and with --offline not even that.\n"
		"\n"
		"Parcels that are in groups are taken when a group is required, asked for with "
		"--group, or needed by a parcel that is taken.\n"
		"\n"
		"In an OCI registry the signed invoice is looked for among the referrers of the "
		"manifest, and must be about that manifest. What others pushed has none: it is "
		"refused unless --unsigned is given or the configuration says allow-unsigned.",
	.example = "wpkg pull example.com/greet@^1.2 -o greet\n"
		   "wpkg pull oci://ghcr.io/example/greet:1.2.0\n"
		   "wpkg pull example.com/greet/1.2.0#sha256:HEX",
	.options = pull_rows,
	.options_size = sizeof(struct pull_options),
	.most_operands = 1,
	.run = run_pull,
};
