/* SPDX-License-Identifier: Apache-2.0 */
/* A signature more on a bundle or an invoice. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "describe.h"
#include "package.h"
#include "pkg/id.h"
#include "report.h"
#include "signer.h"

struct sign_options {
	struct signer_options signer;
	const char *output;
};

static const struct wpkg_option sign_rows[] = {{"output", 'o', WPKG_OPTION_TEXT, "FILE",
						"write the signed invoice there instead", NULL,
						offsetof(struct sign_options, output)},
					       SIGNER_ROWS(sign_options, signer),
					       {0}};

static enum wpkg_status write_invoice(int dir, const char *path, const struct wpkg_invoice *invoice,
				      struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(dir, path, wpkg_buf_str(&text), 0644, WPKG_FILE_DURABLE,
					 err);
	wpkg_buf_clear(&text);
	return status;
}

static int report_signed(struct session *session, const struct wpkg_invoice *invoice)
{
	struct wpkg_arena *arena = &session->arena;
	const struct wpkg_signature *last = &invoice->signatures[invoice->signature_count - 1];
	const char *role = wpkg_role_name(last->role);
	if (!session->global->json) {
		report_line(session->global, "%-11s %s by %.*s as %s, key %.*s", "signed",
			    describe_id(arena, invoice), WPKG_STR_ARG(last->by), role,
			    WPKG_STR_ARG(last->key));
		return WPKG_EXIT_DONE;
	}
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool good = describe_add_summary(arena, document, invoice) &&
		    wpkg_value_add_string(arena, document, "by", last->by) &&
		    wpkg_value_add_string(arena, document, "role", wpkg_str_from(role)) &&
		    wpkg_value_add_string(arena, document, "key", last->key);
	return report_json(good ? document : NULL);
}

/* An invoice alone. */
static enum wpkg_status sign_invoice(struct wpkg_invoice **out, struct session *session,
				     const char *path, const struct sign_options *options,
				     struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_invoice *invoice = NULL;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		status = wpkg_invoice_read(&invoice, &session->arena, wpkg_buf_str(&text),
					   WPKG_INVOICE_TOML, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", path);
	}
	if (status == WPKG_OK)
		status = signer_sign(session, invoice, &options->signer, err);
	if (status == WPKG_OK)
		status = write_invoice(AT_FDCWD, options->output ? options->output : path, invoice,
				       err);
	*out = invoice;
	wpkg_buf_clear(&text);
	return status;
}

/* The archive that wpkg_bundle_pack wrote into a folder takes the place of the one that was signed.
 */
static enum wpkg_status take_place(const struct wpkg_invoice *invoice, const char *folder,
				   const char *path, struct wpkg_err *err)
{
	struct wpkg_digest id;
	char name[WPKG_DIGEST_TEXT + sizeof(PACKAGE_ARCHIVE_END)];
	enum wpkg_status status = wpkg_id_digest(&id, invoice->name, invoice->version, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(name, &id);
	memcpy(name + strlen(name), PACKAGE_ARCHIVE_END, sizeof(PACKAGE_ARCHIVE_END));
	char *made = wpkg_path_join(folder, name);
	if (!made)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	if (rename(made, path) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	wpkg_mem_free(made);
	return status;
}

/* Written anew beside the old one: whoever reads it meanwhile has the old one whole. */
static enum wpkg_status replace_archive(const struct package *package, const char *path,
					struct wpkg_err *err)
{
	char *temporary = NULL;
	char *beside = wpkg_path_parent(path);
	if (!beside)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	enum wpkg_status status = package_make_temporary(&temporary, beside, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_pack(&package->bundle, temporary, err);
	if (status == WPKG_OK)
		status = take_place(package->invoice, temporary, path, err);
	package_remove_temporary(temporary);
	wpkg_mem_free(beside);
	return status;
}

static enum wpkg_status write_bundle(const struct package *package, const char *path,
				     struct wpkg_err *err)
{
	enum wpkg_status status =
		write_invoice(package->bundle.dir, "invoice.toml", package->invoice, err);
	return status == WPKG_OK && package->unpacked ? replace_archive(package, path, err)
						      : status;
}

static enum wpkg_status sign_bundle(struct wpkg_invoice **out, struct session *session,
				    const char *path, const struct sign_options *options,
				    struct wpkg_err *err)
{
	struct package package = PACKAGE_NONE;
	enum wpkg_status status = package_open(&package, session, path, NULL, err);
	if (status == WPKG_OK && package.is_project)
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   "%s is a project: 'wpkg push' signs it, or sign what 'wpkg "
				   "pack' makes of it",
				   path);
	if (status == WPKG_OK)
		status = signer_sign(session, package.invoice, &options->signer, err);
	if (status == WPKG_OK)
		status = options->output
				 ? write_invoice(AT_FDCWD, options->output, package.invoice, err)
				 : write_bundle(&package, path, err);
	*out = package.invoice;
	package_close(&package);
	return status;
}

static bool is_invoice_file(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       !wpkg_str_ends(wpkg_str_from(path), WPKG_LIT(PACKAGE_ARCHIVE_END)) &&
	       !wpkg_str_equal_text(wpkg_path_base(wpkg_str_from(path)), WPKG_PROJECT_FILE);
}

static int run_sign(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_invoice *invoice = NULL;
	const char *path = invocation->operands[0];
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = is_invoice_file(path)
				 ? sign_invoice(&invoice, &session, path, invocation->options, &err)
				 : sign_bundle(&invoice, &session, path, invocation->options, &err);
	int code = status == WPKG_OK ? report_signed(&session, invoice) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_sign = {
	.name = "sign",
	.operands = "BUNDLE|INVOICE",
	.summary = "add your signature to a bundle or an invoice",
	.description =
		"BUNDLE is a folder or an archive that 'wpkg pack' made; INVOICE is an "
		"invoice.toml. "
		"The signature covers who signs and in which role, the name, the version and the "
		"digest of each parcel. A key signs a package once.",
	.example = "wpkg sign dist/*.tar.gz\n"
		   "wpkg sign dist/*.tar.gz --role approver --label 'Reviewers'",
	.options = sign_rows,
	.options_size = sizeof(struct sign_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_sign,
};
