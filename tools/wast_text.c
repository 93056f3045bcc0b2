/* SPDX-License-Identifier: Apache-2.0 */
/* Test scripts as they are written: text. */
#include <fcntl.h>

#include "base/file.h"
#include "wast.h"

#define SCRIPT_MAX ((uint64_t)1 << 32)

static void run_thread(struct wast_run *run, const struct wast_block *block);

/* All commands of a part of a script, up to one that cannot be read. */
static enum wpkg_status run_script(struct wast_run *run, const char *path, struct wpkg_str text,
				   uint32_t start, uint32_t end, struct wpkg_err *err)
{
	struct wpkg_script *script;
	const struct wpkg_script_command *command;
	enum wpkg_status status = wpkg_script_open(&script, text, start, end, err);
	if (status != WPKG_OK)
		return status;
	do {
		status = wpkg_script_next(&command, script, err);
		if (status != WPKG_OK || !command)
			break;
		struct wast_block block = {.run = run_thread,
					   .path = path,
					   .text = text,
					   .start = command->start,
					   .end = command->end};
		wast_run_command(run, command, &block);
	} while (true);
	wpkg_script_close(script);
	return status;
}

static void run_thread(struct wast_run *run, const struct wast_block *block)
{
	struct wpkg_err err;
	/* An end of 0 is the text's: nothing is run of what is empty. */
	if (block->end > block->start &&
	    run_script(run, block->path, block->text, block->start, block->end, &err) != WPKG_OK)
		wast_tally_broken(wast_run_tally(run), block->path, &err);
}

void wast_text_run(const char *path, struct wast_tally *tally)
{
	struct wpkg_err err;
	struct wpkg_file_map file = {.bytes = {0}};
	struct wast_run *run = NULL;
	enum wpkg_status status = wpkg_file_map_open(&file, AT_FDCWD, path, SCRIPT_MAX, &err);
	if (status == WPKG_OK)
		status = wast_run_new(&run, path, tally, &err);
	if (status == WPKG_OK)
		status = run_script(run, path, file.bytes, 0, 0, &err);
	if (status != WPKG_OK)
		wast_tally_broken(tally, path, &err);
	wast_run_free(run);
	wpkg_file_map_close(&file);
}
