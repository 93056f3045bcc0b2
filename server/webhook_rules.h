/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WEBHOOK_RULES_H
#define WPKG_SERVER_WEBHOOK_RULES_H

/*
 * Who is told of what, as the configuration file has it, and how a delivery looks:
 *
 *   [[webhook]]
 *   name = "ci"                              what commands and logs call it
 *   url = "https://ci.example.com/wpkg"
 *   events = ["publish", "yank"]             of publish, yank, delete, reject; absent: all four
 *   names = ["example.com/" + "*"]           patterns of packages; absent: all
 *   secret-file = "/etc/wpkgd/ci.secret"     or secret-env = "CI_SECRET"
 *   timeout = "10s"                          for one attempt
 *   attempts = 18                            then it is given up: about seven hours
 *   allow-private = true                     addresses that are not of the Internet; proxies
 *   allow-http = true                        without TLS
 *   ca-file = "/etc/wpkgd/ci-ca.pem"         instead of the system's authorities
 *
 * A delivery is a POST of a JSON object with these headers:
 *
 *   Wpkg-Event: publish
 *   Wpkg-Delivery: HEX32                     the same however often it is sent
 *   Wpkg-Signature: t=SECONDS,v1=HEX64       HMAC-SHA-256 of "SECONDS.BODY" with the secret
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/value.h"
#include "pkg/invoice.h"
#include "store/event.h"

/* Texts in an arena. */
struct webhook_rule {
	const char *name, *url;
	const char *secret_file, *secret_env; /* one of them */
	const char *ca_file;		      /* NULL: the system's */
	unsigned kinds;			      /* bit i: of the i-th kind */
	struct wpkg_strings names;	      /* patterns; none: all */
	int64_t timeout;		      /* seconds */
	uint64_t attempts;
	bool allow_private, allow_http;
};

struct webhook_rules {
	const struct webhook_rule *items;
	size_t count;
};

/* Takes an array of tables. */
WPKG_MUST_CHECK enum wpkg_status webhook_rules_take(struct webhook_rules *out,
						    struct wpkg_arena *arena,
						    const struct wpkg_value *array,
						    struct wpkg_err *err);

/* Adds them to a table, as they are taken; false when memory is out. */
bool webhook_rules_add(struct wpkg_arena *arena, struct wpkg_value *table,
		       const struct webhook_rules *rules);

/*
 * What a receiver is told that an event is. A version that is imported is published, yanked or
 * rejected here, whatever way it came; an import of one that is none of these is told of nobody.
 */
struct wpkg_str webhook_kind(const struct wpkg_event *event);

/* Is the event the hook's business? */
bool webhook_rule_wants(const struct webhook_rule *rule, const struct wpkg_event *event);

/* Appends the body of a delivery. */
void webhook_append_body(struct wpkg_buf *out, const char *delivery,
			 const struct wpkg_event *event);

#define WEBHOOK_SIGNATURE 96 /* bytes of the header's value with its NUL */
void webhook_sign(char out[WEBHOOK_SIGNATURE], struct wpkg_str secret, int64_t seconds,
		  struct wpkg_str body);

/* Milliseconds from the n-th failure (from 1) to the next attempt: twice as long each time, up to
 * an hour, less up to half of it as chance has it, so that not all come at once. */
int64_t webhook_backoff(unsigned failures, uint32_t chance);

#endif
