/* SPDX-License-Identifier: Apache-2.0 */
/* A version that nobody should choose any more. */
#include "commands.h"

#include <stddef.h>

#include "reference.h"
#include "report.h"

struct yank_options {
	const char *reason;
};

static const struct wpkg_option yank_rows[] = {{"reason", 0, WPKG_OPTION_TEXT, "TEXT",
						"why, for those who depend on it", NULL,
						offsetof(struct yank_options, reason)},
					       {0}};

static enum wpkg_status yank(struct session *session, const struct reference *reference,
			     const char *reason, struct wpkg_err *err)
{
	enum wpkg_status status = session_connect(session, err);
	if (status == WPKG_OK)
		status = wpkg_registry_yank(session->registry, reference->parts.name,
					    reference->parts.version, wpkg_str_from(reason), err);
	return status;
}

static int report_yanked(struct session *session, const struct reference *reference)
{
	const char *url = wpkg_registry_url(session->registry);
	struct wpkg_str id =
		wpkg_arena_format(&session->arena, "%.*s/%.*s", WPKG_STR_ARG(reference->parts.name),
				  WPKG_STR_ARG(reference->parts.version));
	const char *const texts[] = {"yanked", id.ptr, "registry", url, NULL};
	report_line(session->global, "%-11s %.*s at %s", "yanked", WPKG_STR_ARG(id), url);
	return session->global->json ? report_json_texts(&session->arena, texts) : WPKG_EXIT_DONE;
}

static int run_yank(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct reference reference;
	struct wpkg_err err = {0};
	const struct yank_options *options = invocation->options;
	if (reference_parse(&reference, invocation->operands[0], &err) != WPKG_OK)
		return report_usage("yank: %s", err.msg);
	if (reference.parts.version.len == 0 || reference.parts.has_parcel ||
	    reference.parts.has_digest)
		return report_usage("yank: name one version, such as NAME/1.2.3");
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = yank(&session, &reference, options->reason, &err);
	int code = status == WPKG_OK ? report_yanked(&session, &reference) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_yank = {
	.name = "yank",
	.operands = "NAME/VERSION",
	.summary = "ask everybody not to use a version any more",
	.description = "A yanked version is chosen by no requirement and cannot be pulled, but "
		       "nobody may push its name and version again. It cannot be undone: push a "
		       "new version instead.",
	.example = "wpkg yank example.com/greet/1.2.0 --reason 'greets the wrong person'",
	.options = yank_rows,
	.options_size = sizeof(struct yank_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_yank,
};
