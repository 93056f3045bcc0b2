/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_HOST_INT_H
#define WPKG_EXEC_HOST_INT_H

#include "exec/host.h"
#include "exec/object.h"

struct wpkg_caller {
	struct wpkg_engine *engine;
	struct wpkg_instance *instance;
};

/* Values of a signature between the host's form and slots. */
void exec_values_from_slots(union wpkg_wasm_value *values, const uint64_t *slots,
			    const uint8_t *kinds, uint32_t count);
void exec_values_to_slots(uint64_t *slots, const union wpkg_wasm_value *values,
			  const uint8_t *kinds, uint32_t count);

/* Runs a host function on the slots of a frame: arguments in, results out. */
enum wpkg_trap exec_host_run(struct wpkg_func *func, struct wpkg_instance *caller, uint64_t *slots);

#endif
