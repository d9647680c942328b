/*
 * expand: `${...}` in texts (SPEC 2, Values).
 *
 *   ${name}  ${name:-default}  ${env.NAME}  ${run.id}  ${run.trace_id}  ${uuid}  ${now}  $$
 *
 * A scope maps names to values and may have a parent that is asked next. A text that is exactly one
 * "${name}" keeps the type of the value; else values are printed into the text. As in a shell the
 * default stands in for an empty value too. A '$' before anything but '$' and '{' is itself.
 */
#ifndef PROBE_EXPAND_H
#define PROBE_EXPAND_H

#include "probe/error.h"
#include "probe/value.h"

struct scope;

struct scope *scope_new(struct arena *, const struct scope *parent);
/* Copies name and value into the scope's arena; replaces. */
void scope_set(struct scope *, struct str name, const struct value *);
/* Own names first, then the parents'; a dotted name that nobody has enters the object its beginning
 * names ("item.path"). NULL when nobody has it. `env.X`, `uuid`, `now` are not here. */
const struct value *scope_find(const struct scope *, struct str name);
/* Calls `each` for all names of this scope and its parents (shadowed ones too). */
void scope_each(const struct scope *, void (*each)(void *ctx, struct str name), void *ctx);

/* One reference inside a text. */
struct reference {
	struct str name; /* "token", "env.HOME", "run.id" */
	bool has_default;
	size_t offset; /* of the '$' in the text, bytes */
	size_t len;    /* through the '}' */
};

/* Expands `text`. Errors: an unknown name, an unset environment variable without default, a
 * reference that is not closed, a result beyond 16 MiB. */
int expand(struct arena *, const struct scope *, struct str text, struct value *out,
	struct error *err);
/* Whoever looks on while a text is expanded; members may be NULL. */
struct expand_watch {
	/* Names that get their value later: nothing is put in their place and nothing is said. */
	bool (*deferred)(void *ctx, struct str name);
	/* Called for every mistake, with its part of the text (bytes). */
	void (*problem)(void *ctx, size_t offset, size_t len, const char *message);
	void *ctx;
	bool was_deferred; /* set when the text has such names: the result is of no use */
};
/* Expands and tells all mistakes instead of the first. Returns -1 when there was one. */
int expand_with(struct arena *, const struct scope *, struct str text, struct expand_watch *,
	struct value *out);
/* Calls `each` for every reference in the text (defaults included, nested); returns -1 with err and
 * *offset for a text that is malformed. */
int expand_references(struct str text, void (*each)(void *ctx, const struct reference *), void *ctx,
	size_t *offset, struct error *err);
/* Whether the text has anything to expand. */
bool expand_needed(struct str text);

#endif
