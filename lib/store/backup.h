/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_BACKUP_H
#define WPKG_STORE_BACKUP_H

/*
 * A registry's data as of one moment, in a folder that each backup brings up to date:
 *
 *   backup.json         what the last backup that ended is: counts, files, digests
 *   registry.db.HEX16   the index, with the blobs that are rows
 *   NAME.HEX16          other files of the data's folder
 *   blobs/xx/yy/HEX     larger blobs; hard links where the file system is the same, else copies
 *   tmp/, lock          of a backup that runs
 *
 * backup.json is replaced last and at once: until then the folder is the backup before, whatever
 * kills the one that runs, and what that brought already is not brought again. Uploads that are
 * under way are not part of a backup.
 */

#include "store/store.h"

struct wpkg_backup_options {
	const char *const *files; /* names in the data's folder to take along, where they exist */
	size_t file_count;
	bool copies; /* never hard links */
};

struct wpkg_backup_report {
	int64_t made;		 /* UNIX seconds of the moment */
	uint64_t versions;	 /* in any state */
	uint64_t blobs;		 /* that are files */
	uint64_t bytes;		 /* of those */
	uint64_t linked, copied; /* blobs that the folder lacked */
	uint64_t removed;	 /* blobs of earlier backups that this one has not */
	uint64_t damage;	 /* of a verification: what is not as it was written */
};

/*
 * Makes one, while the store is served. No gc runs beside it. WPKG_EBUSY when another backup writes
 * to the folder, WPKG_EIO names a blob that is not what its digest says (fsck sets it aside).
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_store_backup(struct wpkg_backup_report *out,
						   struct wpkg_store *store, const char *folder,
						   const struct wpkg_backup_options *options,
						   struct wpkg_err *err);

/* Told of each thing that is wrong: a file of the backup, and what. */
struct wpkg_backup_finding {
	void (*found)(void *user, struct wpkg_str subject, struct wpkg_str problem);
	void *user;
};

/*
 * Reads all of a backup. WPKG_OK: all was looked at, and out->damage is how much is wrong.
 * WPKG_ENOTFOUND when the folder holds none.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_backup_verify(struct wpkg_backup_report *out,
						    const char *folder,
						    const struct wpkg_backup_finding *finding,
						    struct wpkg_err *err);

/*
 * Makes a data folder of a backup, which stays as it is. The target is new or empty (WPKG_EEXISTS),
 * or what an earlier restore was killed over; until it has ended nothing opens it. Every byte is
 * checked on its way: WPKG_EIO names what is damaged.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_backup_restore(struct wpkg_backup_report *out,
						     const char *folder, const char *target,
						     struct wpkg_err *err);

#endif
