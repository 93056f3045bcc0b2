/* SPDX-License-Identifier: Apache-2.0 */
/* webhook list, dead, retry, test: what was told to others, and what could not be. */
#include "commands.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "crypto/random.h"
#include "operator.h"
#include "store/event.h"
#include "store/webhook.h"
#include "webhook_rules.h"

#define STEP 200
#define TEST_SECONDS INT64_C(30)

/* list */

static bool add_state(struct wpkg_arena *arena, struct wpkg_value *list,
		      const struct wpkg_webhook_state *state)
{
	struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	return row && wpkg_value_add_string(arena, row, "hook", state->hook) &&
	       wpkg_value_add_integer(arena, row, "waiting", (int64_t)state->waiting) &&
	       wpkg_value_add_integer(arena, row, "dead", (int64_t)state->dead) &&
	       wpkg_value_add_integer(arena, row, "delivered", (int64_t)state->delivered) &&
	       wpkg_value_add_integer(arena, row, "last_delivered", state->last_delivered) &&
	       wpkg_value_add_integer(arena, row, "last_failed", state->last_failed) &&
	       wpkg_value_add_string(arena, row, "last_error", state->last_error);
}

static enum wpkg_status list(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_webhook_state_list states;
	(void)invocation;
	(void)code;
	enum wpkg_status status = wpkg_webhook_list(&states, arena, session->store, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	struct wpkg_value *array = wpkg_value_add(arena, table, "webhooks", WPKG_VALUE_ARRAY);
	bool good = array != NULL;
	for (size_t i = 0; i < states.count; i++) {
		const struct wpkg_webhook_state *state = &states.items[i];
		good = good && add_state(arena, array, state);
		operator_line(session,
			      "%.*s  %" PRIu64 " delivered, last %s; %" PRIu64 " waiting; %" PRIu64
			      " dead; last failure %s%s%.*s",
			      WPKG_STR_ARG(state->hook), state->delivered,
			      operator_time(arena, state->last_delivered), state->waiting,
			      state->dead, operator_time(arena, state->last_failed),
			      state->last_error.len > 0 ? ": " : "",
			      WPKG_STR_ARG(state->last_error));
	}
	return session->options->json ? operator_json(good ? table : NULL, true, err) : WPKG_OK;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, list);
}

static const struct wpkg_option list_rows[] = {OPERATOR_DATA_ROW, OPERATOR_JSON_ROW, {0}};

const struct wpkg_command cmd_webhook_list = {
	.name = "webhook list",
	.operands = "",
	.summary = "say what was told to whom, and what waits",
	.description =
		"Prints each webhook that the server ever had, with its deliveries. Which there "
		"are is configured in [[webhook]] tables of the configuration file.",
	.example = "wpkgd webhook list --data /var/lib/wpkgd",
	.options = list_rows,
	.options_size = sizeof(struct operator_options),
	.run = run_list,
};

/* dead */

struct hook_options {
	struct operator_options common;
	const char *hook;
};

static const struct wpkg_option hook_rows[] = {OPERATOR_DATA_ROW,
					       OPERATOR_JSON_ROW,
					       {"hook", 0, WPKG_OPTION_TEXT, "NAME",
						"only of this webhook", NULL,
						offsetof(struct hook_options, hook)},
					       {0}};

static enum wpkg_status show_dead(struct operator_session *session,
				  const struct wpkg_delivery *delivery, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	operator_line(session, "%.*s  %s  %.*s  %.*s %.*s  after %u attempts: %.*s",
		      WPKG_STR_ARG(delivery->delivery), operator_time(arena, delivery->queued),
		      WPKG_STR_ARG(delivery->hook), WPKG_STR_ARG(delivery->event),
		      WPKG_STR_ARG(delivery->name), delivery->attempts,
		      WPKG_STR_ARG(delivery->error));
	if (!session->options->json)
		return WPKG_OK;
	struct wpkg_value *row = wpkg_value_new_table(arena);
	bool good = wpkg_value_add_string(arena, row, "delivery", delivery->delivery) &&
		    wpkg_value_add_integer(arena, row, "queued", delivery->queued) &&
		    wpkg_value_add_string(arena, row, "hook", delivery->hook) &&
		    wpkg_value_add_string(arena, row, "event", delivery->event) &&
		    wpkg_value_add_string(arena, row, "name", delivery->name) &&
		    wpkg_value_add_integer(arena, row, "attempts", delivery->attempts) &&
		    wpkg_value_add_string(arena, row, "error", delivery->error) &&
		    wpkg_value_add_string(arena, row, "body", delivery->body);
	return operator_json(good ? row : NULL, false, err);
}

static enum wpkg_status dead(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const struct hook_options *options = invocation->options;
	struct wpkg_delivery_list found;
	enum wpkg_status status = WPKG_OK;
	int64_t after = 0;
	(void)code;
	do {
		wpkg_arena_clear(&session->arena);
		status = wpkg_webhook_dead(&found, &session->arena, session->store,
					   wpkg_str_from(options->hook), after, STEP, err);
		for (size_t i = 0; status == WPKG_OK && i < found.count; i++) {
			after = found.items[i].id;
			status = show_dead(session, &found.items[i], err);
		}
	} while (status == WPKG_OK && found.count == STEP);
	return status;
}

static int run_dead(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, dead);
}

const struct wpkg_command cmd_webhook_dead = {
	.name = "webhook dead",
	.operands = "",
	.summary = "list deliveries that were given up",
	.description =
		"Prints the deliveries that failed as often as the webhook allows, oldest first, "
		"with the last failure; with --json one object a line, with what was to be sent. "
		"They are kept for thirty days.",
	.example = "wpkgd webhook dead --data /var/lib/wpkgd --hook ci",
	.options = hook_rows,
	.options_size = sizeof(struct hook_options),
	.run = run_dead,
};

