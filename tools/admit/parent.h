/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_PARENT_H
#define WPKG_ADMIT_PARENT_H

/*
 * The parent of the workers: starts one for each START of the server, kills it when its leash is
 * let go, says how it ended. It never reads what a stranger wrote.
 */

#include "worker.h"

/* Until the server's end of the channel closes; no worker is left then. Is the exit code. */
int parent_run(const struct worker_setting *setting, int channel);

#endif
