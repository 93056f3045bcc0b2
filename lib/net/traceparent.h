/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_TRACEPARENT_H
#define WPKG_NET_TRACEPARENT_H

/*
 * The header traceparent (W3C Trace Context, section 3.2): which trace a request belongs to, and
 * which step of it asks.
 *
 *   00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 *   version, trace, span, flags
 */

#include <stdbool.h>

#include "base/cause.h"
#include "base/str.h"

/* Where the parts stand in one. */
#define WPKG_TRACE_AT 3
#define WPKG_TRACE_LEN 32
#define WPKG_SPAN_AT 36
#define WPKG_SPAN_LEN 16

/* A higher version is one, too, when it begins like this one. */
bool wpkg_traceparent_check(struct wpkg_str text);

/*
 * A step of our own: in the trace of the one that was received, or, when that is none, in a new
 * one. Of the flags what this version knows (sampled) is passed on; a new trace has none.
 */
void wpkg_traceparent_continue(char out[WPKG_TRACEPARENT], struct wpkg_str received);

#endif