/* retry */

static enum wpkg_status retry(struct operator_session *session,
			      const struct wpkg_invocation *invocation, int *code,
			      struct wpkg_err *err)
{
	const struct hook_options *options = invocation->options;
	const char *delivery = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
	uint64_t count = 0;
	(void)code;
	enum wpkg_status status = wpkg_webhook_retry(
		&count, session->store, wpkg_str_from(options->hook), wpkg_str_from(delivery), err);
	if (status == WPKG_OK && delivery && count == 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "no delivery %s is dead", delivery);
	if (status != WPKG_OK)
		return status;
	operator_line(session, "%" PRIu64 " deliveries wait again", count);
	if (!session->options->json)
		return WPKG_OK;
	struct wpkg_value *table = wpkg_value_new_table(&session->arena);
	bool good = wpkg_value_add_integer(&session->arena, table, "retried", (int64_t)count);
	return operator_json(good ? table : NULL, true, err);
}

static int run_retry(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, retry);
}

const struct wpkg_command cmd_webhook_retry = {
	.name = "webhook retry",
	.operands = "[DELIVERY]",
	.summary = "send again what was given up",
	.description =
		"The dead delivery of that id, or all (of --hook), wait again as if they had never "
		"been tried. They come after what was delivered meanwhile.",
	.example = "wpkgd webhook retry --data /var/lib/wpkgd --hook ci",
	.options = hook_rows,
	.options_size = sizeof(struct hook_options),
	.most_operands = 1,
	.run = run_retry,
};

/* test */

static enum wpkg_status check_known(struct operator_session *session, const char *hook,
				    struct wpkg_err *err)
{
	struct wpkg_webhook_state_list states;
	enum wpkg_status status = wpkg_webhook_list(&states, &session->arena, session->store, err);
	for (size_t i = 0; status == WPKG_OK && i < states.count; i++)
		if (wpkg_str_equal_text(states.items[i].hook, hook))
			return WPKG_OK;
	if (status == WPKG_OK)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no webhook %s", hook);
	return status;
}

static enum wpkg_status queue_test(char id[WPKG_DELIVERY_ID], struct operator_session *session,
				   const char *hook, struct wpkg_err *err)
{
	uint8_t random[WPKG_DELIVERY_ID / 2];
	struct wpkg_buf body;
	const struct wpkg_event event = {.at = wpkg_clock_now(),
					 .kind = WPKG_STR("test"),
					 .actor = wpkg_str_from(session->actor)};
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(id, random, sizeof(random));
	wpkg_buf_init(&body, 65536);
	webhook_append_body(&body, id, &event);
	/* A name of its own, so that it waits for nothing. */
	const struct wpkg_delivery delivery = {.delivery = wpkg_str_from(id),
					       .name = wpkg_str_from(id),
					       .event = event.kind,
					       .body = wpkg_buf_str(&body)};
	const struct wpkg_webhook_step step = {
		.hook = wpkg_str_from(hook), .items = &delivery, .count = 1};
	enum wpkg_status status = wpkg_buf_check(&body, "delivery", err);
	if (status == WPKG_OK)
		status = wpkg_webhook_queue(session->store, &step, err);
	wpkg_buf_clear(&body);
	return status;
}

/* Until it was tried, or the time is up: then nobody serves, or the hook is not configured. */
static enum wpkg_status await_test(struct operator_session *session, const char *id,
				   struct wpkg_err *err)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	int64_t end = wpkg_clock_now() + TEST_SECONDS;
	struct wpkg_delivery delivery = {0};
	bool found = true, is_dead = false;
	enum wpkg_status status = WPKG_OK;
	do {
		nanosleep(&pause, NULL);
		status = wpkg_webhook_find(&found, &is_dead, &delivery, &session->arena,
					   session->store, wpkg_str_from(id), err);
	} while (status == WPKG_OK && found && delivery.attempts == 0 && wpkg_clock_now() < end);
	if (status != WPKG_OK || !found)
		return status;
	if (delivery.attempts == 0)
		return WPKG_FAIL(err, WPKG_EBUSY,
				 "nobody sent it: no server runs, or it has no such webhook");
	return WPKG_FAIL(err, WPKG_EIO, "%.*s", WPKG_STR_ARG(delivery.error));
}

static enum wpkg_status test(struct operator_session *session,
			     const struct wpkg_invocation *invocation, int *code,
			     struct wpkg_err *err)
{
	const char *hook = invocation->operands[0];
	char id[WPKG_DELIVERY_ID];
	(void)code;
	enum wpkg_status status = check_known(session, hook, err);
	if (status == WPKG_OK)
		status = queue_test(id, session, hook, err);
	if (status == WPKG_OK)
		status = await_test(session, id, err);
	if (status == WPKG_OK)
		operator_line(session, "%s: delivery %s was acknowledged", hook, id);
	return status;
}

static int run_test(const struct wpkg_invocation *invocation)
{
	return operator_run(invocation, test);
}

static const struct wpkg_option test_rows[] = {OPERATOR_DATA_ROW, {0}};

const struct wpkg_command cmd_webhook_test = {
	.name = "webhook test",
	.operands = "HOOK",
	.summary = "send a test delivery through the running server",
	.description =
		"Queues a delivery of the event 'test' and waits until the server that runs has "
		"tried it, with its own configuration and secret. Says what went wrong; a delivery "
		"that failed is tried again as any other.",
	.example = "wpkgd webhook test --data /var/lib/wpkgd ci",
	.options = test_rows,
	.options_size = sizeof(struct operator_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_test,
};
