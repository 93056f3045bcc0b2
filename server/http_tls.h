/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTTP_TLS_H
#define WPKG_SERVER_HTTP_TLS_H

/* The certificate, which may be replaced while it serves. */

#include <stdint.h>

#include "config.h"

struct certificates;
enum wpkg_status certificates_new(struct certificates **out, const struct config *config,
				  struct wpkg_err *err);
void certificates_free(struct certificates *certificates);
enum wpkg_status certificates_reload(struct certificates *certificates, const struct config *config,
				     struct wpkg_err *err);
/* When the one in force ends, in UNIX seconds; -1: it cannot be read. */
int64_t certificates_expiry(struct certificates *certificates);
/* For MHD_OPTION_HTTPS_CERT_CALLBACK, which gives its function nothing to know an object by. */
void *certificates_callback(struct certificates *certificates);

#endif
