/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HEALTH_H
#define WPKG_SERVER_HEALTH_H

#include "request.h"

void health_get(struct request *request);   /* GET healthz: it answers */
void health_ready(struct request *request); /* GET readyz: the store takes commits */

#endif
