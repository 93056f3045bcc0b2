/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the server and of its configuration: are they there, and for whom. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "webhook.h"

/* A file that a setting names: readable for us, and what others may is no more than mode allows. */
static bool check_file(struct doctor *doctor, const char *what, const char *path, mode_t others)
{
	struct stat info;
	if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
		doctor_say(doctor, "files", DOCTOR_BAD, "mend the setting, or the permissions",
			   "%s: %s: %s", what, path, strerror(errno));
		return false;
	}
	mode_t excess = info.st_mode & (S_IRWXG | S_IRWXO) & ~others;
	if (excess == 0)
		return true;
	char remedy[512];
	snprintf(remedy, sizeof(remedy), "chmod %04o %s", info.st_mode & 07777 & ~excess, path);
	doctor_say(doctor, "files", DOCTOR_BAD, remedy, "%s: %s may be %s by others", what, path,
		   (excess & (S_IWGRP | S_IWOTH)) ? "written" : "read");
	return false;
}

/* The data is for its owner alone, who should be us. */
static bool check_folder(struct doctor *doctor)
{
	struct stat info;
	char remedy[512];
	const char *data = doctor->config->data;
	if (stat(data, &info) != 0) {
		snprintf(remedy, sizeof(remedy), "start the server once, or mkdir -m 700 %s", data);
		doctor_say(doctor, "files", DOCTOR_BAD, remedy, "data: %s: %s", data,
			   strerror(errno));
		return false;
	}
	if (access(data, R_OK | W_OK | X_OK) != 0 || info.st_uid != geteuid()) {
		snprintf(remedy, sizeof(remedy), "run this, and the server, as the owner of %s",
			 data);
		doctor_say(doctor, "files", geteuid() == 0 ? DOCTOR_WARN : DOCTOR_BAD, remedy,
			   "data: %s is user %u's, and this runs as user %u", data,
			   (unsigned)info.st_uid, (unsigned)geteuid());
		return false;
	}
	if (info.st_mode & (S_IRWXG | S_IRWXO)) {
		snprintf(remedy, sizeof(remedy), "chmod 700 %s", data);
		doctor_say(doctor, "files", DOCTOR_WARN, remedy, "data: %s is open to others",
			   data);
		return false;
	}
	return true;
}

static bool check_host_keys(struct doctor *doctor)
{
	struct wpkg_str path =
		wpkg_arena_format(doctor->arena, "%s/host-keys.toml", doctor->config->data);
	/* It is made at the first start. */
	if (!path.ptr || access(path.ptr, F_OK) != 0)
		return true;
	return check_file(doctor, "signing keys", path.ptr, 0);
}

static bool check_secrets(struct doctor *doctor)
{
	const struct webhook_rules *rules = &doctor->config->webhooks;
	bool good = true;
	for (size_t i = 0; i < rules->count; i++) {
		struct wpkg_err err;
		struct wpkg_buf secret;
		if (webhook_secret_read(&secret, &rules->items[i], &err) == WPKG_OK) {
			wpkg_buf_wipe(&secret);
			continue;
		}
		good = false;
		doctor_say(doctor, "files", DOCTOR_BAD,
			   "set the variable for the service, or mend the file", "%s", err.msg);
	}
	return good;
}

void doctor_check_files(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	const struct {
		const char *what, *path;
		mode_t others; /* what group and others may */
	} files[] = {
		{"config", config->config, S_IRGRP | S_IROTH},
		{"htpasswd", config->htpasswd, S_IRGRP},
		{"keyring", config->keyring, S_IRGRP | S_IROTH},
		{"tls-cert", config->tls_cert, S_IRGRP | S_IROTH},
		{"tls-key", config->tls_key, S_IRGRP},
	};
	bool good = check_folder(doctor);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].path)
			good = check_file(doctor, files[i].what, files[i].path, files[i].others) &&
			       good;
	good = check_host_keys(doctor) && good;
	good = check_secrets(doctor) && good;
	if (good)
		doctor_say(doctor, "files", DOCTOR_OK, NULL,
			   "all are there, and for those who shall read them");
}
