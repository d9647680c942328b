/* The parts of the terminal report. */
#ifndef PROBE_REPORT_REPORT_TERMINAL_H
#define PROBE_REPORT_REPORT_TERMINAL_H

#include "report_page.h"
#include "report_private.h"

void terminal_steps(struct page *, const struct report *);
void terminal_logs(struct page *, const struct report *);
void terminal_findings(struct page *, const struct report *);

#endif
