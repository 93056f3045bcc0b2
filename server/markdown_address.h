/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_MARKDOWN_ADDRESS_H
#define WPKG_SERVER_MARKDOWN_ADDRESS_H

/* Addresses that a page links to, and those that stand in a text as they are. */

#include <stdbool.h>

#include "base/str.h"

/* Of http, https or mailto. */
bool address_is_good(struct wpkg_str url);

/*
 * Takes off *rest the next address of http or https, and the words before it. It ends before white
 * space or "<"; marks at its end belong to the sentence, and so does a bracket that nothing in it
 * opens. False when there is none: then *rest is as it was.
 */
bool address_take(struct wpkg_str *before, struct wpkg_str *address, struct wpkg_str *rest);

#endif
