/* SPDX-License-Identifier: Apache-2.0 */
#include "store/readers.h"

#include <pthread.h>

#include "base/mem.h"
#include "store/db_sqlite.h"

struct readers {
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	char *path;
	struct db **idle; /* open and not taken; the one used last is on top */
	size_t idle_count;
	size_t count; /* that may still be taken, open or not */
};

enum wpkg_status readers_new(struct readers **out, const char *path, unsigned count,
			     struct wpkg_err *err)
{
	struct readers *self = wpkg_mem_calloc(1, sizeof(*self));
	if (!self)
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->given_back, NULL);
	self->count = count;
	self->path = wpkg_mem_dup_text(path, strlen(path));
	self->idle = wpkg_mem_calloc(count, sizeof(struct db *));
	if (!self->path || !self->idle) {
		readers_free(self);
		return WPKG_FAIL(err, WPKG_ENOMEM, "store: no memory");
	}
	*out = self;
	return WPKG_OK;
}

void readers_free(struct readers *readers)
{
	if (!readers)
		return;
	for (size_t i = 0; readers->idle && i < readers->idle_count; i++)
		db_close(readers->idle[i]);
	pthread_cond_destroy(&readers->given_back);
	pthread_mutex_destroy(&readers->lock);
	wpkg_mem_free(readers->idle);
	wpkg_mem_free(readers->path);
	wpkg_mem_free(readers);
}

static void put_back(struct readers *readers, struct db *db)
{
	pthread_mutex_lock(&readers->lock);
	if (db)
		readers->idle[readers->idle_count++] = db;
	readers->count++;
	pthread_cond_signal(&readers->given_back);
	pthread_mutex_unlock(&readers->lock);
}

enum wpkg_status readers_take(struct db **out, struct readers *readers, struct wpkg_err *err)
{
	struct db *db = NULL;
	pthread_mutex_lock(&readers->lock);
	while (readers->count == 0)
		pthread_cond_wait(&readers->given_back, &readers->lock);
	readers->count--;
	if (readers->idle_count > 0)
		db = readers->idle[--readers->idle_count];
	pthread_mutex_unlock(&readers->lock);
	if (!db) {
		enum wpkg_status status = db_sqlite_open(&db, readers->path, DB_READ, err);
		if (status != WPKG_OK) {
			put_back(readers, NULL);
			return status;
		}
	}
	*out = db;
	return WPKG_OK;
}

void readers_give_back(struct readers *readers, struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	put_back(readers, db);
}
