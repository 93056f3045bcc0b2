/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_TRANSFER_H
#define WPKG_STORE_TRANSFER_H

/*
 * registry.jsonl, which export writes and import reads: one JSON object a line, each with "kind",
 * in this order.
 *
 *   {"kind":"registry","version":1}
 *   {"kind":"name","name","owner","given"}
 *   {"kind":"alias","sha256","sha512"}                     the same blob
 *   {"kind":"manifest","name","sha256","digest","media_type","pusher","tag"}
 *                                                          of those that were pushed as such, one
 *                                                          for each tag, or one without
 *   {"kind":"record","name","version","state","pusher","created","published","verdict","yanked",
 *    "yanked_by","yank_reason","manifest","invoice",       manifest: the one it was pushed as;
 *    "owed"}                                               invoice: where no file holds it; owed:
 *                                                          an array of what it owes (record.h)
 *   {"kind":"removed","name","version","removed","actor","reason"}
 *   {"kind":"grant","pattern","user","right","by","created"}
 *   {"kind":"facts","sha256","json"}
 *
 * Times are UNIX seconds; verdicts and facts are JSON within a string, so that they come back byte
 * for byte. The bytes of manifests lie among the parcels.
 */

#define TRANSFER_FILE "registry.jsonl"
#define TRANSFER_VERSION 1
#define TRANSFER_LINE_MAX ((size_t)64 << 20) /* bytes */

/* "invoices/HEX/invoice.toml", "parcels/HEX/parcel.dat" and a NUL. */
#define TRANSFER_PATH 100

#endif
