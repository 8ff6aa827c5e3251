/* SPDX-License-Identifier: MIT
 * SHA-256 (FIPS 180-4), and the names made of it: entity tags, stable ids, and what stands in the
 * log where a token stood. */
#ifndef FAKE_DIGEST_H
#define FAKE_DIGEST_H

#include <stddef.h>

enum { UUID_SIZE = 37, DIGEST_HEX_SIZE = 65 };

void digest_hex(const void *data, size_t length, char hex[DIGEST_HEX_SIZE]);

/* "sha256:" and 16 digits: tells two secrets apart, and neither of them. */
enum { DIGEST_MARK_SIZE = 24 };
void digest_mark(const char *secret, char mark[DIGEST_MARK_SIZE]);

/* The id of a thing with this kind and name: the same in each run, so that tests can pin it. */
void uuid_of(const char *kind, const char *name, char uuid[UUID_SIZE]);
/* A new one. */
void uuid_random(char uuid[UUID_SIZE]);

#endif
