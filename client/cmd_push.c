/* SPDX-License-Identifier: Apache-2.0 */
/* A package to a registry. */
#include "commands.h"

#include <stddef.h>
#include <time.h>

#include "describe.h"
#include "package.h"
#include "pkg/annotation.h"
#include "report.h"
#include "send.h"
#include "signer.h"
#include "trust.h"

#define TRIES 4

struct push_options {
	struct package_options package;
	struct signer_options signer;
	bool unsigned_;
	bool dry_run;
};

static const struct wpkg_option push_rows[] = {
	{"dry-run", 'n', WPKG_OPTION_FLAG, NULL, "only say what would be pushed", NULL,
	 offsetof(struct push_options, dry_run)},
	PACKAGE_ROWS(struct push_options, package),
	SIGNER_ROWS(push_options, signer),
	{"unsigned", 0, WPKG_OPTION_FLAG, NULL, "do not sign, for a registry that takes that", NULL,
	 offsetof(struct push_options, unsigned_)},
	{0}};

struct push {
	struct session *session;
	const struct push_options *options;
	struct package package;
	struct send send;
	struct wpkg_labels missing;    /* what the registry lacks */
	bool was_there;		       /* published before, with this content */
	struct wpkg_invoice *accepted; /* as the registry shows it; NULL: it does not yet */
};

/* A bundle that somebody signed goes as it is. */
static enum wpkg_status sign(struct push *push, struct wpkg_err *err)
{
	if (push->options->unsigned_ || push->package.invoice->signature_count > 0)
		return WPKG_OK;
	return signer_sign(push->session, push->package.invoice, &push->options->signer, err);
}

/*
 * Where a package came from may differ between two pushes of the same files: the commit after a
 * release has another name. The first word on it stands.
 */
static struct wpkg_invoice without_origin(struct wpkg_arena *arena,
					  const struct wpkg_invoice *invoice)
{
	static const char *const keys[] = {WPKG_ANNOTATION_REVISION, WPKG_ANNOTATION_CREATED,
					   WPKG_ANNOTATION_SOURCE, WPKG_ANNOTATION_SOURCE_REF,
					   WPKG_ANNOTATION_SOURCE_DIRTY};
	struct wpkg_invoice copy = *invoice;
	copy.annotations.pairs =
		wpkg_arena_alloc(arena, invoice->annotations.count, sizeof(struct wpkg_pair));
	copy.annotations.count = 0;
	for (size_t i = 0; copy.annotations.pairs && i < invoice->annotations.count; i++) {
		bool origin = false;
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			origin = origin ||
				 wpkg_str_equal_text(invoice->annotations.pairs[i].key, keys[k]);
		if (!origin)
			copy.annotations.pairs[copy.annotations.count++] =
				invoice->annotations.pairs[i];
	}
	return copy;
}

static enum wpkg_status compare(struct push *push, const struct wpkg_invoice *there,
				struct wpkg_err *err)
{
	struct wpkg_arena *arena = &push->session->arena;
	struct wpkg_invoice mine = without_origin(arena, push->package.invoice);
	struct wpkg_invoice theirs = without_origin(arena, there);
	const char *id = describe_id(arena, there);
	bool same = false;
	enum wpkg_status status = wpkg_invoice_same_content(&same, &mine, &theirs, err);
	if (status != WPKG_OK)
		return status;
	if (!same)
		return WPKG_FAIL(err, WPKG_EEXISTS,
				 "%s is there with other content, and versions never change: push "
				 "a new version",
				 id);
	if (there->yanked)
		return WPKG_FAIL(err, WPKG_EEXISTS, "%s was yanked: push a new version", id);
	return WPKG_OK;
}

/* The version is there: is it what we push, and what does it lack? */
static enum wpkg_status continue_with(struct push *push, struct wpkg_err *err)
{
	struct session *session = push->session;
	const struct wpkg_invoice *mine = push->package.invoice;
	struct wpkg_invoice *there = NULL;
	/* Not shown to us: the registry's first word, that it is taken, says more. */
	if (wpkg_registry_get_invoice(&there, &session->arena, session->registry, mine->name,
				      mine->version, true, NULL) != WPKG_OK)
		return WPKG_EEXISTS;
	enum wpkg_status status = compare(push, there, err);
	if (status == WPKG_OK)
		status = wpkg_registry_get_missing(&push->missing, &session->arena,
						   session->registry, mine->name, mine->version,
						   err);
	push->was_there = status == WPKG_OK && push->missing.count == 0;
	return status;
}

