/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "pkg/admission.h"
#include "pkg/check.h"
#include "store/blob.h"

/* Messages that a worker may send; an honest one needs two for each parcel and file of a check. */
#define MESSAGES_MAX 1000000

static void set_progress(struct dialogue *dialogue, struct wpkg_str line)
{
	struct wpkg_err shown;
	wpkg_err_set(&shown, WPKG_OK, "%.*s", WPKG_STR_ARG(line));
	memcpy(dialogue->progress, shown.msg, sizeof(dialogue->progress));
	if (dialogue->question->progress)
		dialogue->question->progress(dialogue->question->state, dialogue->progress);
}

/* Bytes of a row as a file that nobody can change. */
static enum wpkg_status seal(int *out, struct wpkg_str bytes, struct wpkg_err *err)
{
	int fd = memfd_create("parcel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "parcel");
	enum wpkg_status status = wpkg_file_write_fd(fd, bytes, "parcel", err);
	if (status == WPKG_OK &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		status = WPKG_FAIL_ERRNO(err, errno, "parcel");
	if (status != WPKG_OK)
		close(fd);
	else
		*out = fd;
	return status;
}

/* The digest of what the worker calls by that number (pkg/admission.h); ptr NULL: of nothing. */
static struct wpkg_str find_parcel(const struct dialogue *dialogue, size_t index)
{
	const struct wpkg_invoice *invoice = dialogue->question->invoice;
	if (index < invoice->parcel_count)
		return invoice->parcels[index].label.sha256;
	index -= invoice->parcel_count;
	for (size_t i = 0; i < dialogue->closure.count; i++) {
		const struct wpkg_question_package *package = &dialogue->closure.packages[i];
		if (index < package->module_count)
			return package->modules[index].sha256;
		index -= package->module_count;
	}
	return (struct wpkg_str){0};
}

static enum wpkg_status hand_over(const struct dialogue *dialogue, size_t index,
				  struct wpkg_err *err)
{
	struct wpkg_blob blob;
	struct wpkg_digest digest;
	if (!wpkg_digest_parse(&digest, find_parcel(dialogue, index)))
		return WPKG_FAIL(err, WPKG_EIO, "parcel %zu has no digest", index);
	enum wpkg_status status = wpkg_blob_open(&blob, dialogue->question->store, &digest, err);
	if (status != WPKG_OK)
		return WPKG_EIO;
	int sealed = -1;
	if (blob.fd < 0)
		status = seal(&sealed, blob.bytes, err);
	struct wpkg_message message = {.kind = WPKG_ADMISSION_PARCEL,
				       .fds = {blob.fd < 0 ? sealed : blob.fd},
				       .fd_count = 1};
	struct wpkg_err gone;
	/* Where the worker is gone by now, the next receiving says so. */
	if (status == WPKG_OK && wpkg_channel_send(dialogue->worker.channel, &message,
						   dialogue->deadline, &gone) == WPKG_ENOMEM)
		status = WPKG_FAIL(err, WPKG_ENOMEM, "%s", gone.msg);
	if (sealed >= 0)
		close(sealed);
	wpkg_blob_close(&blob);
	return status;
}

/* Answers one message. False ends the dialogue, with a reason where it was the worker's fault. */
static bool take_message(struct dialogue *dialogue, const struct wpkg_message *message,
			 enum wpkg_status *status, struct wpkg_err *err)
{
	uint32_t index;
	switch (message->kind) {
	case WPKG_ADMISSION_PROGRESS:
		set_progress(dialogue, message->bytes);
		return true;
	case WPKG_ADMISSION_NEED:
		if (message->bytes.len != sizeof(index))
			break;
		memcpy(&index, message->bytes.ptr, sizeof(index));
		if (!find_parcel(dialogue, index).ptr)
			break;
		*status = hand_over(dialogue, index, err);
		return *status == WPKG_OK;
	default:
		break;
	}
	dialogue->reason = WPKG_LIT("the worker answered nonsense");
	return false;
}

/*
 * What a guest may have, of a worker's memory: so much less that the guest meets its own limit, in
 * the same place each time, and not the system's, which counts all that the worker has. The stack
 * is known; a quarter of what is left is for the module, its code and what the guest prints.
 */
static uint64_t guest_memory(uint64_t worker)
{
	uint64_t stack = worker / 2 < WPKG_CHECK_STACK ? worker / 2 : WPKG_CHECK_STACK;
	return (worker - stack) / 4 * 3;
}

static enum wpkg_status send_question(const struct dialogue *dialogue, struct wpkg_err *err)
{
	struct wpkg_err gone;
	struct wpkg_buf text;
	const struct admission_options *options = dialogue->options;
	struct wpkg_question question = {
		.invoice = dialogue->question->invoice,
		.closure = dialogue->closure,
		.milliseconds = (uint64_t)options->seconds * 1000,
		.memory = guest_memory(options->memory),
		.fuel = options->fuel,
		.output = options->output,
		.policy = options->policy,
		.profiles = options->profiles,
	};
	wpkg_buf_init(&text, WPKG_ADMISSION_QUESTION_MAX);
	enum wpkg_status status = wpkg_question_write(&text, &question, err);
	struct wpkg_message message = {.kind = WPKG_ADMISSION_QUESTION,
				       .bytes = wpkg_buf_str(&text)};
	/* A worker that is gone by now is found so by the next receiving. */
	if (status == WPKG_OK && wpkg_channel_send(dialogue->worker.channel, &message,
						   dialogue->deadline, &gone) == WPKG_ENOMEM)
		status = WPKG_FAIL(err, WPKG_ENOMEM, "%s", gone.msg);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status dialogue_hold(struct dialogue *dialogue, bool *answered, struct wpkg_err *err)
{
	struct wpkg_err gone;
	struct wpkg_message message;
	enum wpkg_status status = send_question(dialogue, err);
	for (unsigned i = 0; status == WPKG_OK && i < MESSAGES_MAX; i++) {
		enum wpkg_status received = wpkg_channel_receive(&message, &dialogue->received,
								 dialogue->worker.channel, 0,
								 dialogue->deadline, &gone);
		if (received == WPKG_EBUSY)
			dialogue->reason = WPKG_LIT("the time for the whole version was over");
		else if (received == WPKG_ENOMEM)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "%s", gone.msg);
		else if (received != WPKG_OK && received != WPKG_ENOTFOUND)
			dialogue->reason = WPKG_LIT("the worker answered nonsense");
		if (received != WPKG_OK)
			return status;
		*answered = message.kind == WPKG_ADMISSION_VERDICT;
		if (*answered || !take_message(dialogue, &message, &status, err))
			return status;
	}
	if (status == WPKG_OK)
		dialogue->reason = WPKG_LIT("the worker never came to an end");
	return status;
}
