/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#define SECOND UINT64_C(1000000000)
#define KNOWN 256
#define KNOWN_SECONDS 300
#define SUSPECTS 1024
#define FREE_OF_NETWORK 5
#define FREE_OF_USER 20
#define WAIT_MAX 64	      /* seconds */
#define FORGOTTEN_SECONDS 900 /* after the last wrong one */

struct known {
	struct wpkg_digest digest; /* of the credentials */
	uint64_t until;		   /* monotonic nanoseconds, as all times here */
};

struct suspect {
	struct wpkg_digest digest; /* of the user or network */
	unsigned failures;
	uint64_t last; /* when it failed */
	uint64_t next; /* when it may try again */
};

/* Rows are found by their digest, one each: whoever comes second to a row takes it. */
struct attempts {
	pthread_mutex_t mutex;
	uint8_t key[32];     /* random: nobody can tell which row is whose */
	unsigned generation; /* how often the known ones were forgotten */
	struct known known[KNOWN];
	struct suspect suspects[SUSPECTS];
};

enum wpkg_status attempts_new(struct attempts **out, struct wpkg_err *err)
{
	struct attempts *attempts = wpkg_mem_calloc(1, sizeof(*attempts));
	if (!attempts)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for logins");
	pthread_mutex_init(&attempts->mutex, NULL);
	wpkg_random(attempts->key, sizeof(attempts->key));
	*out = attempts;
	return WPKG_OK;
}

void attempts_free(struct attempts *attempts)
{
	if (!attempts)
		return;
	pthread_mutex_destroy(&attempts->mutex);
	wpkg_mem_wipe(attempts, sizeof(*attempts));
	wpkg_mem_free(attempts);
}

/* The digest of the key, a domain (with its NUL) and a text. */
static bool keyed_digest(struct wpkg_digest *out, const struct attempts *attempts,
			 const char *domain, struct wpkg_str text)
{
	struct wpkg_hasher *hasher = NULL;
	if (wpkg_hasher_new(&hasher, NULL) != WPKG_OK)
		return false;
	wpkg_hasher_update(hasher, wpkg_str_of(attempts->key, sizeof(attempts->key)));
	wpkg_hasher_update(hasher, wpkg_str_of(domain, strlen(domain) + 1));
	wpkg_hasher_update(hasher, text);
	bool good = wpkg_hasher_finish(out, hasher, NULL) == WPKG_OK;
	wpkg_hasher_free(hasher);
	return good;
}

static size_t row_of(const struct wpkg_digest *digest, size_t rows)
{
	return (size_t)(digest->bytes[0] | digest->bytes[1] << 8) % rows;
}

bool attempts_is_known(struct attempts *attempts, struct wpkg_str credentials)
{
	struct wpkg_digest digest;
	if (!keyed_digest(&digest, attempts, "credentials", credentials))
		return false;
	pthread_mutex_lock(&attempts->mutex);
	const struct known *row = &attempts->known[row_of(&digest, KNOWN)];
	bool known =
		row->until > wpkg_clock_monotonic() && wpkg_digest_equal(&row->digest, &digest);
	pthread_mutex_unlock(&attempts->mutex);
	return known;
}

unsigned attempts_generation(struct attempts *attempts)
{
	pthread_mutex_lock(&attempts->mutex);
	unsigned generation = attempts->generation;
	pthread_mutex_unlock(&attempts->mutex);
	return generation;
}

void attempts_remember(struct attempts *attempts, struct wpkg_str credentials, unsigned generation)
{
	struct wpkg_digest digest;
	if (!keyed_digest(&digest, attempts, "credentials", credentials))
		return;
	pthread_mutex_lock(&attempts->mutex);
	if (generation == attempts->generation)
		attempts->known[row_of(&digest, KNOWN)] =
			(struct known){digest, wpkg_clock_monotonic() + KNOWN_SECONDS * SECOND};
	pthread_mutex_unlock(&attempts->mutex);
}

void attempts_forget(struct attempts *attempts)
{
	pthread_mutex_lock(&attempts->mutex);
	memset(attempts->known, 0, sizeof(attempts->known));
	attempts->generation++;
	pthread_mutex_unlock(&attempts->mutex);
}

/* With the mutex held: the row of this digest, begun anew when another's or an old one was there.
 */
static struct suspect *find_suspect(struct attempts *attempts, const struct wpkg_digest *digest,
				    uint64_t now)
{
	struct suspect *row = &attempts->suspects[row_of(digest, SUSPECTS)];
	if (!wpkg_digest_equal(&row->digest, digest) ||
	    now - row->last > FORGOTTEN_SECONDS * SECOND)
		*row = (struct suspect){.digest = *digest};
	return row;
}

enum wpkg_status attempts_begin(struct attempts *attempts, struct wpkg_str user,
				struct wpkg_str network, struct wpkg_err *err)
{
	struct wpkg_digest user_digest, network_digest;
	if (!keyed_digest(&user_digest, attempts, "user", user) ||
	    !keyed_digest(&network_digest, attempts, "network", network))
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a login");
	uint64_t now = wpkg_clock_monotonic();
	pthread_mutex_lock(&attempts->mutex);
	struct suspect *of_user = find_suspect(attempts, &user_digest, now);
	struct suspect *of_network = find_suspect(attempts, &network_digest, now);
	bool early = now < of_user->next || now < of_network->next;
	if (!early && of_user->failures > FREE_OF_USER)
		of_user->next = now + SECOND;
	pthread_mutex_unlock(&attempts->mutex);
	return early ? WPKG_FAIL(err, WPKG_ELIMIT, "too many wrong passwords: wait a minute")
		     : WPKG_OK;
}

void attempts_fail(struct attempts *attempts, struct wpkg_str user, struct wpkg_str network)
{
	struct wpkg_digest user_digest, network_digest;
	if (!keyed_digest(&user_digest, attempts, "user", user) ||
	    !keyed_digest(&network_digest, attempts, "network", network))
		return;
	uint64_t now = wpkg_clock_monotonic();
	pthread_mutex_lock(&attempts->mutex);
	struct suspect *of_user = find_suspect(attempts, &user_digest, now);
	of_user->failures++;
	of_user->last = now;
	struct suspect *of_network = find_suspect(attempts, &network_digest, now);
	of_network->failures++;
	of_network->last = now;
	if (of_network->failures > FREE_OF_NETWORK) {
		unsigned over = of_network->failures - FREE_OF_NETWORK;
		of_network->next = now + (over > 6 ? WAIT_MAX : 1U << over) * SECOND;
	}
	pthread_mutex_unlock(&attempts->mutex);
}
