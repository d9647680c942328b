/* Log source file: files, patterns and standard input, gzip or not. */
#include "probe/log_source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/file.h"
#include "probe/gzip.h"

enum { PIECE = 128 << 10 };

struct file_spec {
	struct str path; /* or a pattern, or "-" */
};

static const struct field fields[] = {
	{.name = "path",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct file_spec, path),
		.required = true,
		.help = "a file, a pattern such as 'logs/*.json', or - for standard input"},
	{.name = NULL},
};

static int parse(struct arena *arena, struct str text, void *spec, struct error *err)
{
	if (text.len == 0)
		return error_set(err, "a log source without a name");
	((struct file_spec *)spec)->path = arena_str(arena, text);
	return 0;
}

static const char *title(struct arena *arena, const void *spec)
{
	return arena_str(arena, ((const struct file_spec *)spec)->path).ptr;
}

/* A file while it is read. */
struct file_read {
	struct log_fetch *fetch;
	struct gzip *gzip; /* NULL: it is none */
	int fd;
	int64_t total;
	int failure;         /* of read(), errno */
	struct error broken; /* of the gzip data */
	bool stopped;        /* enough was read, or it is broken */
	char piece[PIECE];
};

static bool inflated(void *ctx, struct str bytes)
{
	return log_fetch_read(ctx, bytes, NULL);
}

/* Passes on one piece, which is in f->piece or where the fetch wanted it. */
static bool pass_on(struct file_read *f, struct str piece)
{
	if (f->total == 0 && gzip_is(piece))
		f->gzip = gzip_new(inflated, f->fetch);
	f->total += (int64_t)piece.len;
	if (!f->gzip)
		return piece.ptr == f->piece ? log_fetch_read(f->fetch, piece, NULL)
					     : log_fetch_filled(f->fetch, piece.len);
	log_fetch_bytes(f->fetch, f->total);
	int rc = gzip_feed(f->gzip, piece, &f->broken);

	f->stopped = rc != 0;
	return !f->stopped;
}

static bool read_more(void *ctx)
{
	struct file_read *f = ctx;
	size_t room = 0;
	char *at = f->gzip ? NULL : log_fetch_room(f->fetch, &room);
	ssize_t n;

	if (!at) {
		at = f->piece;
		room = sizeof(f->piece);
	}
	do
		n = read(f->fd, at, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		f->failure = errno;
	return n > 0 && pass_on(f, (struct str){at, (size_t)n});
}

static void read_fd(struct log_fetch *fetch, int fd)
{
	struct file_read *f = calloc(1, sizeof(*f));

	if (!f)
		die("out of memory for %zu bytes", sizeof(*f));
	f->fetch = fetch;
	f->fd = fd;
	log_fetch_run(fetch, read_more, f);
	if (f->failure)
		log_fetch_partial(fetch, "cannot read on: %s", strerror(f->failure));
	if (f->broken.text[0])
		log_fetch_partial(fetch, "%s", f->broken.text);
	log_fetch_end(fetch);
	if (f->gzip && !f->stopped && !gzip_complete(f->gzip))
		log_fetch_partial(fetch, "the gzip data ends early");
	gzip_free(f->gzip);
	free(f);
}

static bool read_path(struct log_fetch *fetch, const char *path)
{
	struct stat st;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		log_fetch_failed(fetch, "cannot open '%s': %s", path, strerror(errno));
		return false;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		log_fetch_failed(fetch, "cannot read '%s': it is a directory", path);
		close(fd);
		return false;
	}
	read_fd(fetch, fd);
	close(fd);
	return true;
}

static void start(struct log_fetch *fetch)
{
	const struct file_spec *spec = log_fetch_spec(fetch);
	struct arena *arena = log_fetch_arena(fetch);
	const char *dir = log_fetch_options(fetch)->dir;
	const char *path = file_join(arena, dir, arena_str(arena, spec->path).ptr);
	glob_t found = {0};
	bool pattern = strpbrk(path, "*?[") && access(path, F_OK) != 0;

	if (!pattern) {
		if (read_path(fetch, path))
			log_fetch_done(fetch);
		return;
	}
	if (glob(path, 0, NULL, &found) != 0 || found.gl_pathc == 0) {
		log_fetch_failed(fetch, "no file matches '%s'", path);
		globfree(&found);
		return;
	}
	bool read = true;

	for (size_t i = 0; i < found.gl_pathc && read; i++) {
		log_fetch_next(fetch, found.gl_pathv[i]);
		read = read_path(fetch, found.gl_pathv[i]);
	}
	globfree(&found);
	if (read)
		log_fetch_done(fetch);
}

const struct log_source_kind source_file = {
	.name = "file",
	.help = "a file, a pattern of files, or standard input; gzip is recognised",
	.example = "- file: {path: backend.log}",
	.fields = fields,
	.spec_size = sizeof(struct file_spec),
	.parse = parse,
	.title = title,
	.start = start,
};