/* Asks what the registry lacks; a version that we began before is continued. */
static enum wpkg_status offer(struct push *push, struct wpkg_err *err)
{
	push->missing = (struct wpkg_labels){0};
	enum wpkg_status status =
		wpkg_registry_create(&push->missing, &push->session->arena, push->session->registry,
				     push->package.invoice, err);
	return status == WPKG_EEXISTS ? continue_with(push, err) : status;
}

/*
 * What a cut leaves behind is found out by offering the package again: the registry keeps each
 * parcel that arrived whole, and when only its answer was lost, it gives it again.
 */
static enum wpkg_status transfer(struct push *push, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_EBUSY;
	for (unsigned n = 0; n < TRIES && (status == WPKG_EBUSY || status == WPKG_EIO); n++) {
		struct timespec pause = {.tv_sec = n};
		if (n > 0) {
			report_detail(push->session->global, "trying again: %s", err->msg);
			nanosleep(&pause, NULL);
		}
		status = offer(push, err);
		if (status == WPKG_OK && push->missing.count > 0)
			status = send_parcels(&push->send, push->session, &push->missing, err);
	}
	return status;
}

static enum wpkg_status push_package(struct push *push, struct wpkg_err *err)
{
	struct session *session = push->session;
	const struct wpkg_invoice *invoice = push->package.invoice;
	push->send.package = &push->package;
	push->send.sent = wpkg_arena_alloc(&session->arena, invoice->parcel_count, sizeof(bool));
	if (!push->send.sent)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	enum wpkg_status status = session_connect(session, err);
	if (status == WPKG_OK)
		status = sign(push, err);
	if (status == WPKG_OK)
		status = transfer(push, err);
	if (status == WPKG_OK &&
	    wpkg_registry_get_invoice(&push->accepted, &session->arena, session->registry,
				      invoice->name, invoice->version, false, NULL) != WPKG_OK)
		push->accepted = NULL;
	return status;
}

/* Reports. */

static const char *verdict_of(const struct push *push)
{
	if (push->options->dry_run)
		return "not pushed (--dry-run)";
	return push->was_there ? "unchanged, published before" : "accepted and published";
}

static void report_lines(const struct push *push)
{
	struct session *session = push->session;
	const struct wpkg_invoice *invoice = push->package.invoice;
	describe_package(session, invoice);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		report_line(session->global, "%-11s %.*s, %s, sha256:%.*s%s", "parcel",
			    WPKG_STR_ARG(label->name), report_size(&session->arena, label->size),
			    WPKG_STR_ARG(label->sha256),
			    push->send.sent && push->send.sent[i] ? ", sent" : "");
	}
	if (push->accepted)
		report_line(session->global, "%-11s %s", "signed",
			    trust_signers(&session->arena, push->accepted));
	report_verdict(session->global, true, "%-11s %s%s%s", "verdict", verdict_of(push),
		       session->registry ? " at " : "",
		       session->registry ? wpkg_registry_url(session->registry) : "");
}

static int report_document(const struct push *push)
{
	struct session *session = push->session;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	const struct wpkg_invoice *invoice = push->package.invoice;
	const char *url = session->registry ? wpkg_registry_url(session->registry) : "";
	bool good = describe_add_summary(arena, document, invoice) &&
		    wpkg_value_add_string(arena, document, "registry", wpkg_str_from(url)) &&
		    wpkg_value_add_boolean(arena, document, "pushed",
					   !push->options->dry_run && !push->was_there) &&
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
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = package_open(&push.package, &session, path, &push.options->package, &err);
	if (status == WPKG_OK && !push.options->dry_run)
		status = push_package(&push, &err);
	if (status != WPKG_OK)
		code = report_error(&err);
	else if (session.global->json)
		code = report_document(&push);
	else
		report_lines(&push);
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
		"publishes. When it refuses, the reason is printed and the exit code is 3.\n"
		"\n"
		"In a git work tree the package records its commit, tag, remote and whether files "
		"differ. For CI, see WPKG_TOKEN and WPKG_KEY_FILE in the manual page.",
	.example = "wpkg push\n"
		   "wpkg push greet --rev v1.2.0 --key-fd 3 3<key.toml",
	.options = push_rows,
	.options_size = sizeof(struct push_options),
	.most_operands = 1,
	.run = run_push,
};
