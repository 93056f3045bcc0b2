/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key.h"

#include <sodium.h>

#include "base/mem.h"

static enum wpkg_status begin(struct wpkg_err *err)
{
	/* Thread-safe, and free after the first call. */
	if (sodium_init() < 0)
		return WPKG_FAIL(err, WPKG_EIO, "libsodium: no source of random numbers");
	return WPKG_OK;
}

enum wpkg_status wpkg_secret_key_generate(struct wpkg_secret_key *out, struct wpkg_err *err)
{
	struct wpkg_public_key public_key;
	enum wpkg_status status = begin(err);
	if (status != WPKG_OK)
		return status;
	crypto_sign_ed25519_keypair(public_key.bytes, out->bytes);
	return WPKG_OK;
}

enum wpkg_status wpkg_secret_key_from(struct wpkg_secret_key *out, struct wpkg_str bytes,
				      struct wpkg_err *err)
{
	struct wpkg_secret_key key;
	struct wpkg_public_key public_key;
	enum wpkg_status status = begin(err);
	if (status != WPKG_OK)
		return status;
	if (bytes.len != sizeof(key.bytes))
		return WPKG_FAIL(err, WPKG_EFORMAT, "a key pair has 64 bytes, this one %zu",
				 bytes.len);
	crypto_sign_ed25519_seed_keypair(public_key.bytes, key.bytes,
					 (const unsigned char *)bytes.ptr);
	if (memcmp(key.bytes, bytes.ptr, sizeof(key.bytes)) != 0)
		status = WPKG_FAIL(err, WPKG_EFORMAT,
				   "the public half of the key pair does not belong to its seed");
	else
		*out = key;
	wpkg_mem_wipe(&key, sizeof(key));
	return status;
}

void wpkg_secret_key_clear(struct wpkg_secret_key *key)
{
	wpkg_mem_wipe(key, sizeof(*key));
}

struct wpkg_public_key wpkg_secret_key_public(const struct wpkg_secret_key *key)
{
	struct wpkg_public_key public_key;
	memcpy(public_key.bytes, key->bytes + 32, sizeof(public_key.bytes));
	return public_key;
}

bool wpkg_public_key_equal(const struct wpkg_public_key *a, const struct wpkg_public_key *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

enum wpkg_status wpkg_key_sign(struct wpkg_signature_bytes *out, const struct wpkg_secret_key *key,
			       struct wpkg_str message, struct wpkg_err *err)
{
	enum wpkg_status status = begin(err);
	if (status != WPKG_OK)
		return status;
	crypto_sign_ed25519_detached(out->bytes, NULL, (const unsigned char *)message.ptr,
				     message.len, key->bytes);
	return WPKG_OK;
}

bool wpkg_key_verify(const struct wpkg_public_key *key, struct wpkg_str message,
		     const struct wpkg_signature_bytes *signature)
{
	return begin(NULL) == WPKG_OK &&
	       crypto_sign_ed25519_verify_detached(signature->bytes,
						   (const unsigned char *)message.ptr, message.len,
						   key->bytes) == 0;
}
