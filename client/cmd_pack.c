/* SPDX-License-Identifier: Apache-2.0 */
/* Packages without a registry: packed into a bundle, unpacked again. */
#include "commands.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/path.h"
#include "describe.h"
#include "package.h"
#include "pkg/id.h"
#include "place.h"
#include "report.h"

/* pack */

struct pack_options {
	struct package_options package;
	const char *output;
	bool folder;
};

static const struct wpkg_option pack_rows[] = {
	{"output", 'o', WPKG_OPTION_TEXT, "DIR", "put the bundle there (.)", NULL,
	 offsetof(struct pack_options, output)},
	{"folder", 0, WPKG_OPTION_FLAG, NULL, "make a folder instead of an archive", NULL,
	 offsetof(struct pack_options, folder)},
	PACKAGE_ROWS(struct pack_options, package),
	{0}};

static enum wpkg_status add_parcels(struct wpkg_bundle_writer *writer,
				    const struct package *package, struct wpkg_err *err)
{
	for (size_t i = 0; i < package->invoice->parcel_count; i++) {
		int fd = -1;
		enum wpkg_status status = package_open_parcel(&fd, package, i, err);
		if (status == WPKG_ENOTFOUND && !package->is_project)
			continue; /* a partial bundle stays one */
		if (status == WPKG_OK) {
			status = wpkg_bundle_writer_add(writer, &package->invoice->parcels[i].label,
							fd, err);
			close(fd);
		}
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}

static enum wpkg_status write_folder(const struct package *package, const char *output,
				     struct wpkg_err *err)
{
	struct wpkg_bundle_writer *writer = NULL;
	enum wpkg_status status = wpkg_bundle_writer_new(&writer, output, package->invoice, err);
	if (status == WPKG_OK)
		status = add_parcels(writer, package, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_finish(writer, err);
	wpkg_bundle_writer_free(writer);
	return status;
}

/* By way of a folder that is taken away again, unless the package is one already. */
static enum wpkg_status write_archive(struct session *session, const struct package *package,
				      const char *output, struct wpkg_err *err)
{
	struct wpkg_bundle bundle = {.dir = -1};
	char *temporary = NULL;
	if (!package->is_project)
		return wpkg_bundle_pack(&package->bundle, output, err);
	enum wpkg_status status = package_make_temporary(&temporary, NULL, err);
	if (status == WPKG_OK)
		status = write_folder(package, temporary, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_open(&bundle, &session->arena, temporary, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_pack(&bundle, output, err);
	wpkg_bundle_close(&bundle);
	package_remove_temporary(temporary);
	return status;
}

static int report_packed(struct session *session, const struct wpkg_invoice *invoice,
			 const char *path)
{
	struct wpkg_arena *arena = &session->arena;
	if (!session->global->json) {
		report_line(session->global, "%-11s %s as %s", "packed",
			    describe_id(arena, invoice), path);
		describe_parcels(session, invoice);
		return WPKG_EXIT_DONE;
	}
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool good = describe_add_summary(arena, document, invoice) &&
		    wpkg_value_add_string(arena, document, "path", wpkg_str_from(path)) &&
		    describe_add_parcels(arena, document, invoice);
	return report_json(good ? document : NULL);
}

/* "OUTPUT/IDSHA" or "OUTPUT/IDSHA.tar.gz" */
static enum wpkg_status bundle_path(const char **out, struct session *session,
				    const struct wpkg_invoice *invoice,
				    const struct pack_options *options, struct wpkg_err *err)
{
	struct wpkg_digest id;
	char name[WPKG_DIGEST_TEXT];
	enum wpkg_status status = wpkg_id_digest(&id, invoice->name, invoice->version, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(name, &id);
	*out = wpkg_arena_format(&session->arena, "%s/%s%s", options->output, name,
				 options->folder ? "" : PACKAGE_ARCHIVE_END)
		       .ptr;
	return *out ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a path");
}

static enum wpkg_status pack(const char **path, struct package *package, struct session *session,
			     const struct pack_options *options, const char *from,
			     struct wpkg_err *err)
{
	enum wpkg_status status = package_open(package, session, from, &options->package, err);
	if (status == WPKG_OK)
		status = bundle_path(path, session, package->invoice, options, err);
	if (status == WPKG_OK)
		status = wpkg_file_make_dirs(AT_FDCWD, options->output, 0777, err);
	if (status != WPKG_OK)
		return status;
	return options->folder ? write_folder(package, options->output, err)
			       : write_archive(session, package, options->output, err);
}

static int run_pack(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct package package = PACKAGE_NONE;
	struct wpkg_err err = {0};
	struct pack_options options = *(const struct pack_options *)invocation->options;
	const char *from = invocation->operand_count > 0 ? invocation->operands[0] : ".";
	const char *path = NULL;
	int code = WPKG_EXIT_DONE;
	if (!options.output)
		options.output = ".";
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = pack(&path, &package, &session, &options, from, &err);
	if (status == WPKG_OK)
		code = report_packed(&session, package.invoice, path);
	else
		code = report_error(&err);
	package_close(&package);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_pack = {
	.name = "pack",
	.operands = "[DIR]",
	.summary = "pack a project into one file that needs no registry",
	.description =
		"DIR (.) is a folder with wpkg.toml, or a standalone bundle. The archive is "
		"Bindle's "
		"standalone form, named by the SHA-256 of NAME/VERSION; equal packages give equal "
		"bytes. It is not signed: see 'wpkg sign'.",
	.example = "wpkg pack greet -o dist",
	.options = pack_rows,
	.options_size = sizeof(struct pack_options),
	.most_operands = 1,
	.run = run_pack,
};

/* unpack */

struct unpack_options {
	const char *output;
	bool files;
	bool force;
};

static const struct wpkg_option unpack_rows[] = {
	{"output", 'o', WPKG_OPTION_TEXT, "DIR", "unpack there (.)", NULL,
	 offsetof(struct unpack_options, output)},
	{"files", 0, WPKG_OPTION_FLAG, NULL, "only the files, under their own names", NULL,
	 offsetof(struct unpack_options, files)},
	{"force", 'f', WPKG_OPTION_FLAG, NULL, "with --files: replace files that are there", NULL,
	 offsetof(struct unpack_options, force)},
	{0}};

static enum wpkg_status open_parcel(int *out, void *user, size_t parcel, struct wpkg_err *err)
{
	const struct package *package = user;
	enum wpkg_status status = package_open_parcel(out, package, parcel, err);
	if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "the bundle does not hold parcel %.*s",
				   WPKG_STR_ARG(package->invoice->parcels[parcel].label.name));
	return status;
}

static enum wpkg_status place_all(struct session *session, struct package *package,
				  const struct unpack_options *options, struct wpkg_err *err)
{
	size_t count = package->invoice->parcel_count;
	bool *all = wpkg_arena_alloc(&session->arena, count, sizeof(*all));
	struct place place = {.invoice = package->invoice,
			      .chosen = all,
			      .folder = options->output,
			      .force = options->force,
			      .open = open_parcel,
			      .user = package};
	if (!all)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for files");
	memset(all, true, count);
	return place_parcels(&place, &session->arena, err);
}

static enum wpkg_status unpack_files(struct session *session, const char *path,
				     const struct unpack_options *options, struct wpkg_err *err)
{
	struct package package = PACKAGE_NONE;
	enum wpkg_status status = package_open(&package, session, path, NULL, err);
	if (status == WPKG_OK && package.is_project)
		status = WPKG_FAIL(err, WPKG_EINVAL, "%s is a project, not a bundle", path);
	if (status == WPKG_OK)
		status = place_all(session, &package, options, err);
	package_close(&package);
	return status;
}

static int report_unpacked(struct session *session, const char *path, const char *folder)
{
	const char *const texts[] = {"unpacked", path, "folder", folder, NULL};
	report_line(session->global, "%-11s %s into %s", "unpacked", path, folder);
	return session->global->json ? report_json_texts(&session->arena, texts) : WPKG_EXIT_DONE;
}

static int run_unpack(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct unpack_options options = *(const struct unpack_options *)invocation->options;
	const char *path = invocation->operands[0];
	if (!options.output)
		options.output = ".";
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = options.files ? unpack_files(&session, path, &options, &err)
				       : wpkg_bundle_unpack(path, options.output, NULL, &err);
	int code = status == WPKG_OK ? report_unpacked(&session, path, options.output)
				     : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_unpack = {
	.name = "unpack",
	.operands = "FILE",
	.summary = "unpack a bundle's archive into its folder, or into its files",
	.description = "Each parcel is hashed; nothing is left behind when one is not what the "
		       "invoice says. Nothing leaves the folder, whatever the archive names. The "
		       "signatures are not looked at: see 'wpkg verify'.",
	.example = "wpkg unpack dist/*.tar.gz -o greet --files",
	.options = unpack_rows,
	.options_size = sizeof(struct unpack_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_unpack,
};
