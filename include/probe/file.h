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
/* Directory part of a path, "." when it has none. */
const char *file_dir(struct arena *, const char *path);
/* `path` itself when absolute, "-" or dir is "." or NULL, else dir/path. */
const char *file_join(struct arena *, const char *dir, const char *path);

#endif
