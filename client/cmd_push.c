/* SPDX-License-Identifier: Apache-2.0 */
/* A package to a registry. */
#include "commands.h"

#include <stddef.h>

#include "dependencies.h"
#include "describe.h"
#include "package.h"
#include "publish.h"
#include "report.h"
#include "signer.h"
#include "trust.h"
#include "verdict.h"

struct push_options {
	struct package_options package;
	struct signer_options signer;
	const char *to;
	bool unsigned_;
	bool no_wait;
	bool dry_run;
};

static const struct wpkg_option push_rows[] = {
	{"dry-run", 'n', WPKG_OPTION_FLAG, NULL, "only say what would be pushed", NULL,
	 offsetof(struct push_options, dry_run)},
	{"to", 0, WPKG_OPTION_TEXT, "PLACE", "an OCI registry, layout or archive instead", NULL,
	 offsetof(struct push_options, to)},
	{"no-wait", 0, WPKG_OPTION_FLAG, NULL, "do not wait for the registry's verdict", NULL,
	 offsetof(struct push_options, no_wait)},
	PACKAGE_ROWS(struct push_options, package),
	SIGNER_ROWS(push_options, signer),
	{"unsigned", 0, WPKG_OPTION_FLAG, NULL, "do not sign, for a registry that takes that", NULL,
	 offsetof(struct push_options, unsigned_)},
	{0}};

struct push {
	struct session *session;
	const struct push_options *options;
	struct package package;
	struct oci_place place; /* when options->to is given */
	struct publication publication;
};

/* A bundle that somebody signed goes as it is. */
static enum wpkg_status sign(struct push *push, struct wpkg_err *err)
{
	if (push->options->unsigned_ || push->package.invoice->signature_count > 0)
		return WPKG_OK;
	return signer_sign(push->session, push->package.invoice, &push->options->signer, err);
}

/* A lock file that does not have what wpkg.toml asks for says that nobody tried the package. */
static enum wpkg_status check_lock(struct push *push, struct wpkg_err *err)
{
	struct dependencies dependencies;
	if (!push->package.is_project || push->package.folder < 0)
		return WPKG_OK;
	enum wpkg_status status =
		dependencies_read(&dependencies, push->session, push->package.folder, err);
	return status == WPKG_OK && dependencies.has_lock
		       ? dependencies_check_lock(&dependencies, err)
		       : status;
}

static enum wpkg_status connect(struct push *push, struct wpkg_err *err)
{
	enum wpkg_status status = session_choose(push->session, push->package.invoice->name, err);
	return status == WPKG_OK ? session_connect(push->session, err) : status;
}

/* Where it goes is looked at first: who signs may be asked for a passphrase. */
static enum wpkg_status push_package(struct push *push, struct wpkg_err *err)
{
	struct session *session = push->session;
	struct publication *publication = &push->publication;
	struct oci_store *store = NULL;
	enum wpkg_status status = check_lock(push, err);
	if (status == WPKG_OK && push->options->to)
		status = oci_store_open(&store, session, &push->place, OCI_WRITE, err);
	else if (status == WPKG_OK)
		status = connect(push, err);
	if (status == WPKG_OK)
		status = sign(push, err);
	publication->invoice = push->package.invoice;
	publication->no_wait = push->options->no_wait;
	if (status != WPKG_OK)
		return status;
	return store ? publish_to_store(publication, store, push->place.name.tag, err)
		     : publish_to_registry(publication, err);
}

static enum wpkg_status open_parcel(int *out, void *user, size_t parcel, struct wpkg_err *err)
{
	const struct push *push = user;
	return package_open_parcel(out, &push->package, parcel, err);
}

/* Reports. */

static const char *verdict_of(const struct push *push)
{
	if (push->options->dry_run)
		return "not pushed (--dry-run)";
	if (push->publication.is_checked)
		return "sent, and is being checked";
	if (push->publication.was_there)
		return "unchanged, published before";
	return push->options->to ? "published" : "accepted and published";
}

