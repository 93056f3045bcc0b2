/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_SPACE_H
#define WPKG_EXEC_SPACE_H

/*
 * Address space of linear memories. All that a memory may become is reserved when it is made, so
 * that its base never moves; growing makes more of it usable.
 */

#include <stdbool.h>
#include <stdint.h>

/* Want bytes, or less where the system has no such space, but need; NULL for none. */
uint8_t *exec_space_reserve(uint64_t *reserved, uint64_t want, uint64_t need);
void exec_space_free(uint8_t *base, uint64_t reserved);

/* So many bytes behind the first size ones become usable, as zeros. */
bool exec_space_extend(uint8_t *base, uint64_t size, uint64_t bytes);

#endif
