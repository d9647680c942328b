/*
 * /probe?target=&module=: one probe of one target, answered with the names of blackbox_exporter, so
 * that its dashboards and scrape configurations work. Asks nothing but the targets of the scenarios
 * and what --probe-allow names, so that who reaches the port cannot look around from here.
 */
#ifndef PROBE_MONITOR_SERVER_BLACKBOX_H
#define PROBE_MONITOR_SERVER_BLACKBOX_H

#include "probe/monitor.h"

struct blackbox;
struct blackbox_run;

/* `allow`: patterns of HOST or HOST:PORT, '*' at either end. */
struct blackbox *blackbox_new(struct loop *, struct monitor *, const struct strs *allow);
/* All its runs must have been cancelled or be done. NULL is accepted. */
void blackbox_free(struct blackbox *);

/* Starts; `done` is called once, later. NULL with err and the status to answer with: no target, an
 * unknown module, not allowed, too many at once. `patience` ns: what the asker waits; 0: usual. */
struct blackbox_run *blackbox_start(struct blackbox *, const char *target, const char *module,
	int64_t patience, void (*done)(void *ctx, int status, struct str text), void *ctx,
	int *status, struct error *);
/* Ends it without a callback. NULL is accepted. */
void blackbox_cancel(struct blackbox_run *);

#endif
