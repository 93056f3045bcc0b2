/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkg/verify.h"

#define CREATOR (1U << WPKG_ROLE_CREATOR)
#define HOST (1U << WPKG_ROLE_HOST)

static struct wpkg_arena arena;

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)64 << 20);
}

static struct wpkg_invoice *new_invoice(void)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_invoice_read(&invoice, &arena,
				WPKG_LIT("bindleVersion = \"1.0.0\"\n[bindle]\nname = \"n\"\n"
					 "version = \"1.0.0\"\n[[parcel]]\nlabel = {sha256 = \"1\","
					 "name=\"a\",mediaType=\"b\",size=1}\n"),
				WPKG_INVOICE_TOML, &err),
	      err);
	return invoice;
}

START_TEST(a_sealed_key_opens_with_its_passphrase_only)
{
	struct wpkg_err err;
	struct wpkg_secret_keys keys = {0};
	struct wpkg_secret_keys again = {0};
	struct wpkg_buf text;
	setup();
	ck_ok(wpkg_secret_keys_create(&keys, WPKG_LIT("A \"quoted\" \u00e4"), CREATOR,
				      WPKG_LIT("correct horse"), &err),
	      err);
	wpkg_buf_init(&text, 10000);
	ck_ok(wpkg_secret_keys_write(&text, &keys, &err), err);
	ck_assert_ptr_null(strstr(wpkg_buf_text(&text), "keypair"));
	ck_ok(wpkg_secret_keys_read(&again, wpkg_buf_str(&text), &err), err);
	struct wpkg_secret_entry *entry =
		wpkg_secret_keys_find(&again, WPKG_ROLE_CREATOR, (struct wpkg_str){0});
	ck_assert_ptr_nonnull(entry);
	ck_assert(entry->sealed);
	ck_assert_str_eq(entry->label, "A \"quoted\" \u00e4");
	struct wpkg_invoice *invoice = new_invoice();
	ck_status(wpkg_invoice_sign(invoice, &arena, entry, WPKG_ROLE_CREATOR, 1, &err),
		  WPKG_EINVAL);
	ck_status(wpkg_secret_entry_open(entry, WPKG_LIT("wrong"), &err), WPKG_EDENIED);
	ck_assert(entry->sealed);
	ck_ok(wpkg_secret_entry_open(entry, WPKG_LIT("correct horse"), &err), err);
	ck_assert_mem_eq(entry->key.bytes, keys.entries[0].key.bytes, 64);
	wpkg_buf_clear(&text);
	wpkg_secret_keys_clear(&keys);
	wpkg_secret_keys_clear(&again);
}
END_TEST

START_TEST(a_secret_file_that_others_may_read_is_refused)
{
	struct wpkg_err err;
	struct wpkg_secret_keys keys = {0};
	struct wpkg_secret_keys loaded = {0};
	struct stat info;
	char folder[] = "/tmp/wpkg-test-XXXXXX";
	char path[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/keys.toml", folder);
	ck_ok(wpkg_secret_keys_create(&keys, WPKG_LIT("A"), CREATOR, (struct wpkg_str){0}, &err),
	      err);
	ck_ok(wpkg_secret_keys_save(&keys, path, &err), err);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0600);
	ck_ok(wpkg_secret_keys_load(&loaded, path, &err), err);
	ck_assert_uint_eq(loaded.count, 1);
	wpkg_secret_keys_clear(&loaded);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_status(wpkg_secret_keys_load(&loaded, path, &err), WPKG_EDENIED);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	wpkg_secret_keys_clear(&keys);
}
END_TEST

