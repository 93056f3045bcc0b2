/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_REGISTRY_VERSION_H
#define WPKG_NET_REGISTRY_VERSION_H

/*
 * What a registry's JSON API (schema/openapi.json, /api/v1/versions) knows of a version, and its
 * invoice does not say. Nothing of it is signed: it is for people.
 */

#include "net/registry.h"

/*
 * Why a version was yanked, at most 1 KiB; in the arena. Empty when no reason was given, and when
 * it cannot be had: a registry such as Bindle's own has no such API, and no command needs it.
 */
struct wpkg_str wpkg_registry_yank_reason(struct wpkg_arena *arena, struct wpkg_registry *registry,
					  struct wpkg_str name, struct wpkg_str version);

#endif
