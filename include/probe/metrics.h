/*
 * metrics: what the monitor knows, as Prometheus text (exposition format 0.0.4).
 */
#ifndef PROBE_METRICS_H
#define PROBE_METRICS_H

#include "probe/monitor.h"

/* Adds all families; names and labels are those of the documentation. */
void metrics_print(struct buf *, const struct monitor *);

/* For text of the same format: "# HELP" and "# TYPE". */
void metric_head(struct buf *, const char *name, const char *type, const char *help);
/* A sample. `labels` are pairs of name and value ended by NULL; a NULL value is written as "". */
void metric_sample(struct buf *, const char *name, double value, const char *const *labels);

#endif
