/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "admission.h"
#include "admission_options.h"
#include "base/clock.h"
#include "http_tls.h"
#include "listen.h"

#define DAY INT64_C(86400)
#define EXPIRY_DAYS 30		  /* before its end a certificate should be a new one */
#define BUILT INT64_C(1767225600) /* 2026-01-01: no clock that is right is earlier */
#define FEW_INODES 10000
#define GIB ((double)((uint64_t)1 << 30))

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_BAD] = "bad"};
	return names[level];
}

void doctor_say(struct doctor *doctor, const char *check, enum doctor_level level,
		const char *remedy, const char *format, ...)
{
	va_list args;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 4096);
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	doctor->warnings += level == DOCTOR_WARN;
	doctor->bad += level == DOCTOR_BAD;
	doctor->found(doctor->user, check, level, wpkg_buf_str(&text), wpkg_str_from(remedy));
	wpkg_buf_clear(&text);
}

/* Settings that go together */

/* Binding an address to look at it would fail beside a server. */
static bool is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]", 5) == 0 ||
	       strncmp(listen, "localhost", 9) == 0;
}

static void check_access(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	bool is_local = is_loopback(config->listen);
	if (!is_local && !config->tls_cert && !config->insecure)
		doctor_say(doctor, "access", DOCTOR_BAD,
			   "set tls-cert and tls-key, or insecure behind a proxy that has TLS",
			   "%s can be reached from outside without TLS: the server will not start",
			   config->listen);
	else if (config->unauthenticated && !is_local)
		doctor_say(doctor, "access", DOCTOR_WARN,
			   "unset unauthenticated, and make users with 'wpkgd user add'",
			   "anybody who reaches %s may do anything", config->listen);
	else if (!config->unauthenticated && !config->htpasswd)
		doctor_say(doctor, "access", DOCTOR_WARN,
			   "set htpasswd, and make users with 'wpkgd user add'",
			   "there are no users: only tokens can push");
	else
		doctor_say(doctor, "access", DOCTOR_OK, NULL, "%s, %s", config->listen,
			   config->unauthenticated ? "for anybody" : "with users");
}

static void check_descriptors(struct doctor *doctor)
{
	struct rlimit limit;
	rlim_t needed = 2 * doctor->config->max_connections + 256;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		doctor_say(doctor, "descriptors", DOCTOR_WARN, "look at 'ulimit -Hn'",
			   "the system does not say: %s", strerror(errno));
	else if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < needed)
		doctor_say(doctor, "descriptors", DOCTOR_BAD,
			   "raise LimitNOFILE (ulimit -Hn), or lower max-connections",
			   "%llu are allowed here, and max-connections needs %llu",
			   (unsigned long long)limit.rlim_max, (unsigned long long)needed);
	else
		doctor_say(doctor, "descriptors", DOCTOR_OK, NULL, "%llu are needed and allowed",
			   (unsigned long long)needed);
}

/* Disk, clock, certificate */

static void check_disk(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct statvfs disk;
	if (statvfs(config->data, &disk) != 0) {
		doctor_say(doctor, "disk", DOCTOR_BAD, "mount it, or mend its permissions",
			   "%s: %s", config->data, strerror(errno));
		return;
	}
	uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (left < config->keep_free)
		doctor_say(doctor, "disk", DOCTOR_BAD,
			   "make room ('wpkgd gc', a larger disk), or lower keep-free",
			   "%.1f GiB are left, below keep-free: every push is refused",
			   (double)left / GIB);
	else if (left < config->warn_free)
		doctor_say(doctor, "disk", DOCTOR_WARN,
			   "make room ('wpkgd gc', a larger disk), or lower warn-free",
			   "%.1f GiB are left, below warn-free", (double)left / GIB);
	else if (disk.f_files > 0 && disk.f_favail < FEW_INODES)
		doctor_say(doctor, "disk", DOCTOR_WARN, "make room for more files",
			   "room for %llu more files is left", (unsigned long long)disk.f_favail);
	else
		doctor_say(doctor, "disk", DOCTOR_OK, NULL, "%.1f GiB are left",
			   (double)left / GIB);
}

static void check_clock(struct doctor *doctor)
{
	char text[WPKG_CLOCK_TEXT];
	struct timex state = {0};
	int64_t now = wpkg_clock_now();
	wpkg_clock_format(text, now);
	if (now < BUILT)
		doctor_say(doctor, "clock", DOCTOR_BAD, "set the clock, and keep it set (NTP)",
			   "it says %s, which is long ago", text);
	else if (adjtimex(&state) >= 0 && (state.status & STA_UNSYNC))
		doctor_say(doctor, "clock", DOCTOR_WARN,
			   "run a time service (systemd-timesyncd, chrony)",
			   "it says %s, and nothing keeps it right", text);
	else
		doctor_say(doctor, "clock", DOCTOR_OK, NULL, "it says %s", text);
}

static void check_certificate(struct doctor *doctor)
{
	struct wpkg_err err;
	struct certificates *certificates = NULL;
	char text[WPKG_CLOCK_TEXT];
	if (!doctor->config->tls_cert) {
		doctor_say(doctor, "certificate", DOCTOR_OK, NULL, "none is configured");
		return;
	}
	if (certificates_new(&certificates, doctor->config, &err) != WPKG_OK) {
		doctor_say(doctor, "certificate", DOCTOR_BAD,
			   "give a PEM chain and the key that belongs to it", "%s", err.msg);
		return;
	}
	int64_t expiry = certificates_expiry(certificates);
	int64_t left = expiry - wpkg_clock_now();
	certificates_free(certificates);
	wpkg_clock_format(text, expiry);
	if (left <= 0)
		doctor_say(doctor, "certificate", DOCTOR_BAD,
			   "renew it, then 'systemctl reload wpkgd' (SIGHUP)", "it ended %s", text);
	else if (left < EXPIRY_DAYS * DAY)
		doctor_say(doctor, "certificate", DOCTOR_WARN,
			   "renew it, then 'systemctl reload wpkgd' (SIGHUP)",
			   "it ends in %lld days, %s", (long long)(left / DAY), text);
	else
		doctor_say(doctor, "certificate", DOCTOR_OK, NULL, "it ends %s", text);
}

/* The server's own report of what protects it from modules. */
static void check_admission(struct doctor *doctor)
{
	struct wpkg_err err;
	struct admission *admission = NULL;
	struct admission_options options;
	enum wpkg_status status =
		admission_options_of(&options, doctor->config, doctor->arena, &err);
	if (status == WPKG_OK)
		status = admission_new(&admission, &options, &err);
	if (status != WPKG_OK) {
		doctor_say(doctor, "admission", DOCTOR_BAD,
			   "install wpkg-admit beside the server, or set admission-program", "%s",
			   err.msg);
		return;
	}
	const char *missing = admission_missing(admission);
	if (missing[0])
		doctor_say(
			doctor, "admission", DOCTOR_WARN,
			"allow them to the service: user namespaces, seccomp and Landlock of the "
			"kernel (containers often take them away)",
			"workers run without: %s", missing);
	else
		doctor_say(doctor, "admission", DOCTOR_OK, NULL,
			   "workers have every protection that there is");
	admission_free(admission);
}

void doctor_run(struct doctor *doctor)
{
	check_access(doctor);
	doctor_check_files(doctor);
	check_disk(doctor);
	check_descriptors(doctor);
	check_clock(doctor);
	check_certificate(doctor);
	check_admission(doctor);
	doctor_check_data(doctor);
}