/* Signs, and says what a keyring makes of the signature after a change to its entry. */
static enum wpkg_signature_verdict judge(void (*change)(struct wpkg_keyring_entry *entry),
					 bool honour, uint64_t at)
{
	struct wpkg_err err;
	struct wpkg_secret_keys keys = {0};
	struct wpkg_keyring keyring = {0};
	struct wpkg_keyring_entry entry;
	setup();
	struct wpkg_invoice *invoice = new_invoice();
	ck_ok(wpkg_secret_keys_create(&keys, WPKG_LIT("A"), CREATOR, (struct wpkg_str){0}, &err),
	      err);
	ck_ok(wpkg_secret_entry_public(&entry, &arena, &keys.entries[0], &err), err);
	if (change)
		change(&entry);
	ck_ok(wpkg_keyring_add(&keyring, &arena, &entry, &err), err);
	ck_ok(wpkg_invoice_sign(invoice, &arena, &keys.entries[0], WPKG_ROLE_CREATOR, at, &err),
	      err);
	ck_status(wpkg_invoice_sign(invoice, &arena, &keys.entries[0], WPKG_ROLE_HOST, at, &err),
		  WPKG_EEXISTS);
	struct wpkg_verification verification = {
		.keyring = &keyring, .honour_roles = honour, .now = 10000};
	enum wpkg_signature_verdict verdict =
		wpkg_signature_judge(invoice, &invoice->signatures[0], &verification);
	invoice->parcels[0].label.sha256 = WPKG_LIT("2");
	ck_assert_int_eq(wpkg_signature_judge(invoice, &invoice->signatures[0], &verification),
			 WPKG_SIGNATURE_INVALID);
	wpkg_secret_keys_clear(&keys);
	return verdict;
}

static void make_host(struct wpkg_keyring_entry *entry)
{
	entry->roles = HOST;
}

static void take_trust_away(struct wpkg_keyring_entry *entry)
{
	entry->revoked = true;
	entry->revoked_at = 9000;
}

static void limit(struct wpkg_keyring_entry *entry)
{
	entry->valid_from = 100;
	entry->valid_until = 200;
}

START_TEST(roles_periods_and_revocations_are_honoured_unless_switched_off)
{
	ck_assert_int_eq(judge(NULL, true, 1), WPKG_SIGNATURE_TRUSTED);
	ck_assert_int_eq(judge(make_host, true, 1), WPKG_SIGNATURE_WRONG_ROLE);
	ck_assert_int_eq(judge(make_host, false, 1), WPKG_SIGNATURE_TRUSTED);
	ck_assert_int_eq(judge(take_trust_away, true, 1), WPKG_SIGNATURE_REVOKED);
	ck_assert_int_eq(judge(take_trust_away, false, 1), WPKG_SIGNATURE_TRUSTED);
	ck_assert_int_eq(judge(limit, true, 150), WPKG_SIGNATURE_TRUSTED);
	ck_assert_int_eq(judge(limit, true, 99), WPKG_SIGNATURE_EXPIRED);
	ck_assert_int_eq(judge(limit, true, 201), WPKG_SIGNATURE_EXPIRED);
	ck_assert_int_eq(judge(limit, true, UINT64_MAX), WPKG_SIGNATURE_EXPIRED);
	ck_assert_int_eq(judge(NULL, true, UINT64_MAX), WPKG_SIGNATURE_TRUSTED);
}
END_TEST

