/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what export.c writes and what an original Bindle server keeps. First the lines of
 * registry.jsonl, when there is one, in their order; then each invoice of the folder that no line
 * spoke of. A version's parcels come before the version itself, each in a commit of its own, so
 * that a cut import has brought whole versions and may be run again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/json.h"
#include "pkg/id.h"
#include "store/import_int.h"
#include "store/package_index.h"
#include "store/store_int.h"

#define PACKAGES_STEP 200
#define ITEM_MAX ((size_t)512 << 20) /* of one line or invoice in memory */
#define READ_STEP ((size_t)256 << 10)

void import_note(struct importer *importer, struct wpkg_str subject, const char *problem)
{
	struct wpkg_transfer_note step = {.subject = subject, .problem = wpkg_str_from(problem)};
	if (problem)
		importer->report.passed_over++;
	if (importer->options->note)
		importer->options->note(importer->options->user, &step);
}

/* What is wrong with an item is the item's; what is wrong with us ends the import. */
static bool is_ours(enum wpkg_status status)
{
	return status == WPKG_ENOMEM || status == WPKG_EBUSY || status == WPKG_EIO ||
	       status == WPKG_EFULL;
}

enum wpkg_status import_pass_over(struct importer *importer, struct wpkg_str subject,
				  enum wpkg_status status, const struct wpkg_err *problem,
				  struct wpkg_err *err)
{
	if (status == WPKG_OK)
		return WPKG_OK;
	if (is_ours(status)) {
		if (err)
			*err = *problem;
		return status;
	}
	import_note(importer, subject, problem->msg);
	return WPKG_OK;
}

/* Parcels */

