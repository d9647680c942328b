/* Between the files of the status page. */
#ifndef PROBE_MONITOR_PAGE_PRIVATE_H
#define PROBE_MONITOR_PAGE_PRIVATE_H

#include "probe/monitor.h"

/* What one rendering needs. */
struct page {
	struct buf *out;
	struct arena *arena;
	struct monitor *monitor;
	const struct watched *shown; /* the scenario in detail */
	struct value document;       /* of its last run; null: none */
};

/* Text that can end up in elements and quoted attributes. */
void page_text(struct page *, struct str);
void page_c(struct page *, const char *text);
/* A <time> with the moment, which the script turns into an age. */
void page_moment(struct page *, int64_t wall);
/* "● healthy": a state by mark and word, never by colour alone. */
void page_state(struct page *, const char *state);

/* page_run.c */
void page_capabilities(struct page *);
void page_waterfall(struct page *);
void page_findings(struct page *);
/* page_past.c */
void page_days(struct page *);
void page_steps(struct page *);

#endif
