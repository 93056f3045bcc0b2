/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_COMMANDS_H
#define WPKG_SERVER_COMMANDS_H

/* The server's commands, one object each; program.c lists them in the order of the help. */

#include "base/command.h"

extern const struct wpkg_program server_program;

extern const struct wpkg_command cmd_serve;
extern const struct wpkg_command cmd_config;
extern const struct wpkg_command cmd_help;
extern const struct wpkg_command cmd_version;
extern const struct wpkg_command cmd_completion;
extern const struct wpkg_command cmd_man;

#endif
