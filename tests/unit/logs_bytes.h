/* logs_bytes: what the reader of logs makes of a text, for tests. */
#ifndef TESTS_UNIT_LOGS_BYTES_H
#define TESTS_UNIT_LOGS_BYTES_H

#include "probe/logs.h"

/* The text as a source of its own, `piece` bytes at a time (0: at once); no window is asked for. */
struct logs *logs_of_bytes(
	struct arena *, struct str text, size_t piece, struct log_options options);

/* The same, read like a file: in whichever thread is free. */
struct logs *logs_of_pulled(
	struct arena *, struct str text, size_t piece, struct log_options options);

#endif
