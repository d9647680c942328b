/* What the expander asks of a scope beyond expand.h. */
#ifndef PROBE_SCENARIO_SCOPE_PRIVATE_H
#define PROBE_SCENARIO_SCOPE_PRIVATE_H

#include "probe/expand.h"

/* The known name nearest to a wrong one, or NULL. */
const char *scope_suggest(const struct scope *, struct arena *, struct str name);

#endif
