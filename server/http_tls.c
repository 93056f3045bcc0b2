/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate. The library asks for it in each handshake, so that a new one is in force with
 * the next connection. One that was replaced lives on for as long as a handshake that began with it
 * may last.
 */
#include "http_int.h"

#include <gnutls/abstract.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>

#define CHAIN_MAX 16
#define PEM_MAX ((size_t)1 << 20)
#define RETIRED_SECONDS 600

struct certificate {
	struct certificate *older;
	int64_t retired; /* UNIX seconds; of the older ones */
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_count;
	gnutls_privkey_t key;
};

struct certificates {
	pthread_mutex_t mutex;
	struct certificate *current;
};

/* The library's callback has no argument of ours; there is one server in a process. */
static struct certificates *serving;

static void free_certificate(struct certificate *certificate)
{
	for (unsigned i = 0; i < certificate->chain_count; i++)
		gnutls_pcert_deinit(&certificate->chain[i]);
	if (certificate->key)
		gnutls_privkey_deinit(certificate->key);
	wpkg_mem_free(certificate);
}

static enum wpkg_status fail(struct wpkg_err *err, const char *path, int code)
{
	return WPKG_FAIL(err, WPKG_EFORMAT, "%s: %s", path, gnutls_strerror(code));
}

static enum wpkg_status read_chain(struct certificate *certificate, const char *path,
				   struct wpkg_err *err)
{
	struct wpkg_buf pem;
	unsigned count = CHAIN_MAX;
	wpkg_buf_init(&pem, PEM_MAX);
	enum wpkg_status status = wpkg_file_read(&pem, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		const gnutls_datum_t text = {(unsigned char *)pem.ptr, (unsigned)pem.len};
		int code = gnutls_pcert_list_import_x509_raw(certificate->chain, &count, &text,
							     GNUTLS_X509_FMT_PEM, 0);
		if (code < 0)
			status = fail(err, path, code);
		else
			certificate->chain_count = count;
	}
	wpkg_buf_clear(&pem);
	return status;
}

static enum wpkg_status read_key(struct certificate *certificate, const char *path,
				 struct wpkg_err *err)
{
	struct wpkg_buf pem;
	wpkg_buf_init(&pem, PEM_MAX);
	enum wpkg_status status = wpkg_file_read(&pem, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		const gnutls_datum_t text = {(unsigned char *)pem.ptr, (unsigned)pem.len};
		int code = gnutls_privkey_init(&certificate->key);
		if (code >= 0)
			code = gnutls_privkey_import_x509_raw(certificate->key, &text,
							      GNUTLS_X509_FMT_PEM, NULL, 0);
		if (code < 0)
			status = fail(err, path, code);
	}
	wpkg_buf_wipe(&pem);
	return status;
}

/* A certificate and a key that do not belong together would fail each handshake. */
static enum wpkg_status check_pair(const struct certificate *certificate,
				   const struct config *config, struct wpkg_err *err)
{
	unsigned char of_certificate[64], of_key[64];
	size_t certificate_len = sizeof(of_certificate), key_len = sizeof(of_key);
	gnutls_pubkey_t public_key;
	int code = gnutls_pubkey_init(&public_key);
	if (code < 0)
		return fail(err, config->tls_key, code);
	code = gnutls_pubkey_import_privkey(public_key, certificate->key, 0, 0);
	if (code >= 0)
		code = gnutls_pubkey_get_key_id(public_key, 0, of_key, &key_len);
	if (code >= 0)
		code = gnutls_pubkey_get_key_id(certificate->chain[0].pubkey, 0, of_certificate,
						&certificate_len);
	gnutls_pubkey_deinit(public_key);
	if (code < 0)
		return fail(err, config->tls_key, code);
	if (key_len == certificate_len && memcmp(of_key, of_certificate, key_len) == 0)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL, "%s is not the key of %s", config->tls_key,
			 config->tls_cert);
}

