/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of vectors by what every processor of the kind has. */
#include "exec/vector_table.h"

#ifndef WPKG_EXEC_SWITCH

#define EXEC_VECTOR_TABLE exec_vectors_portable
#include "exec/run_vector.inc"

#endif
