/*
 * file: small files read whole.
 */
#ifndef PROBE_FILE_H
#define PROBE_FILE_H

#include "probe/arena.h"
#include "probe/error.h"

/* The whole file ("-": standard input), at most `max` bytes. Errors: "cannot open 'x': ...",
 * "'x' is larger than ...", a directory. The text ends with a NUL that does not count. */
int file_text(struct arena *, const char *path, size_t max, struct str *out, struct error *err);
/* What tells that a file was changed or replaced; all -1 when it cannot be looked at. */
struct file_state {
	int64_t time, size, node; /* of the last change (wall ns), bytes, inode */
};
struct file_state file_state(const char *path);
bool file_state_equal(const struct file_state *, const struct file_state *);
/* Directory part of a path, "." when it has none. */
const char *file_dir(struct arena *, const char *path);
/* `path` itself when absolute, "-" or dir is "." or NULL, else dir/path. */
const char *file_join(struct arena *, const char *dir, const char *path);

#endif
