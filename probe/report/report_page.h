/* A page of a terminal: clean text, wrapped to the width, styled only when colour is wanted. */
#ifndef PROBE_REPORT_REPORT_PAGE_H
#define PROBE_REPORT_REPORT_PAGE_H

#include <stdio.h>

#include "probe/arena.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_WARN };

struct page {
	FILE *out;
	struct arena *arena; /* of one report */
	unsigned width;
	bool color;
};

/* Writes the text cleaned and styled, no line end. Returns its columns. */
unsigned page_put(struct page *, enum style, const char *text);
/* The same, filled with blanks to `columns` (to the left when negative). */
void page_cell(struct page *, enum style, const char *text, int columns);
void page_indent(struct page *, unsigned columns);
void page_end_line(struct page *);
/* A lead in the column `indent`, then the text from column `hang` on, wrapped; ends the line. The
 * lead may be "" and may be longer than its place. */
void page_item(struct page *, unsigned indent, unsigned hang, enum style lead_style,
	const char *lead, enum style, const char *text);
/* Lines of someone else's text behind a bar, at most `lines`, and how many there are beside them.
 * `about` is a text whose line is to be among them; NULL: the first ones. */
void page_quote(
	struct page *, unsigned indent, const char *text, unsigned lines, const char *about);
/* A heading after an empty line. */
void page_heading(struct page *, const char *text);

#endif