static void report_lines(const struct push *push)
{
	struct session *session = push->session;
	const struct publication *publication = &push->publication;
	const struct wpkg_invoice *invoice = push->package.invoice;
	describe_package(session, invoice);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		report_line(session->global, "%-11s %.*s, %s, sha256:%.*s%s", "parcel",
			    WPKG_STR_ARG(label->name), report_size(&session->arena, label->size),
			    WPKG_STR_ARG(label->sha256),
			    publication->sent && publication->sent[i] ? ", sent" : "");
	}
	if (publication->accepted)
		report_line(session->global, "%-11s %s", "signed",
			    trust_signers(&session->arena, publication->accepted));
	if (publication->has_digest)
		report_line(session->global, "%-11s %s", "digest",
			    describe_digest(&session->arena, &publication->digest));
	if (publication->is_checked)
		report_line(session->global, "%-11s %s", "see", verdict_url(publication));
	report_verdict(session->global, true, "%-11s %s%s%s", "verdict", verdict_of(push),
		       publication->where ? " at " : "",
		       publication->where ? publication->where : "");
}

static int report_document(const struct push *push)
{
	struct session *session = push->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	const struct wpkg_invoice *invoice = push->package.invoice;
	const struct publication *publication = &push->publication;
	bool good = describe_add_summary(arena, document, invoice) &&
		    wpkg_value_add_string(arena, document, "registry",
					  wpkg_str_from(publication->where)) &&
		    describe_add_digest(arena, document,
					publication->has_digest ? &publication->digest : NULL) &&
		    wpkg_value_add_boolean(arena, document, "pushed",
					   !push->options->dry_run && !publication->was_there) &&
		    (!publication->is_checked ||
		     wpkg_value_add_string(arena, document, "verdict_url",
					   wpkg_str_from(verdict_url(publication)))) &&
		    wpkg_value_add_string(arena, document, "verdict",
					  wpkg_str_from(verdict_of(push))) &&
		    describe_add_parcels(arena, document, invoice);
	return report_json(good ? document : NULL);
}

static int run_push(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	const char *path = invocation->operand_count > 0 ? invocation->operands[0] : ".";
	int code = WPKG_EXIT_DONE;
	struct push push = {
		.session = &session, .options = invocation->options, .package = PACKAGE_NONE};
	if (push.options->to && oci_place_parse(&push.place, push.options->to, &err) != WPKG_OK)
		return report_usage("push: --to: %s", err.msg);
	if (push.place.name.has_digest || push.place.name.has_parcel)
		return report_usage("push: --to takes a tag, not a digest");
	push.publication =
		(struct publication){.session = &session, .open = open_parcel, .user = &push};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = package_open(&push.package, &session, path, &push.options->package, &err);
	if (status == WPKG_OK && !push.options->dry_run)
		status = push_package(&push, &err);
	if (status != WPKG_OK) {
		code = report_error(&err);
		verdict_note_others(&push.publication);
	} else if (session.global->json) {
		code = report_document(&push);
	} else {
		report_lines(&push);
	}
	package_close(&push.package);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_push = {
	.name = "push",
	.operands = "[DIR|BUNDLE]",
	.summary = "sign a package and publish it in a registry",
	.description =
		"DIR (.) is a folder with wpkg.toml; BUNDLE is a folder or an archive that 'wpkg "
		"pack' made, which is signed only when nobody has. Only what the registry lacks is "
		"sent; after a cut, the same command goes on where it was. Pushing what is there "
		"already changes nothing.\n"
		"\n"
		"The registry validates each module and runs the package's own checks before it "
		"publishes; where it is with that is shown. When it refuses, all that it found is "
		"printed, the reason first, and the exit code is 3. With --no-wait the command "
		"ends when everything is sent, and says where the verdict will be.\n"
		"\n"
		"With --to it goes to an OCI registry instead: as a manifest under the tag (the "
		"version, '_' for '+'), with the signed invoice as its referrer. Such a registry "
		"checks nothing.\n"
		"\n"
		"In a git work tree the package records its commit, tag, remote and whether files "
		"differ. For CI, see WPKG_TOKEN and WPKG_KEY_FILE in the manual page.",
	.example = "wpkg push\n"
		   "wpkg push greet --to oci://ghcr.io/example/greet\n"
		   "wpkg push greet --rev v1.2.0 --key-fd 3 3<key.toml",
	.options = push_rows,
	.options_size = sizeof(struct push_options),
	.most_operands = 1,
	.run = run_push,
};
