/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_YANK_H
#define WPKG_SERVER_YANK_H

#include "pkg/invoice.h"
#include "store/record.h"

/* Yanks a version, whose invoice says so from now on. As wpkg_record_yank. */
WPKG_MUST_CHECK enum wpkg_status yank_version(struct wpkg_store *store, int64_t id,
					      struct wpkg_invoice *invoice,
					      const struct wpkg_act *act, struct wpkg_err *err);

#endif
