/* What stands in front of a line; line_prefix.c. Each returns the bytes it takes, 0 when it is not
 * there. */
#ifndef LOGS_LINE_PRIVATE_H
#define LOGS_LINE_PRIVATE_H

#include "logs_private.h"

/* Of syslog and journalctl. */
struct syslog_head {
	struct str host, program, pid;
};

size_t prefix_compose(struct str line, struct str *name);
bool prefix_compose_exit(struct str line, struct str *name);
/* "[pod/NAME/CONTAINER] " of `kubectl logs --prefix`. */
size_t prefix_pod(struct str line, struct str *pod, struct str *container);
/* " stdout F " after the time of a CRI line; the rest of the line is text. */
bool prefix_cri(struct str rest, bool *standard_error, bool *partial, struct str *text);
/* `rest`: after the time; `year`: the time has one. */
size_t prefix_syslog(struct str rest, bool year, struct syslog_head *);

#endif
