/* The keys by which the scanner knows a log entry. */
#ifndef LOGS_JSON_KEYS_H
#define LOGS_JSON_KEYS_H

#include "logs_private.h"

struct json_key {
	const char *name;
	unsigned places;    /* 1 << enum json_place: where it means this */
	signed char field;  /* enum json_field a scalar goes to; -1 none */
	signed char inside; /* enum json_place of an object; -1: skipped */
	unsigned char rank; /* of several keys for one field the lowest wins */
	bool strong;        /* only log entries have it */
	bool array;         /* an array is kept, too */
};

/* NULL when the key means nothing there. */
const struct json_key *json_key_find(const char *name, size_t len, enum json_place place);

#endif