static enum wpkg_status load(struct certificate **out, const struct config *config,
			     struct wpkg_err *err)
{
	struct certificate *certificate = wpkg_mem_calloc(1, sizeof(*certificate));
	if (!certificate)
		return WPKG_FAIL(err, WPKG_ENOMEM, "certificate: no memory");
	enum wpkg_status status = read_chain(certificate, config->tls_cert, err);
	if (status == WPKG_OK)
		status = read_key(certificate, config->tls_key, err);
	if (status == WPKG_OK)
		status = check_pair(certificate, config, err);
	if (status != WPKG_OK)
		free_certificate(certificate);
	else
		*out = certificate;
	return status;
}

enum wpkg_status certificates_new(struct certificates **out, const struct config *config,
				  struct wpkg_err *err)
{
	struct certificates *certificates = wpkg_mem_calloc(1, sizeof(*certificates));
	if (!certificates)
		return WPKG_FAIL(err, WPKG_ENOMEM, "certificates: no memory");
	pthread_mutex_init(&certificates->mutex, NULL);
	enum wpkg_status status = load(&certificates->current, config, err);
	if (status != WPKG_OK)
		certificates_free(certificates);
	else
		*out = certificates;
	return status;
}

void certificates_free(struct certificates *certificates)
{
	if (!certificates)
		return;
	while (certificates->current) {
		struct certificate *older = certificates->current->older;
		free_certificate(certificates->current);
		certificates->current = older;
	}
	pthread_mutex_destroy(&certificates->mutex);
	wpkg_mem_free(certificates);
	serving = NULL;
}

/* With the mutex held. */
static void free_retired(struct certificate *newest, int64_t now)
{
	struct certificate **at = &newest->older;
	while (*at) {
		struct certificate *old = *at;
		if (now - old->retired < RETIRED_SECONDS) {
			at = &old->older;
			continue;
		}
		*at = old->older;
		free_certificate(old);
	}
}

enum wpkg_status certificates_reload(struct certificates *certificates, const struct config *config,
				     struct wpkg_err *err)
{
	struct certificate *fresh = NULL;
	int64_t now = wpkg_clock_now();
	if (!config->tls_cert)
		return WPKG_FAIL(err, WPKG_EINVAL, "TLS cannot be turned off while it runs");
	enum wpkg_status status = load(&fresh, config, err);
	if (status != WPKG_OK)
		return status;
	pthread_mutex_lock(&certificates->mutex);
	certificates->current->retired = now;
	fresh->older = certificates->current;
	certificates->current = fresh;
	free_retired(fresh, now);
	pthread_mutex_unlock(&certificates->mutex);
	return WPKG_OK;
}

int64_t certificates_expiry(struct certificates *certificates)
{
	gnutls_x509_crt_t first;
	if (gnutls_x509_crt_init(&first) != 0)
		return -1;
	pthread_mutex_lock(&certificates->mutex);
	int code = gnutls_x509_crt_import(first, &certificates->current->chain[0].cert,
					  GNUTLS_X509_FMT_DER);
	pthread_mutex_unlock(&certificates->mutex);
	int64_t expiry = code == 0 ? (int64_t)gnutls_x509_crt_get_expiration_time(first) : -1;
	gnutls_x509_crt_deinit(first);
	return expiry;
}

/* gnutls_certificate_retrieve_function2: what it is given stays ours. */
static int retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
		    int authority_count, const gnutls_pk_algorithm_t *algorithms,
		    int algorithm_count, gnutls_pcert_st **chain, unsigned *chain_count,
		    gnutls_privkey_t *key)
{
	(void)session;
	(void)authorities;
	(void)authority_count;
	(void)algorithms;
	(void)algorithm_count;
	pthread_mutex_lock(&serving->mutex);
	*chain = serving->current->chain;
	*chain_count = serving->current->chain_count;
	*key = serving->current->key;
	pthread_mutex_unlock(&serving->mutex);
	return 0;
}

void *certificates_callback(struct certificates *certificates)
{
	gnutls_certificate_retrieve_function2 *function = retrieve;
	void *pointer;
	serving = certificates;
	/* POSIX lets a function's address be a void *, C has no cast for it. */
	memcpy(&pointer, &function, sizeof(pointer));
	return pointer;
}
