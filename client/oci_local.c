/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_store.h"

enum wpkg_status oci_local_open(struct oci_store **out, struct session *session,
				const struct oci_place *place, enum oci_access access,
				struct wpkg_err *err)
{
	(void)out;
	(void)session;
	(void)place;
	(void)access;
	return WPKG_FAIL(err, WPKG_EINVAL, "not yet");
}
