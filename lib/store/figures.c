/* SPDX-License-Identifier: Apache-2.0 */
#include "store/figures.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/store_int.h"

static enum wpkg_status read_row(struct wpkg_store *store, struct db *db, void *arguments,
				 struct wpkg_err *err)
{
	struct wpkg_store_figures *out = arguments;
	uint64_t *const columns[] = {&out->packages,  &out->incomplete, &out->checking,
				     &out->published, &out->rejected,	&out->yanked,
				     &out->blobs,     &out->blob_bytes, &out->damaged,
				     &out->manifests, &out->tags,	&out->sessions};
	struct db_rows rows;
	(void)store;
	db_rows_open(&rows, db,
		     "SELECT packages, incomplete, checking, published, rejected, yanked, blobs, "
		     "blob_bytes, damaged, manifests, tags, sessions FROM figures",
		     DB_NO_VALUES);
	if (db_rows_next(&rows))
		for (int i = 0; i < (int)(sizeof(columns) / sizeof(columns[0])); i++)
			*columns[i] = (uint64_t)db_rows_integer(&rows, i);
	return db_rows_close(&rows, err);
}

/* Bytes of a file in the folder; 0 when it is not there, as a journal may be. */
static enum wpkg_status add_size(uint64_t *out, const struct wpkg_store *store, const char *name,
				 struct wpkg_err *err)
{
	struct stat stat;
	if (fstatat(store->folder, name, &stat, 0) == 0)
		*out += (uint64_t)stat.st_size;
	else if (errno != ENOENT)
		return WPKG_FAIL_ERRNO(err, errno, "%s", name);
	return WPKG_OK;
}

enum wpkg_status wpkg_store_figures(struct wpkg_store_figures *out, struct wpkg_store *store,
				    struct wpkg_err *err)
{
	struct wpkg_store_figures figures = {0};
	enum wpkg_status status = store_read(store, read_row, &figures, err);
	if (status == WPKG_OK)
		status = wpkg_store_space(&figures.free_bytes, store, err);
	if (status == WPKG_OK)
		status = add_size(&figures.index_bytes, store, STORE_INDEX, err);
	if (status == WPKG_OK)
		status = add_size(&figures.index_bytes, store, STORE_INDEX "-wal", err);
	if (status == WPKG_OK)
		*out = figures;
	return status;
}

void wpkg_store_activity(struct wpkg_store_activity *out, const struct wpkg_store *store)
{
	committer_read(out, store->committer);
}
