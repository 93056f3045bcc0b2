/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cause.h"

#include <stddef.h>

static const struct wpkg_cause nothing;
static _Thread_local const struct wpkg_cause *current;

const struct wpkg_cause *wpkg_cause_get(void)
{
	return current ? current : &nothing;
}

void wpkg_cause_set(const struct wpkg_cause *cause)
{
	current = cause;
}
