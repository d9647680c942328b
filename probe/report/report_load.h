/*
 * Reading a document back: every member is asked for with its type; the first that is missing or
 * wrong is remembered with its path, and from then on the answers are empty and harmless.
 */
#ifndef PROBE_REPORT_REPORT_LOAD_H
#define PROBE_REPORT_REPORT_LOAD_H

#include "report_private.h"

struct loader {
	struct arena *arena;
	struct error err; /* of the first mistake */
	bool failed;
	char path[200]; /* of the object at hand: "steps[2].attempts[0]" */
};

/* Goes into the object's member, or the list's item, for the paths of errors; returns what
 * load_leave() needs. */
size_t load_enter(struct loader *, const char *key, size_t index);
void load_leave(struct loader *, size_t mark);
enum { LOAD_NO_INDEX = (size_t)-1 };

/* "steps[2].name: what" */
void load_fail(struct loader *, const char *key, const char *what);
const struct value *load_object(struct loader *, const struct value *, const char *key);
/* A list: *count items. */
const struct value *load_list(
	struct loader *, const struct value *, const char *key, size_t *count);
const char *load_text(struct loader *, const struct value *, const char *key);
/* null gives NULL. */
const char *load_text_or_null(struct loader *, const struct value *, const char *key);
bool load_boolean(struct loader *, const struct value *, const char *key);
int64_t load_integer(struct loader *, const struct value *, const char *key, int64_t least);
/* null gives `none`. */
int64_t load_integer_or(struct loader *, const struct value *, const char *key, int64_t none);
/* Milliseconds as nanoseconds; null gives TIME_NONE. */
int64_t load_ms(struct loader *, const struct value *, const char *key);
/* A moment; null gives TIME_NONE. */
int64_t load_moment(struct loader *, const struct value *, const char *key);
double load_number(struct loader *, const struct value *, const char *key);
struct texts load_texts(struct loader *, const struct value *, const char *key);
struct strs load_strs(struct loader *, const struct value *, const char *key);

/* A member that is one of an enum's names. */
#define LOAD_ENUM(loader, object, key, type, name_of, last)                                        \
	({                                                                                         \
		const char *text_ = load_text((loader), (object), (key));                          \
		int found_ = 0;                                                                    \
		while (found_ <= (int)(last) && strcmp(name_of((type)found_), text_) != 0)         \
			found_++;                                                                  \
		if (found_ > (int)(last)) {                                                        \
			load_fail((loader), (key), "is none of the known words");                  \
			found_ = 0;                                                                \
		}                                                                                  \
		(type) found_;                                                                     \
	})

void load_steps(struct loader *, const struct value *document, struct run *);
/* NULL when the document says of no source. */
struct logs *load_logs(struct loader *, const struct value *document);
void load_diagnosis(struct loader *, const struct value *document, const struct run *,
	const struct logs *, struct diagnosis *);

#endif
