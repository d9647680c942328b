/* Between the files of the YAML reader. */
#ifndef PROBE_SCENARIO_YAML_PRIVATE_H
#define PROBE_SCENARIO_YAML_PRIVATE_H

#include "probe/yaml.h"

/* Places in the source, computed from byte offsets: the columns of the library are not code points
 * in every case. `last` makes a walk along one long line linear. */
struct yaml_places {
	const struct source *source;
	size_t last_line_start, last_offset;
	uint32_t last_column; /* from 1, at last_offset */
};

/* The span of bytes [from, to) that begin on `line` (from 1); cut at the line's end. */
struct span yaml_span(struct yaml_places *, size_t from, size_t to, uint32_t line);

/* The text of a scalar in single quotes from what stands between them: '' is a quote, line breaks are
 * folded (YAML 1.2.2, section 7.3.2). The library's own reading of these loses memory. */
struct str yaml_single_quoted(struct arena *, struct str raw);

/* What an author may have meant where the syntax breaks: a remedy that starts with "; ", or "". */
const char *yaml_hint(struct str text, size_t offset, const char *message);

/* Replaces `<<` by the pairs of the maps it names; pairs written in the map itself win. */
void yaml_merge(struct arena *, struct node *map, struct diags *);

#endif