START_TEST(a_keyring_keeps_what_it_was_given_and_merges_roles)
{
	struct wpkg_err err;
	struct wpkg_secret_keys keys = {0};
	struct wpkg_keyring keyring = {0};
	struct wpkg_keyring again = {0};
	struct wpkg_keyring_entry entry;
	struct wpkg_buf text;
	setup();
	ck_ok(wpkg_secret_keys_create(&keys, WPKG_LIT("A"), CREATOR, (struct wpkg_str){0}, &err),
	      err);
	ck_ok(wpkg_secret_entry_public(&entry, &arena, &keys.entries[0], &err), err);
	limit(&entry);
	ck_ok(wpkg_keyring_add(&keyring, &arena, &entry, &err), err);
	make_host(&entry);
	ck_ok(wpkg_keyring_add(&keyring, &arena, &entry, &err), err);
	ck_assert_uint_eq(keyring.count, 1);
	wpkg_buf_init(&text, 10000);
	ck_ok(wpkg_keyring_write(&text, &keyring, &err), err);
	ck_ok(wpkg_keyring_read(&again, &arena, wpkg_buf_str(&text), &err), err);
	ck_assert_uint_eq(again.count, 1);
	ck_assert_uint_eq(again.entries[0].roles, CREATOR | HOST);
	ck_assert_int_eq(again.entries[0].valid_from, 100);
	ck_assert_int_eq(again.entries[0].valid_until, 200);
	ck_assert(wpkg_public_key_equal(&again.entries[0].key, &keys.entries[0].public_key));
	wpkg_buf_clear(&text);
	wpkg_secret_keys_clear(&keys);
}
END_TEST

START_TEST(an_empty_keyring_is_what_the_original_reads)
{
	struct wpkg_err err;
	struct wpkg_keyring keyring = {0};
	struct wpkg_buf text;
	wpkg_buf_init(&text, 1000);
	ck_ok(wpkg_keyring_write(&text, &keyring, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&text), "version = \"1.0\"\nkey = []\n");
	wpkg_buf_clear(&text);
}
END_TEST

START_TEST(control_characters_are_not_signed)
{
	struct wpkg_err err;
	struct wpkg_buf block;
	setup();
	struct wpkg_invoice *invoice = new_invoice();
	wpkg_buf_init(&block, 1000);
	ck_status(wpkg_signature_block(&block, invoice, WPKG_LIT("A\nB"), WPKG_ROLE_HOST, &err),
		  WPKG_EINVAL);
	ck_ok(wpkg_signature_block(&block, invoice, WPKG_LIT("A"), WPKG_ROLE_HOST, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&block), "A\nn\n1.0.0\nhost\n~\n1");
	wpkg_buf_clear(&block);
}
END_TEST

static enum wpkg_status create_and_read(void)
{
	struct wpkg_secret_keys keys = {0};
	struct wpkg_secret_keys again = {0};
	struct wpkg_keyring keyring = {0};
	struct wpkg_keyring_entry entry;
	struct wpkg_arena own;
	struct wpkg_buf text;
	wpkg_arena_init(&own, (size_t)8 << 20);
	wpkg_buf_init(&text, 100000);
	enum wpkg_status status =
		wpkg_secret_keys_create(&keys, WPKG_LIT("A"), CREATOR, (struct wpkg_str){0}, NULL);
	if (status == WPKG_OK)
		status = wpkg_secret_keys_write(&text, &keys, NULL);
	if (status == WPKG_OK)
		status = wpkg_secret_keys_read(&again, wpkg_buf_str(&text), NULL);
	if (status == WPKG_OK)
		status = wpkg_secret_entry_public(&entry, &own, &again.entries[0], NULL);
	if (status == WPKG_OK)
		status = wpkg_keyring_add(&keyring, &own, &entry, NULL);
	wpkg_buf_reset(&text);
	if (status == WPKG_OK)
		status = wpkg_keyring_write(&text, &keyring, NULL);
	if (status == WPKG_OK)
		status = wpkg_keyring_read(&keyring, &own, wpkg_buf_str(&text), NULL);
	wpkg_secret_keys_clear(&keys);
	wpkg_secret_keys_clear(&again);
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&own);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(create_and_read());
}
END_TEST

UNIT_MAIN(a_sealed_key_opens_with_its_passphrase_only,
	  a_secret_file_that_others_may_read_is_refused,
	  roles_periods_and_revocations_are_honoured_unless_switched_off,
	  a_keyring_keeps_what_it_was_given_and_merges_roles,
	  an_empty_keyring_is_what_the_original_reads, control_characters_are_not_signed,
	  each_failed_allocation_is_reported)
