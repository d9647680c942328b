/* The parts of the HTML report. Every text goes through html_text or an attribute of its own. */
#ifndef PROBE_REPORT_REPORT_HTML_H
#define PROBE_REPORT_REPORT_HTML_H

#include "report_private.h"

struct html {
	FILE *out;
	struct arena *arena;
	const struct report *report;
};

/* Text of others, escaped, on one line; NULL writes nothing. */
void html_text(struct html *, const char *);
/* "<TAG>text</TAG>"; nothing for NULL and "". Tag may carry attributes: "p class=\"x\"". */
void html_element(struct html *, const char *tag, const char *text);
/* Their lines in a <pre>. */
void html_pre(struct html *, struct str);
/* UTC to the millisecond. */
const char *html_moment(struct html *, int64_t wall_ns);

void html_steps(struct html *);
void html_findings(struct html *);
void html_logs(struct html *);

#endif
