/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_PROGRAM_H
#define WPKG_ADMIT_PROGRAM_H

/* The words that wpkg-admit takes: those of a person who wonders what it is. */

#include "base/command.h"

extern const struct wpkg_program admit_program;

#endif
