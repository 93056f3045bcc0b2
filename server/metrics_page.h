/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_METRICS_PAGE_H
#define WPKG_SERVER_METRICS_PAGE_H

#include "exposition.h"
#include "request.h"

/* GET metrics, in the format that Accept asks for: OpenMetrics, or else Prometheus' own. */
void metrics_get(struct request *request);

/* metrics_process.c: what the system knows of this process, under the names that all exporters
 * use. */
void metrics_write_process(struct exposition *exposition);

#endif
