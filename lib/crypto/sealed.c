/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sealed.h"

#include <sodium.h>

#include "base/base64.h"
#include "base/mem.h"

#define SECRET_MAX 4096
#define MEMORY_MAX (1ULL << 30)
#define PASSES_MAX 64

struct sealed {
	uint64_t passes;
	uint64_t memory; /* bytes */
	uint8_t salt[crypto_pwhash_SALTBYTES];
	uint8_t nonce[crypto_secretbox_NONCEBYTES];
	uint8_t box[SECRET_MAX + crypto_secretbox_MACBYTES];
	size_t box_len;
};

static enum wpkg_status derive(uint8_t key[crypto_secretbox_KEYBYTES], const struct sealed *sealed,
			       struct wpkg_str passphrase, struct wpkg_err *err)
{
	if (sodium_init() < 0 ||
	    crypto_pwhash(key, crypto_secretbox_KEYBYTES, passphrase.ptr, passphrase.len,
			  sealed->salt, sealed->passes, (size_t)sealed->memory,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return WPKG_FAIL(err, WPKG_ENOMEM, "passphrase: no memory for its key");
	return WPKG_OK;
}

enum wpkg_status wpkg_sealed_write(struct wpkg_buf *out, struct wpkg_str secret,
				   struct wpkg_str passphrase, struct wpkg_err *err)
{
	struct sealed sealed = {.passes = crypto_pwhash_OPSLIMIT_INTERACTIVE,
				.memory = crypto_pwhash_MEMLIMIT_INTERACTIVE};
	uint8_t key[crypto_secretbox_KEYBYTES];
	if (secret.len > SECRET_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a secret longer than %d bytes", SECRET_MAX);
	randombytes_buf(sealed.salt, sizeof(sealed.salt));
	randombytes_buf(sealed.nonce, sizeof(sealed.nonce));
	enum wpkg_status status = derive(key, &sealed, passphrase, err);
	if (status != WPKG_OK)
		return status;
	crypto_secretbox_easy(sealed.box, (const unsigned char *)secret.ptr, secret.len,
			      sealed.nonce, key);
	wpkg_mem_wipe(key, sizeof(key));
	uint8_t joined[sizeof(sealed.nonce) + sizeof(sealed.box)];
	size_t len = sizeof(sealed.nonce) + secret.len + crypto_secretbox_MACBYTES;
	memcpy(joined, sealed.nonce, sizeof(sealed.nonce));
	memcpy(joined + sizeof(sealed.nonce), sealed.box, len - sizeof(sealed.nonce));
	wpkg_buf_append_format(out, "argon2id$%llu$%llu$", (unsigned long long)sealed.passes,
			       (unsigned long long)sealed.memory);
	wpkg_base64_append(out, sealed.salt, sizeof(sealed.salt));
	wpkg_buf_append_byte(out, '$');
	wpkg_base64_append(out, joined, len);
	return wpkg_buf_check(out, "sealed secret", err);
}

static bool parse(struct sealed *out, struct wpkg_str text)
{
	struct wpkg_str part[5];
	for (size_t i = 0; i < 5; i++)
		if (!wpkg_str_split(&text, '$', &part[i]))
			return false;
	uint8_t joined[sizeof(out->nonce) + sizeof(out->box)];
	size_t salt_len = 0;
	size_t len = 0;
	if (text.ptr || !wpkg_str_equal_text(part[0], "argon2id") ||
	    !wpkg_str_parse_u64(part[1], &out->passes) ||
	    !wpkg_str_parse_u64(part[2], &out->memory) ||
	    !wpkg_base64_parse(out->salt, sizeof(out->salt), &salt_len, part[3]) ||
	    salt_len != sizeof(out->salt) ||
	    !wpkg_base64_parse(joined, sizeof(joined), &len, part[4]) ||
	    len < sizeof(out->nonce) + crypto_secretbox_MACBYTES)
		return false;
	memcpy(out->nonce, joined, sizeof(out->nonce));
	out->box_len = len - sizeof(out->nonce);
	memcpy(out->box, joined + sizeof(out->nonce), out->box_len);
	return true;
}

enum wpkg_status wpkg_sealed_read(struct wpkg_buf *out, struct wpkg_str text,
				  struct wpkg_str passphrase, struct wpkg_err *err)
{
	struct sealed sealed;
	uint8_t key[crypto_secretbox_KEYBYTES];
	uint8_t secret[SECRET_MAX];
	if (!parse(&sealed, text))
		return WPKG_FAIL(err, WPKG_EFORMAT, "not a sealed secret");
	if (sealed.memory > MEMORY_MAX || sealed.passes > PASSES_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT,
				 "the sealed secret asks for more than 1 GiB or %d passes",
				 PASSES_MAX);
	enum wpkg_status status = derive(key, &sealed, passphrase, err);
	if (status != WPKG_OK)
		return status;
	if (crypto_secretbox_open_easy(secret, sealed.box, sealed.box_len, sealed.nonce, key) != 0)
		status = WPKG_FAIL(err, WPKG_EDENIED,
				   "wrong passphrase, or the sealed secret was changed");
	else
		wpkg_buf_append(out, secret, sealed.box_len - crypto_secretbox_MACBYTES);
	wpkg_mem_wipe(key, sizeof(key));
	wpkg_mem_wipe(secret, sizeof(secret));
	return status == WPKG_OK ? wpkg_buf_check(out, "secret", err) : status;
}