static enum wpkg_status upload_fd(struct importer *importer, int fd,
				  const struct record_parcel *parcel, struct wpkg_err *err)
{
	struct wpkg_upload_options options = {.digest = &parcel->digest, .size = parcel->size};
	struct wpkg_upload *upload = NULL;
	struct wpkg_uploaded uploaded;
	char *buffer = wpkg_mem_alloc(READ_STEP);
	if (!buffer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	enum wpkg_status status = wpkg_upload_begin(&upload, importer->store, &options, err);
	while (status == WPKG_OK) {
		ssize_t n = read(fd, buffer, READ_STEP);
		if (n == 0)
			break;
		if (n > 0)
			status = wpkg_upload_write(upload, wpkg_str_of(buffer, (size_t)n), err);
		else if (errno != EINTR)
			status = WPKG_FAIL_ERRNO(err, errno, "reading");
	}
	if (status == WPKG_OK)
		status = upload_finish_wait(&uploaded, upload, err);
	else
		wpkg_upload_abort(upload);
	if (status == WPKG_OK && !uploaded.existed) {
		importer->report.blobs++;
		importer->report.bytes += uploaded.size;
	}
	wpkg_mem_free(buffer);
	return status;
}

/* A pipe or a device under a parcel's name must not hold us up: only a plain file is opened. */
static enum wpkg_status open_plain(int *out, int folder, const char *path, struct wpkg_err *err)
{
	struct stat info;
	enum wpkg_status status =
		wpkg_file_open_beneath(out, folder, path, O_RDONLY | O_NONBLOCK, 0, err);
	if (status != WPKG_OK)
		return status;
	if (fstat(*out, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(*out);
		return WPKG_FAIL(err, WPKG_EINVAL, "%s is not a plain file", path);
	}
	return WPKG_OK;
}

enum wpkg_status import_parcel(struct importer *importer, const struct record_parcel *parcel,
			       struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	struct wpkg_err problem;
	uint64_t size;
	int fd = -1;
	enum wpkg_status status = wpkg_blob_size(&size, importer->store, &parcel->digest, &problem);
	if (status != WPKG_ENOTFOUND)
		return import_pass_over(importer, (struct wpkg_str){0}, status, &problem, err);
	wpkg_digest_format(hex, &parcel->digest);
	snprintf(path, sizeof(path), "parcels/%s/parcel.dat", hex);
	status = open_plain(&fd, importer->folder, path, &problem);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status == WPKG_OK) {
		status = upload_fd(importer, fd, parcel, &problem);
		close(fd);
	}
	return import_pass_over(importer, wpkg_str_from(path), status, &problem, err);
}

enum wpkg_status import_read_file(struct wpkg_str *out, struct importer *importer, const char *path,
				  size_t max, struct wpkg_err *err)
{
	struct wpkg_buf text;
	int fd = -1;
	enum wpkg_status status = open_plain(&fd, importer->folder, path, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&text, max);
	status = wpkg_file_read_fd(&text, fd, path, err);
	close(fd);
	if (status == WPKG_OK) {
		*out = wpkg_arena_dup(&importer->arena, wpkg_buf_str(&text));
		if (!out->ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status import_read_invoice(struct wpkg_str *out, struct importer *importer,
				     const struct wpkg_digest *id, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	char path[TRANSFER_PATH];
	wpkg_digest_format(hex, id);
	snprintf(path, sizeof(path), "invoices/%s/invoice.toml", hex);
	return import_read_file(out, importer, path, WPKG_INVOICE_MAX, err);
}

/* Lines */

enum wpkg_status import_remember(struct importer *importer, const struct wpkg_digest *id,
				 struct wpkg_err *err)
{
	if (importer->seen_count == importer->seen_cap) {
		size_t cap = importer->seen_cap > 0 ? importer->seen_cap * 2 : 1024;
		struct wpkg_digest *longer = wpkg_mem_resize(importer->seen, cap, sizeof(*longer));
		if (!longer)
			return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
		importer->seen = longer;
		importer->seen_cap = cap;
	}
	importer->seen[importer->seen_count++] = *id;
	return WPKG_OK;
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct wpkg_digest));
}

static enum wpkg_status import_text(struct importer *importer, struct wpkg_str text, size_t number,
				    struct wpkg_err *err)
{
	struct wpkg_value *line = NULL;
	struct wpkg_err problem;
	struct wpkg_str subject =
		wpkg_arena_format(&importer->arena, TRANSFER_FILE " line %zu", number);
	if (!subject.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	enum wpkg_status status = wpkg_json_read(&line, &importer->arena, text, &problem);
	if (status != WPKG_OK)
		return import_pass_over(importer, subject, status, &problem, err);
	return import_line(importer, line, subject, err);
}

/* A file of lines, read in pieces into a buffer that holds the longest. */
struct lines {
	int fd;
	struct wpkg_buf buf;
	size_t at; /* of what was not yet given */
	bool ended;
};

static enum wpkg_status fill_lines(struct lines *lines, struct wpkg_err *err)
{
	size_t rest = lines->buf.len - lines->at;
	if (lines->at > 0)
		memmove(lines->buf.ptr, lines->buf.ptr + lines->at, rest);
	lines->buf.len = rest;
	lines->at = 0;
	size_t step = lines->buf.max - rest < READ_STEP ? lines->buf.max - rest : READ_STEP;
	if (step == 0)
		return WPKG_FAIL(err, WPKG_ELIMIT,
				 TRANSFER_FILE " has a line of more than %zu bytes",
				 lines->buf.max);
	char *to = wpkg_buf_extend(&lines->buf, step);
	if (!to)
		return wpkg_buf_check(&lines->buf, TRANSFER_FILE, err);
	ssize_t n = read(lines->fd, to, step);
	lines->buf.len = rest + (n > 0 ? (size_t)n : 0);
	lines->ended = n == 0;
	if (n < 0 && errno != EINTR)
		return WPKG_FAIL_ERRNO(err, errno, TRANSFER_FILE);
	return WPKG_OK;
}

/* *line is borrowed until the next call; its ptr is NULL at the end. */
static enum wpkg_status next_line(struct wpkg_str *line, struct lines *lines, struct wpkg_err *err)
{
	size_t searched = 0;
	for (;;) {
		struct wpkg_str rest = wpkg_str_from_offset(wpkg_buf_str(&lines->buf), lines->at);
		size_t end = searched + wpkg_str_find(wpkg_str_from_offset(rest, searched), '\n');
		if (end < rest.len || (lines->ended && rest.len > 0)) {
			*line = wpkg_str_slice(rest, 0, end);
			lines->at += end < rest.len ? end + 1 : end;
			return WPKG_OK;
		}
		*line = (struct wpkg_str){0};
		if (lines->ended)
			return WPKG_OK;
		searched = rest.len;
		enum wpkg_status status = fill_lines(lines, err);
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status import_lines(struct importer *importer, struct wpkg_err *err)
{
	struct lines lines = {0};
	struct wpkg_str line;
	size_t number = 0;
	enum wpkg_status status = open_plain(&lines.fd, importer->folder, TRANSFER_FILE, err);
	if (status != WPKG_OK)
		return status == WPKG_ENOTFOUND ? WPKG_OK : status;
	wpkg_buf_init(&lines.buf, TRANSFER_LINE_MAX);
	do {
		status = next_line(&line, &lines, err);
		if (status == WPKG_OK && line.ptr)
			status = import_text(importer, line, ++number, err);
		wpkg_arena_clear(&importer->arena);
	} while (status == WPKG_OK && line.ptr);
	close(lines.fd);
	wpkg_buf_clear(&lines.buf);
	if (importer->seen_count > 0)
		qsort(importer->seen, importer->seen_count, sizeof(*importer->seen),
		      compare_digests);
	return status;
}

/* Folders */

static bool is_seen(const struct importer *importer, const struct wpkg_digest *id)
{
	return importer->seen_count > 0 &&
	       bsearch(id, importer->seen, importer->seen_count, sizeof(*id), compare_digests);
}

static enum wpkg_status import_folder(struct importer *importer, const char *name,
				      struct wpkg_err *err)
{
	struct import_item item = {0};
	struct wpkg_digest id;
	struct wpkg_digest is;
	struct wpkg_err problem;
	struct wpkg_str text;
	struct wpkg_str subject = wpkg_arena_format(&importer->arena, "invoices/%s", name);
	if (!subject.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "import: no memory");
	if (!wpkg_digest_parse(&id, wpkg_str_from(name))) {
		import_note(importer, subject, "is not named by a digest");
		return WPKG_OK;
	}
	if (is_seen(importer, &id))
		return WPKG_OK;
	enum wpkg_status status = import_read_invoice(&text, importer, &id, &problem);
	if (status == WPKG_OK)
		status = import_item_complete(importer, &item, text, NULL, &problem);
	if (status == WPKG_OK)
		status = wpkg_id_digest(&is, item.draft.name, item.draft.version, &problem);
	if (status == WPKG_OK && !wpkg_digest_equal(&is, &id))
		status = WPKG_FAIL(&problem, WPKG_EINVAL,
				   "it holds %.*s/%.*s, which belongs elsewhere",
				   WPKG_STR_ARG(item.draft.name), WPKG_STR_ARG(item.draft.version));
	if (status != WPKG_OK)
		return import_pass_over(importer, subject, status, &problem, err);
	subject = wpkg_arena_format(&importer->arena, "%.*s/%.*s", WPKG_STR_ARG(item.draft.name),
				    WPKG_STR_ARG(item.draft.version));
	return import_item_put(importer, &item, subject, err);
}

static enum wpkg_status import_folders(struct importer *importer, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	int fd = openat(importer->folder, "invoices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list) {
		status = WPKG_FAIL_ERRNO(err, errno, "invoices");
		if (fd >= 0)
			close(fd);
		return status;
	}
	for (const struct dirent *entry = readdir(list); status == WPKG_OK && entry;
	     entry = readdir(list)) {
		if (entry->d_name[0] == '.')
			continue;
		status = import_folder(importer, entry->d_name, err);
		wpkg_arena_clear(&importer->arena);
	}
	closedir(list);
	return status;
}

/* Once what versions hold is all there. */
static enum wpkg_status derive_packages(struct wpkg_store *store, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	bool done = false;
	while (status == WPKG_OK && !done)
		status = wpkg_packages_catch_up(&done, store, PACKAGES_STEP, err);
	return status;
}

enum wpkg_status wpkg_store_import(struct wpkg_transfer_report *out, struct wpkg_store *store,
				   const char *folder, const struct wpkg_transfer_options *options,
				   struct wpkg_err *err)
{
	static const struct wpkg_transfer_options none = {0};
	struct importer importer = {.store = store, .options = options ? options : &none};
	int hold = -1;
	enum wpkg_status status = WPKG_OK;
	importer.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (importer.folder < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	wpkg_arena_init(&importer.arena, ITEM_MAX);
	/* Parcels come before the version that holds them. */
	status = store_hold_take(&hold, store, STORE_HOLD_KEEP, err);
	if (status == WPKG_OK)
		status = import_lines(&importer, err);
	if (status == WPKG_OK)
		status = import_folders(&importer, err);
	if (status == WPKG_OK)
		status = derive_packages(store, err);
	if (status == WPKG_OK)
		*out = importer.report;
	store_hold_release(hold);
	wpkg_mem_free(importer.seen);
	wpkg_arena_clear(&importer.arena);
	close(importer.folder);
	return status;
}
