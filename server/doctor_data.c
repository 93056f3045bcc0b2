/* SPDX-License-Identifier: Apache-2.0 */
/* What the database says of itself, of the clock, and of webhooks. */
#include <inttypes.h>

#include "base/clock.h"
#include "doctor.h"
#include "net/http.h"
#include "store/event.h"
#include "store/store.h"
#include "store/upkeep.h"
#include "store/webhook.h"

#define AHEAD 60 /* seconds that an event may be ahead of the clock */

struct problems {
	struct doctor *doctor;
	unsigned count;
};

static void note_problem(void *user, struct wpkg_str problem)
{
	struct problems *problems = user;
	if (problems->count++ == 0)
		doctor_say(problems->doctor, "database", DOCTOR_BAD,
			   "stop the server, and restore a backup ('wpkgd restore'); keep what is "
			   "there",
			   "%.*s", WPKG_STR_ARG(problem));
}

static void check_database(struct doctor *doctor, struct wpkg_store *store)
{
	struct wpkg_err err;
	struct problems problems = {.doctor = doctor};
	if (wpkg_store_check_database(store, note_problem, &problems, &err) != WPKG_OK)
		doctor_say(doctor, "database", DOCTOR_BAD, "look at the disk and its log", "%s",
			   err.msg);
	else if (problems.count == 0)
		doctor_say(doctor, "database", DOCTOR_OK, NULL,
			   "it is whole ('wpkgd fsck' reads the blobs, too)");
}

/* The last event is the latest that the clock has ever said. */
static void check_events(struct doctor *doctor, struct wpkg_store *store)
{
	struct wpkg_err err;
	struct wpkg_event_list last;
	char text[WPKG_CLOCK_TEXT];
	const struct wpkg_event_feed feed = {.newest_first = true, .limit = 1};
	if (wpkg_event_read_feed(&last, doctor->arena, store, &feed, &err) != WPKG_OK ||
	    last.count == 0 || last.items[0].at <= wpkg_clock_now() + AHEAD)
		return;
	wpkg_clock_format(text, last.items[0].at);
	doctor_say(doctor, "clock", DOCTOR_BAD, "set the clock, and keep it set (NTP)",
		   "an event is of %s, which has not come yet", text);
}

static void check_webhooks(struct doctor *doctor, struct wpkg_store *store)
{
	struct wpkg_err err;
	struct wpkg_http *http = NULL;
	struct wpkg_webhook_state_list states = {0};
	const struct wpkg_http_options options = {0};
	uint64_t dead = 0;
	if (doctor->config->webhooks.count == 0) {
		doctor_say(doctor, "webhooks", DOCTOR_OK, NULL, "none are configured");
		return;
	}
	if (wpkg_http_new(&http, &options, &err) != WPKG_OK ||
	    wpkg_webhook_list(&states, doctor->arena, store, &err) != WPKG_OK) {
		wpkg_http_free(http);
		doctor_say(doctor, "webhooks", DOCTOR_BAD, "install what is missing", "%s",
			   err.msg);
		return;
	}
	wpkg_http_free(http);
	for (size_t i = 0; i < states.count; i++)
		dead += states.items[i].dead;
	if (dead > 0)
		doctor_say(doctor, "webhooks", DOCTOR_WARN,
			   "see 'wpkgd webhook dead', mend the receiver, then 'wpkgd webhook "
			   "retry'",
			   "%" PRIu64 " deliveries were given up", dead);
	else
		doctor_say(doctor, "webhooks", DOCTOR_OK, NULL, "nothing was given up");
}

void doctor_check_data(struct doctor *doctor)
{
	struct wpkg_err err;
	struct wpkg_store *store = NULL;
	const struct wpkg_store_options mode = {.mode = WPKG_STORE_ADMIN};
	enum wpkg_status status = wpkg_store_open(&store, doctor->config->data, &mode, &err);
	if (status == WPKG_ENOTFOUND) {
		doctor_say(doctor, "database", DOCTOR_WARN, "start the server once",
			   "there is none yet");
		return;
	}
	if (status != WPKG_OK) {
		doctor_say(doctor, "database", DOCTOR_BAD,
			   "mend what it says; 'wpkgd restore' makes data of a backup", "%s",
			   err.msg);
		return;
	}
	check_database(doctor, store);
	check_events(doctor, store);
	check_webhooks(doctor, store);
	wpkg_store_close(store);
}
