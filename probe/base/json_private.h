/* Shared by json.c and json_check.c only. */
#ifndef BASE_JSON_PRIVATE_H
#define BASE_JSON_PRIVATE_H

#include "probe/json.h"

/* cJSON refuses to nest deeper than this (CJSON_NESTING_LIMIT). */
enum { JSON_DEPTH_CEILING = 999, JSON_VALUES_MAX = 500000 };

struct json_facts {
	size_t values;
	bool has_nul; /* \u0000 stands in a string */
};

int json_inspect(struct str text, unsigned depth, struct json_facts *facts, size_t *offset,
	struct error *err);

#endif
