/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of hosts: what a package declares must be so. */
#include "hosts.h"

#include "examination.h"
#include "pkg/annotation.h"
#include "pkg/host_report.h"

/* Hosts that a package may declare. */
#define DECLARED_MAX 64

/* Bytes that the answers of all hosts take in the facts, about. */
#define REPORT_COST ((size_t)8192)

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

enum wpkg_status hosts_begin(struct examination *examination, struct wpkg_err *err)
{
	struct hosts *hosts = &examination->hosts;
	struct wpkg_str list =
		wpkg_map_find(&examination->question->invoice->annotations, WPKG_ANNOTATION_HOSTS);
	struct wpkg_str id;
	hosts->declared =
		wpkg_arena_alloc(examination->arena, DECLARED_MAX, sizeof(*hosts->declared));
	if (!hosts->declared)
		return no_memory(err);
	while (wpkg_str_split(&list, ',', &id)) {
		id = wpkg_str_trim(id);
		if (id.len == 0)
			continue;
		if (hosts->declared_count == DECLARED_MAX) {
			hosts->has_too_many = true;
			return WPKG_OK;
		}
		const struct wpkg_host_profile *found =
			wpkg_host_profiles_find(hosts->profiles, id);
		struct declared_host *declared = &hosts->declared[hosts->declared_count++];
		*declared = (struct declared_host){.id = id, .profile = found};
		if (!found || found->kind != WPKG_HOST_RUNS) {
			declared->profile = NULL;
			declared->offence = WPKG_LIT("there is no such host");
		}
	}
	return WPKG_OK;
}

static enum wpkg_status look_at(struct declared_host *declared, struct examination *examination,
				struct wpkg_str origin, const struct wpkg_host_subject *subject,
				struct wpkg_err *err)
{
	struct wpkg_host_report report;
	enum wpkg_status status =
		wpkg_host_match(&report, examination->arena, examination->hosts.profiles,
				declared->profile, subject, err);
	if (status != WPKG_OK || report.matches)
		return status;
	declared->offence = wpkg_arena_format(
		examination->arena, "parcel %.*s: %.*s%s", WPKG_STR_ARG(origin),
		WPKG_STR_ARG(report.problems[0]), report.problem_count > 1 ? " (and more)" : "");
	return declared->offence.ptr ? WPKG_OK : no_memory(err);
}

enum wpkg_status hosts_look_at(struct examination *examination, struct wpkg_str name,
			       const struct wpkg_host_subject *subject, struct wpkg_err *err)
{
	const struct hosts *hosts = &examination->hosts;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < hosts->declared_count; i++)
		if (hosts->declared[i].offence.len == 0)
			status = look_at(&hosts->declared[i], examination, name, subject, err);
	return status;
}

enum wpkg_status hosts_look_at_linked(struct examination *examination, const struct linked *linked,
				      struct wpkg_err *err)
{
	const struct wpkg_host_subject subject = {
		.module = linked->wired->module,
		.size = linked->parcel.bytes.len,
		.linked = linked->wired->elsewhere,
		.imports_only = true,
	};
	struct wpkg_str origin = links_origin(&examination->links, linked);
	return origin.ptr ? hosts_look_at(examination, origin, &subject, err) : no_memory(err);
}

enum wpkg_status hosts_add_facts(struct examination *examination, struct wpkg_value *facts,
				 const struct wpkg_host_subject *subject, struct wpkg_err *err)
{
	if (examination->facts_left < REPORT_COST)
		return WPKG_OK;
	examination->facts_left -= REPORT_COST;
	struct wpkg_value *table =
		wpkg_value_add(examination->arena, facts, "hosts", WPKG_VALUE_TABLE);
	if (!table)
		return no_memory(err);
	return wpkg_host_report_all(examination->arena, table, examination->hosts.profiles, subject,
				    1, err);
}

enum wpkg_status examine_hosts(struct examination *examination, struct wpkg_err *err)
{
	struct wpkg_arena *arena = examination->arena;
	const struct hosts *hosts = &examination->hosts;
	struct wpkg_value *list =
		wpkg_value_add(arena, examination->verdict, "hosts", WPKG_VALUE_ARRAY);
	if (!list)
		return no_memory(err);
	if (hosts->has_too_many)
		examination_problem(examination, "more than %d hosts are declared", DECLARED_MAX);
	for (size_t i = 0; i < hosts->declared_count; i++) {
		const struct declared_host *declared = &hosts->declared[i];
		bool passed = declared->offence.len == 0;
		struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!entry || !wpkg_value_add_string(arena, entry, "host", declared->id) ||
		    !wpkg_value_add_boolean(arena, entry, "passed", passed) ||
		    (!passed && !wpkg_value_add_string(arena, entry, "error", declared->offence)))
			return no_memory(err);
		examination->looked_at++;
		if (passed)
			continue;
		examination_problem(examination, "host %.*s: %.*s", WPKG_STR_ARG(declared->id),
				    WPKG_STR_ARG(declared->offence));
	}
	return WPKG_OK;
}
