/*
 * clock: time and durations. Inside the program time is int64_t nanoseconds; text is outside.
 *
 * CLOCK_MONOTONIC for deadlines and durations, wall clock (Unix epoch) for what is shown and for
 * logs. GOLDPROBE_TEST_NOW (RFC 3339) freezes the wall clock for tests.
 */
#ifndef PROBE_CLOCK_H
#define PROBE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/buf.h"
#include "probe/error.h"
#include "probe/str.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
/* "Not known" for moments and durations. */
#define TIME_NONE INT64_MIN

int64_t clock_monotonic(void);
int64_t clock_wall(void);

/* RFC 3339 UTC, "2026-01-02T03:04:05.678Z"; digits 0, 3, 6 or 9 after the point. `out` needs 36. */
void time_print_utc(int64_t wall_ns, int digits, char out[36]);
/* Local time with the offset said: "2026-01-02 04:04:05 +0100". */
void time_print_local(int64_t wall_ns, char out[36]);
/* RFC 3339 and ISO 8601 forms that logs use: 'T' or blank, ',' or '.', 0 to 9 fraction digits (more
 * are cut), Z, +hh:mm, +hhmm, +hh or no zone (then UTC). False when `s` is no such moment. */
bool time_parse(struct str s, int64_t *wall_ns);
/* Days since 1970-01-01 of a proleptic Gregorian date. */
int64_t time_days(int64_t year, unsigned month, unsigned day);

/* Durations as SPEC writes them: "1m30s", "1.5h", "250ms", "0"; not negative unless it starts with
 * '-'. A bare number other than 0 is an error that says so. */
int duration_parse(struct str, int64_t *ns, struct error *err);
/* Shortest natural form: "1.2 s" is written "1.2s", "90s" is "1m30s", 0 is "0s". `out` needs 32. */
void duration_print(int64_t ns, char out[32]);
/* "4 minutes", "34 hours", "3 days": an age for people. */
void age_print(int64_t ns, char out[32]);
/* Sizes: "64KiB", "1MB", "123"; KiB MiB GiB are 1024-based, kB KB MB GB 1000-based. */
int size_parse(struct str, uint64_t *bytes, struct error *err);

#endif
