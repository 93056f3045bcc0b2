/* SPDX-License-Identifier: Apache-2.0 */
#include "admission_options.h"

#include "host_files.h"

enum wpkg_status admission_options_of(struct admission_options *out, const struct config *config,
				      struct wpkg_arena *arena, struct wpkg_err *err)
{
	struct wpkg_strings profiles = {0};
	if (config->host_profiles) {
		enum wpkg_status status =
			host_files_read(&profiles, arena, config->host_profiles, err);
		if (status != WPKG_OK) {
			wpkg_err_prepend(err, "host-profiles");
			return status;
		}
	}
	*out = (struct admission_options){
		.worker = config->admission_program,
		.seconds = config->admission_timeout,
		.memory = config->admission_memory,
		.fuel = config->admission_fuel,
		.output = config->admission_output,
		.workers = (unsigned)config->admission_workers,
		.policy = config->policy,
		.profiles = profiles,
	};
	return WPKG_OK;
}
