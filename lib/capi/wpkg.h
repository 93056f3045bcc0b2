/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_H
#define WPKG_H

/*
 * The engine of wpkg in a program of your own: one header, one library (pkg-config: wpkg).
 *
 *   module     wpkg_module_read: bytes are decoded and validated; what it imports and exports, with
 *              types, is in its fields
 *   engine     wpkg_engine_new: owns all that runs, under limits: fuel, time, memory, tables, heap,
 *              stack; wpkg_engine_interrupt ends it from anywhere
 *   linker     wpkg_linker_define_...: names for what modules import: functions of the host,
 *              globals, memories, tables, instances, WASI (wpkg_wasi_define)
 *   instance   wpkg_linker_instantiate; wpkg_instance_find_func, ..._memory, ..._global
 *   call       wpkg_func_call: values in and out, and an outcome: how it ended, and where, with the
 *              names and offsets of the functions (wpkg_outcome_format_frames)
 *
 * Without names and for single objects there is the second half: wpkg_instance_new, wpkg_func_new,
 * wpkg_memory_new, ... What the community's interface has by other names is in wasm.h.
 *
 * Every function says what it needs and what it promises. Those that can fail return an enum
 * wpkg_status and say why in a struct wpkg_err; nothing prints, exits or keeps global state. Owners
 * free: WPKG_..._new has its WPKG_..._free, and what belongs to an engine goes with it.
 *
 * Where it is installed, this file has all that it includes in itself.
 */

#ifdef __cplusplus
extern "C" {
#endif

#include "base/err.h"
#include "base/str.h"
#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/wat.h"
#include "exec/engine.h"
#include "exec/trap.h"
#include "exec/call.h"
#include "exec/host.h"
#include "exec/linker.h"
#include "exec/instance.h"
#include "exec/reference.h"
#include "exec/external.h"
#include "exec/shared.h"
#include "exec/wasi.h"
#include "exec/wasi_thread.h"

#ifdef __cplusplus
}
#endif

#endif
