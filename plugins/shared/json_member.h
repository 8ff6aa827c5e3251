/* SPDX-License-Identifier: MIT
 * A member of a JSON object, found without reading all of it: from the object's start or from its
 * end, so that the text may lack its middle. The bytes are untrusted. */
#ifndef PLUGINS_SHARED_JSON_MEMBER_H
#define PLUGINS_SHARED_JSON_MEMBER_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* The value of the first top-level member `key` of the object that begins with the text; NULL if
 * the text ends before that does. The caller deletes it. */
cJSON *json_first(const char *text, size_t length, const char *key);

/* The value of the last top-level member `key` of the object that ends with the text; NULL if the
 * text begins after that does. The caller deletes it. */
cJSON *json_last(const char *text, size_t length, const char *key);

#endif
