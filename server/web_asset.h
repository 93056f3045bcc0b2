/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WEB_ASSET_H
#define WPKG_SERVER_WEB_ASSET_H

/*
 * The files of the web page: scripts, style sheet and icon, which are compiled into the program
 * and so are always those of this version. Served from memory, as they are or packed by gzip, which
 * is done once at the start. They are the same for everybody, and hold nothing of the registry: a
 * private one gives them out, too.
 */

#include "base/err.h"
#include "request.h"

struct web_assets;

/* Packs them. */
WPKG_MUST_CHECK enum wpkg_status web_assets_new(struct web_assets **out, struct wpkg_err *err);
void web_assets_free(struct web_assets *assets); /* NULL is fine */

void web_asset_get(struct request *request);	 /* GET /assets/FILE */
void web_asset_favicon(struct request *request); /* GET /favicon.ico */
void web_asset_robots(struct request *request);	 /* GET /robots.txt */

#endif
