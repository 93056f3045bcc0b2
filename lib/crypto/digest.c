/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/content_digest.h"

struct wpkg_hasher {
	EVP_MD_CTX *context;
	enum wpkg_digest_algorithm algorithm;
	bool failed;
};

/* Fetching an algorithm costs more than hashing a kilobyte: once for the process. */
static EVP_MD *fetched[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	fetched[WPKG_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	fetched[WPKG_SHA512] = EVP_MD_fetch(NULL, "SHA512", NULL);
}

static const EVP_MD *algorithm_of(enum wpkg_digest_algorithm algorithm)
{
	pthread_once(&once, fetch);
	return fetched[algorithm];
}

enum wpkg_status wpkg_hasher_new_for(struct wpkg_hasher **out, enum wpkg_digest_algorithm algorithm,
				     struct wpkg_err *err)
{
	const EVP_MD *md = algorithm_of(algorithm);
	struct wpkg_hasher *hasher = wpkg_mem_calloc(1, sizeof(*hasher));
	if (!hasher)
		return WPKG_FAIL(err, WPKG_ENOMEM, "hash: no memory");
	hasher->algorithm = algorithm;
	hasher->context = EVP_MD_CTX_new();
	if (!hasher->context || !md || EVP_DigestInit_ex2(hasher->context, md, NULL) != 1) {
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
	if (bytes.len > 0 && EVP_DigestUpdate(hasher->context, bytes.ptr, bytes.len) != 1)
		hasher->failed = true;
}

enum wpkg_status wpkg_hasher_finish_content(struct wpkg_content_digest *out,
					    struct wpkg_hasher *hasher, struct wpkg_err *err)
{
	struct wpkg_content_digest digest = {.algorithm = hasher->algorithm};
	if (hasher->failed || EVP_DigestFinal_ex(hasher->context, digest.bytes, NULL) != 1)
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
	EVP_MD_CTX_free(hasher->context);
	wpkg_mem_free(hasher);
}

enum wpkg_status wpkg_content_digest_of(struct wpkg_content_digest *out,
					enum wpkg_digest_algorithm algorithm, struct wpkg_str bytes,
					struct wpkg_err *err)
{
	const EVP_MD *md = algorithm_of(algorithm);
	struct wpkg_content_digest digest = {.algorithm = algorithm};
	if (!md || EVP_Digest(bytes.ptr, bytes.len, digest.bytes, NULL, md, NULL) != 1)
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
