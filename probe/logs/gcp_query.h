/* The query of Cloud Logging: one filter for all sources of an endpoint, in the Logging query
 * language (NOT binds before OR, OR before AND). */
#ifndef PROBE_LOGS_GCP_QUERY_H
#define PROBE_LOGS_GCP_QUERY_H

#include "probe/buf.h"
#include "probe/log_source.h"

struct gcp_spec {
	struct str project, service, filter, endpoint;
	int64_t since;         /* ns before the start, 0: the window of all */
	struct gcp_spec *also; /* asked for in the same query; NULL: no other */
};

/* Takes `other` in; false when the endpoints differ or the filter would grow beyond what is allowed. */
bool gcp_query_join(struct arena *, struct gcp_spec *, const struct gcp_spec *other);

/* The projects as a JSON array of resource names. */
void gcp_query_resources(struct arena *, struct buf *, const struct gcp_spec *);

/* The filter. `before` (RFC 3339; "": none): only what matters of the entries up to then: warnings
 * and above, what a process wrote to stderr (an agent gives that no severity), what the platform
 * says, and entries of the traces. */
struct str gcp_query_filter(struct arena *, const struct log_fetch *, struct str before);

#endif
