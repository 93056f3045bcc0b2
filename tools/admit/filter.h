/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_FILTER_H
#define WPKG_ADMIT_FILTER_H

/* The system calls that a worker may make; any other ends it with SIGSYS. By libseccomp. */

#include <stdbool.h>

/* Prepares the filter, once; false where the system or the library has none. */
bool filter_prepare(void);

/* Puts this process under the filter for good. */
bool filter_enter(void);

#endif
