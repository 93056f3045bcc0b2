/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stddef.h>

#include "base/hex.h"
#include "base/library.h"
#include "base/mem.h"
#include "crypto/content_digest.h"

struct wpkg_hasher {
	EVP_MD_CTX *context;
	enum wpkg_digest_algorithm algorithm;
	bool failed;
};

/* What is called of libcrypto. Its size costs every start that does not hash a millisecond. */
struct api {
	EVP_MD *(*fetch)(OSSL_LIB_CTX *context, const char *algorithm, const char *properties);
	EVP_MD_CTX *(*new_context)(void);
	void (*free_context)(EVP_MD_CTX *context);
	int (*init)(EVP_MD_CTX *context, const EVP_MD *type, const OSSL_PARAM params[]);
	int (*update)(EVP_MD_CTX *context, const void *bytes, size_t count);
	int (*final)(EVP_MD_CTX *context, unsigned char *digest, unsigned int *size);
	int (*digest)(const void *bytes, size_t count, unsigned char *digest, unsigned int *size,
		      const EVP_MD *type, ENGINE *engine);
};

static const struct wpkg_library_symbol symbols[] = {
	{"EVP_MD_fetch", offsetof(struct api, fetch)},
	{"EVP_MD_CTX_new", offsetof(struct api, new_context)},
	{"EVP_MD_CTX_free", offsetof(struct api, free_context)},
	{"EVP_DigestInit_ex2", offsetof(struct api, init)},
	{"EVP_DigestUpdate", offsetof(struct api, update)},
	{"EVP_DigestFinal_ex", offsetof(struct api, final)},
	{"EVP_Digest", offsetof(struct api, digest)},
	{0},
};

static struct api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

/* Fetching an algorithm costs more than hashing a kilobyte: once for the process. */
static EVP_MD *fetched[2];

static void load(void)
{
	static const struct wpkg_library library = {
		.file = "libcrypto.so.3",
		.purpose = "hashes",
		.package = "libssl3",
		.symbols = symbols,
	};
	if (wpkg_library_load(&api, &library, &failure) != WPKG_OK)
		return;
	fetched[WPKG_SHA256] = api.fetch(NULL, "SHA256", NULL);
	fetched[WPKG_SHA512] = api.fetch(NULL, "SHA512", NULL);
	if (!fetched[WPKG_SHA256] || !fetched[WPKG_SHA512])
		wpkg_err_set(&failure, WPKG_EIO, "libcrypto has no SHA-2");
}

static enum wpkg_status prepare(struct wpkg_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (failure.status != WPKG_OK)
		return WPKG_FAIL(err, failure.status, "%s", failure.msg);
	return WPKG_OK;
}

enum wpkg_status wpkg_hasher_new_for(struct wpkg_hasher **out, enum wpkg_digest_algorithm algorithm,
				     struct wpkg_err *err)
{
	enum wpkg_status status = prepare(err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_hasher *hasher = wpkg_mem_calloc(1, sizeof(*hasher));
	if (!hasher)
		return WPKG_FAIL(err, WPKG_ENOMEM, "hash: no memory");
	hasher->algorithm = algorithm;
	hasher->context = api.new_context();
	if (!hasher->context || api.init(hasher->context, fetched[algorithm], NULL) != 1) {
		wpkg_hasher_free(hasher);
		return WPKG_FAIL(err, WPKG_ENOMEM, "hash: the library gives no context");
	}
	*out = hasher;
	return WPKG_OK;
}

enum wpkg_status wpkg_hasher_new(struct wpkg_hasher **out, struct wpkg_err *err)
{
	return wpkg_hasher_new_for(out, WPKG_SHA256, err);
}

void wpkg_hasher_update(struct wpkg_hasher *hasher, struct wpkg_str bytes)
{
	if (bytes.len > 0 && api.update(hasher->context, bytes.ptr, bytes.len) != 1)
		hasher->failed = true;
}

enum wpkg_status wpkg_hasher_finish_content(struct wpkg_content_digest *out,
					    struct wpkg_hasher *hasher, struct wpkg_err *err)
{
	struct wpkg_content_digest digest = {.algorithm = hasher->algorithm};
	if (hasher->failed || api.final(hasher->context, digest.bytes, NULL) != 1)
		return WPKG_FAIL(err, WPKG_EIO, "hash: the library failed");
	*out = digest;
	return WPKG_OK;
}

enum wpkg_status wpkg_hasher_finish(struct wpkg_digest *out, struct wpkg_hasher *hasher,
				    struct wpkg_err *err)
{
	struct wpkg_content_digest digest;
	enum wpkg_status status = wpkg_hasher_finish_content(&digest, hasher, err);
	if (status == WPKG_OK)
		memcpy(out->bytes, digest.bytes, sizeof(out->bytes));
	return status;
}

void wpkg_hasher_free(struct wpkg_hasher *hasher)
{
	if (!hasher)
		return;
	if (hasher->context)
		api.free_context(hasher->context);
	wpkg_mem_free(hasher);
}

enum wpkg_status wpkg_content_digest_of(struct wpkg_content_digest *out,
					enum wpkg_digest_algorithm algorithm, struct wpkg_str bytes,
					struct wpkg_err *err)
{
	struct wpkg_content_digest digest = {.algorithm = algorithm};
	enum wpkg_status status = prepare(err);
	if (status != WPKG_OK)
		return status;
	if (api.digest(bytes.ptr, bytes.len, digest.bytes, NULL, fetched[algorithm], NULL) != 1)
		return WPKG_FAIL(err, WPKG_ENOMEM, "hash: the library failed");
	*out = digest;
	return WPKG_OK;
}

enum wpkg_status wpkg_digest_of(struct wpkg_digest *out, struct wpkg_str bytes,
				struct wpkg_err *err)
{
	struct wpkg_content_digest digest;
	enum wpkg_status status = wpkg_content_digest_of(&digest, WPKG_SHA256, bytes, err);
	if (status == WPKG_OK)
		memcpy(out->bytes, digest.bytes, sizeof(out->bytes));
	return status;
}

void wpkg_digest_format(char out[WPKG_DIGEST_TEXT], const struct wpkg_digest *digest)
{
	wpkg_hex_format(out, digest->bytes, sizeof(digest->bytes));
}

bool wpkg_digest_parse(struct wpkg_digest *out, struct wpkg_str text)
{
	struct wpkg_digest digest = {0};
	if (!wpkg_hex_parse(digest.bytes, sizeof(digest.bytes), text))
		return false;
	*out = digest;
	return true;
}

bool wpkg_digest_equal(const struct wpkg_digest *a, const struct wpkg_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
