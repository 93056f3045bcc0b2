/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/verify.h"

#include "base/base64.h"
#include "base/utf8.h"

/* A line break inside a text would let one block be read as another: no length stands in it. */
static bool is_one_line(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return true;
}

static void append_line(struct wpkg_buf *buf, struct wpkg_str text)
{
	wpkg_buf_append_str(buf, text);
	wpkg_buf_append_byte(buf, '\n');
}

static void append_block(struct wpkg_buf *buf, const struct wpkg_invoice *invoice,
			 struct wpkg_str by, enum wpkg_role role)
{
	append_line(buf, by);
	append_line(buf, invoice->name);
	append_line(buf, invoice->version);
	append_line(buf, wpkg_str_from(wpkg_role_name(role)));
	wpkg_buf_append_byte(buf, '~');
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		wpkg_buf_append_byte(buf, '\n');
		wpkg_buf_append_str(buf, invoice->parcels[i].label.sha256);
	}
}

#define BLOCK_MAX (2 * WPKG_INVOICE_MAX)

enum wpkg_status wpkg_signature_block(struct wpkg_buf *buf, const struct wpkg_invoice *invoice,
				      struct wpkg_str by, enum wpkg_role role, struct wpkg_err *err)
{
	bool plain = is_one_line(by) && is_one_line(invoice->name) && is_one_line(invoice->version);
	for (size_t i = 0; plain && i < invoice->parcel_count; i++)
		plain = is_one_line(invoice->parcels[i].label.sha256);
	if (!plain)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "signature: signer, name, version or a digest has control "
				 "characters");
	append_block(buf, invoice, by, role);
	return wpkg_buf_check(buf, "signature block", err);
}

static bool key_of(struct wpkg_public_key *out, const struct wpkg_signature *signature)
{
	size_t len = 0;
	return wpkg_base64_parse(out->bytes, sizeof(out->bytes), &len, signature->key) &&
	       len == sizeof(out->bytes);
}

static bool is_authentic(const struct wpkg_invoice *invoice, const struct wpkg_signature *signature,
			 const struct wpkg_public_key *key)
{
	struct wpkg_signature_bytes bytes;
	struct wpkg_buf block;
	size_t len = 0;
	if (!wpkg_base64_parse(bytes.bytes, sizeof(bytes.bytes), &len, signature->signature) ||
	    len != sizeof(bytes.bytes))
		return false;
	wpkg_buf_init(&block, BLOCK_MAX);
	bool authentic = wpkg_signature_block(&block, invoice, signature->by, signature->role,
					      NULL) == WPKG_OK &&
			 wpkg_key_verify(key, wpkg_buf_str(&block), &bytes);
	wpkg_buf_clear(&block);
	return authentic;
}

const char *wpkg_signature_verdict_text(enum wpkg_signature_verdict verdict)
{
	switch (verdict) {
	case WPKG_SIGNATURE_TRUSTED:
		return "trusted";
	case WPKG_SIGNATURE_UNKNOWN_KEY:
		return "the key is not in the keyring";
	case WPKG_SIGNATURE_WRONG_ROLE:
		return "the key is not trusted in this role";
	case WPKG_SIGNATURE_EXPIRED:
		return "the key's period of validity does not cover it";
	case WPKG_SIGNATURE_REVOKED:
		return "the key is revoked";
	case WPKG_SIGNATURE_INVALID:
		return "the signature does not belong to this invoice";
	}
	return "";
}

#define CLOCK_SKEW 300 /* seconds that two machines' clocks may differ */

/*
 * The time in a signature is not signed, so whoever holds an old key can write any: a period ends
 * what an honest signer does, a revocation what a thief does. A time to come is never believed.
 */
static bool within_period(const struct wpkg_keyring_entry *entry, uint64_t at, int64_t now)
{
	if (at > INT64_MAX || (int64_t)at > now + CLOCK_SKEW)
		return entry->valid_from == INT64_MIN && entry->valid_until == INT64_MAX;
	return (int64_t)at >= entry->valid_from && (int64_t)at <= entry->valid_until;
}

enum wpkg_signature_verdict wpkg_signature_judge(const struct wpkg_invoice *invoice,
						 const struct wpkg_signature *signature,
						 const struct wpkg_verification *verification)
{
	struct wpkg_public_key key;
	if (!key_of(&key, signature) || !is_authentic(invoice, signature, &key))
		return WPKG_SIGNATURE_INVALID;
	const struct wpkg_keyring_entry *entry = wpkg_keyring_find(verification->keyring, &key);
	if (!entry)
		return WPKG_SIGNATURE_UNKNOWN_KEY;
	if (!verification->honour_roles)
		return WPKG_SIGNATURE_TRUSTED;
	if (entry->revoked)
		return WPKG_SIGNATURE_REVOKED;
	if (!(entry->roles & 1U << signature->role))
		return WPKG_SIGNATURE_WRONG_ROLE;
	return within_period(entry, signature->at, verification->now) ? WPKG_SIGNATURE_TRUSTED
								      : WPKG_SIGNATURE_EXPIRED;
}

#define BIT(role) (1U << WPKG_ROLE_##role)

/* The strategies as a table: which roles count, whether others may be bad, what must be there. */
struct demands {
	unsigned wanted;	  /* roles whose signatures are checked */
	bool all_valid;		  /* signatures in other roles are checked, too */
	bool unknown_is_fine;	  /* as long as one that was checked is trusted */
	bool each_role_is_needed; /* of those wanted */
};

