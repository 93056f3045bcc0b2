/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TRANSFER_H
#define WPKG_STORE_TRANSFER_H

/*
 * registry.jsonl, which export writes and import reads: one JSON object a line, each with "kind".
 *
 *   {"kind":"registry","version":1}                        first
 *   {"kind":"name","name","owner","given"}
 *   {"kind":"record","name","version","state","pusher","created","published","verdict","yanked",
 *    "yanked_by","yank_reason","invoice"}                  invoice only where no file holds it
 *   {"kind":"removed","name","version","removed","actor","reason"}
 *   {"kind":"grant","pattern","user","right","by","created"}
 *   {"kind":"facts","sha256","json"}
 *
 * Times are UNIX seconds; verdicts and facts are JSON within a string, so that they come back byte
 * for byte.
 */

#define TRANSFER_FILE "registry.jsonl"
#define TRANSFER_VERSION 1
#define TRANSFER_LINE_MAX ((size_t)64 << 20) /* bytes */

/* "invoices/HEX/invoice.toml", "parcels/HEX/parcel.dat" and a NUL. */
#define TRANSFER_PATH 100

#endif
