/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_CATCH_UP_H
#define WPKG_SERVER_CATCH_UP_H

/* After a start: what lists and searches show is derived for packages that an older program's store
 * has, a few at a time, while the server serves. */

struct server;

void catch_up_begin(struct server *server);

#endif