static struct demands demands_of(const struct wpkg_strategy *strategy)
{
	static const struct demands table[] = {
		[WPKG_STRATEGY_CREATIVE_INTEGRITY] = {BIT(CREATOR), false, false, true},
		[WPKG_STRATEGY_AUTHORITATIVE_INTEGRITY] = {BIT(CREATOR) | BIT(APPROVER), false,
							   true, false},
		[WPKG_STRATEGY_GREEDY_VERIFICATION] = {BIT(CREATOR), true, false, true},
		[WPKG_STRATEGY_EXHAUSTIVE_VERIFICATION] = {BIT(CREATOR) | BIT(APPROVER) |
								   BIT(HOST) | BIT(PROXY),
							   true, false, false},
		[WPKG_STRATEGY_MULTIPLE_ATTESTATION] = {0, false, false, true},
		[WPKG_STRATEGY_MULTIPLE_ATTESTATION_GREEDY] = {0, true, false, true},
	};
	struct demands demands = table[strategy->kind];
	if (demands.wanted == 0)
		demands.wanted = strategy->roles;
	return demands;
}

static enum wpkg_status refuse(const struct wpkg_signature *signature,
			       enum wpkg_signature_verdict verdict, struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_EDENIED, "signature of '%.*s' as %s: %s",
			 WPKG_STR_ARG(signature->by), wpkg_role_name(signature->role),
			 wpkg_signature_verdict_text(verdict));
}

enum wpkg_status wpkg_invoice_verify(const struct wpkg_invoice *invoice,
				     const struct wpkg_verification *verification,
				     struct wpkg_err *err)
{
	struct demands demands = demands_of(&verification->strategy);
	unsigned present = 0;
	size_t trusted = 0;
	if (!invoice->has_signatures)
		return WPKG_FAIL(err, WPKG_EDENIED, "the invoice is not signed");
	for (size_t i = 0; i < invoice->signature_count; i++) {
		const struct wpkg_signature *signature = &invoice->signatures[i];
		if (!demands.all_valid && !(demands.wanted & 1U << signature->role))
			continue;
		enum wpkg_signature_verdict verdict =
			wpkg_signature_judge(invoice, signature, verification);
		if (verdict == WPKG_SIGNATURE_TRUSTED) {
			trusted++;
			present |= 1U << signature->role;
		} else if (verdict == WPKG_SIGNATURE_INVALID || !demands.unknown_is_fine) {
			return refuse(signature, verdict, err);
		}
	}
	if (trusted == 0)
		return WPKG_FAIL(err, WPKG_EDENIED, "no signature by a trusted key");
	for (unsigned role = 0; demands.each_role_is_needed && role < WPKG_ROLE_COUNT; role++)
		if (demands.wanted & ~present & 1U << role)
			return WPKG_FAIL(err, WPKG_EDENIED, "no signature as %s",
					 wpkg_role_name((enum wpkg_role)role));
	return WPKG_OK;
}

static bool signed_by(const struct wpkg_invoice *invoice, const struct wpkg_public_key *key)
{
	struct wpkg_public_key other;
	for (size_t i = 0; i < invoice->signature_count; i++)
		if (key_of(&other, &invoice->signatures[i]) && wpkg_public_key_equal(&other, key))
			return true;
	return false;
}

static struct wpkg_str base64_in(struct wpkg_arena *arena, const void *bytes, size_t len)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 256);
	wpkg_base64_append(&text, bytes, len);
	struct wpkg_str copy = {0};
	if (text.failed == WPKG_OK)
		copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy;
}

static bool append_signature(struct wpkg_invoice *invoice, struct wpkg_arena *arena,
			     const struct wpkg_signature *signature)
{
	size_t count = invoice->signature_count;
	struct wpkg_signature *all = wpkg_arena_alloc(arena, count + 1, sizeof(*all));
	if (!all || !signature->by.ptr || !signature->key.ptr || !signature->signature.ptr)
		return false;
	if (count > 0)
		memcpy(all, invoice->signatures, count * sizeof(*all));
	all[count] = *signature;
	invoice->signatures = all;
	invoice->signature_count = count + 1;
	invoice->has_signatures = true;
	return true;
}

enum wpkg_status wpkg_invoice_sign(struct wpkg_invoice *invoice, struct wpkg_arena *arena,
				   const struct wpkg_secret_entry *entry, enum wpkg_role role,
				   uint64_t at, struct wpkg_err *err)
{
	struct wpkg_str by = wpkg_str_from(entry->label);
	struct wpkg_signature_bytes bytes;
	struct wpkg_buf block;
	if (entry->sealed)
		return WPKG_FAIL(err, WPKG_EINVAL, "key '%s' is locked by its passphrase",
				 entry->label);
	if (signed_by(invoice, &entry->public_key))
		return WPKG_FAIL(err, WPKG_EEXISTS, "key '%s' has signed this invoice already",
				 entry->label);
	wpkg_buf_init(&block, BLOCK_MAX);
	enum wpkg_status status = wpkg_signature_block(&block, invoice, by, role, err);
	if (status == WPKG_OK)
		status = wpkg_key_sign(&bytes, &entry->key, wpkg_buf_str(&block), err);
	wpkg_buf_clear(&block);
	if (status != WPKG_OK)
		return status;
	struct wpkg_signature signature = {
		.by = wpkg_arena_dup(arena, by),
		.signature = base64_in(arena, bytes.bytes, sizeof(bytes.bytes)),
		.key = base64_in(arena, entry->public_key.bytes, sizeof(entry->public_key.bytes)),
		.role = role,
		.at = at,
	};
	if (!append_signature(invoice, arena, &signature))
		return WPKG_FAIL(err, WPKG_ENOMEM, "signature: no memory");
	return WPKG_OK;
}
