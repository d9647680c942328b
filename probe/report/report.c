#include "probe/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_private.h"

const struct report_format *const report_formats[] = {
	&report_terminal,
	&report_json,
	&report_junit,
	&report_tap,
	&report_markdown,
	&report_html,
	&report_github,
	&report_prometheus,
	&report_termination,
	NULL,
};

const struct report_format *report_find(const char *name)
{
	for (size_t i = 0; report_formats[i]; i++)
		if (strcmp(report_formats[i]->name, name) == 0)
			return report_formats[i];
	return NULL;
}

static int unknown_format(const char *name, struct error *err)
{
	BUF_SCOPED struct buf names;

	buf_init(&names, 512);
	for (size_t i = 0; report_formats[i]; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", report_formats[i]->name);
	return error_set(err, "unknown report format '%.60s': known are %s", name, names.data);
}

int report_target_parse(
	struct arena *arena, const char *text, struct report_target *target, struct error *err)
{
	const char *equals = strchr(text, '=');
	const char *name = equals ? arena_printf(arena, "%.*s", (int)(equals - text), text) : text;
	const char *file = equals ? equals + 1 : NULL;

	*target = (struct report_target){.format = report_find(name)};
	if (!target->format)
		return unknown_format(name, err);
	if (file && !*file)
		return error_set(err, "report '%s': a file name is missing after '='", name);
	if (file && strcmp(file, "-") != 0 && strcmp(file, "/dev/stdout") != 0)
		target->file = arena_strdup(arena, file);
	return 0;
}

/* The descriptor behind /dev/stderr and /dev/fd/N, which opening again would rewind; -1: none. */
static int fd_of(const char *file)
{
	int64_t fd;

	if (strcmp(file, "/dev/stderr") == 0)
		return STDERR_FILENO;
	if (strncmp(file, "/dev/fd/", 8) == 0 && str_int(str_of(file + 8), &fd) && fd >= 0 &&
		fd <= INT_MAX)
		return (int)fd;
	return -1;
}

/* Where the file really is: links are followed, also one whose target does not exist yet. */
static char *resolve(struct arena *arena, const char *file)
{
	char link[PATH_MAX];
	char *path = arena_strdup(arena, file);

	for (int depth = 0; depth < 40; depth++) {
		ssize_t len = readlink(path, link, sizeof(link) - 1);
		const char *slash = strrchr(path, '/');

		if (len < 0)
			return path;
		if (link[0] == '/' || !slash)
			path = arena_printf(arena, "%.*s", (int)len, link);
		else
			path = arena_printf(
				arena, "%.*s/%.*s", (int)(slash - path), path, (int)len, link);
	}
	errno = ELOOP;
	return NULL;
}

static char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(arena, ".");
	return arena_printf(arena, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static int check_directory(
	struct arena *arena, const char *file, const char *path, struct error *err)
{
	const char *dir = directory_of(arena, path);
	struct stat st;

	if (stat(dir, &st) < 0)
		return error_set(
			err, "report file '%s': directory '%s': %s", file, dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(err, "report file '%s': '%s' is not a directory", file, dir);
	if (access(dir, W_OK | X_OK) < 0 && access(path, W_OK) < 0)
		return error_set(err, "report file '%s': directory '%s' is not writable: %s", file,
			dir, strerror(errno));
	return 0;
}

static int check_file(struct arena *arena, const char *file, struct error *err)
{
	struct stat st;
	char *path;

	if (stat(file, &st) < 0) {
		if (errno != ENOENT || !(path = resolve(arena, file)))
			return error_set(err, "report file '%s': %s", file, strerror(errno));
		size_t len = strlen(path);

		if (len && path[len - 1] == '/')
			return error_set(err, "report file '%s' names a directory", file);
		return check_directory(arena, file, path, err);
	}
	if (S_ISDIR(st.st_mode))
		return error_set(err, "report file '%s' is a directory", file);
	if (!S_ISREG(st.st_mode))
		return access(file, W_OK) < 0
			       ? error_set(err, "report file '%s': %s", file, strerror(errno))
			       : 0;
	path = resolve(arena, file);
	return path ? check_directory(arena, file, path, err)
		    : error_set(err, "report file '%s': %s", file, strerror(errno));
}

int report_target_check(const struct report_target *target, struct error *err)
{
	if (!target->file || fd_of(target->file) >= 0)
		return 0;
	struct arena *arena = arena_new();
	int status = check_file(arena, target->file, err);

	arena_free(arena);
	return status;
}

/* What is being written. */
struct writing {
	const struct report_target *target;
	const struct report *const *reports;
	size_t count;
};

/* Writes and closes. The errno of the first failure decides; later ones are its echo. */
static int write_stream(const struct writing *w, FILE *out)
{
	errno = 0;
	w->target->format->write(out, w->reports, w->count);
	bool failed = fflush(out) != 0 || ferror(out);
	int why = errno ? errno : EIO;

	if (fclose(out) != 0 && !failed) {
		failed = true;
		why = errno;
	}
	errno = why;
	return failed ? -1 : 0;
}

static int failed(const struct writing *w, struct error *err)
{
	return error_set(err, "cannot write report %s to '%s': %s", w->target->format->name,
		w->target->file ? w->target->file : "stdout", strerror(errno));
}

static int write_fd(const struct writing *w, int fd, struct error *err)
{
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		int why = errno;

		if (fd >= 0)
			close(fd);
		errno = why;
		return failed(w, err);
	}
	return write_stream(w, out) < 0 ? failed(w, err) : 0;
}

/* O_NONBLOCK only for opening: a FIFO nobody reads would hold the run for ever. */
static int write_in_place(const struct writing *w, const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENXIO)
		return error_set(err, "cannot write report %s to '%s': nobody reads the FIFO",
			w->target->format->name, w->target->file);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return write_fd(w, fd, err);
}

/* A new file gets what the umask leaves; an old one hands on its mode and, where allowed, owner. */
static void adopt_mode(int fd, const struct stat *old)
{
	if (old) {
		if (fchown(fd, old->st_uid, old->st_gid) < 0)
			errno = 0;
		fchmod(fd, old->st_mode & 07777);
		return;
	}
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

static bool directory_refuses(int why)
{
	return why == EACCES || why == EPERM || why == EROFS;
}

static int write_beside(
	const struct writing *w, struct arena *arena, const char *path, struct error *err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	char *temp = arena_printf(arena, "%s/.goldprobe.XXXXXX", directory_of(arena, path));
	int fd = mkostemp(temp, O_CLOEXEC);

	if (fd < 0)
		return exists && directory_refuses(errno) ? write_in_place(w, path, err)
							  : failed(w, err);
	adopt_mode(fd, exists ? &st : NULL);
	if (write_fd(w, fd, err) < 0) {
		unlink(temp);
		return -1;
	}
	if (rename(temp, path) == 0)
		return 0;
	int why = errno;

	unlink(temp);
	/* A file mounted into a container cannot be replaced, only filled. */
	if (exists && (why == EBUSY || directory_refuses(why)))
		return write_in_place(w, path, err);
	errno = why;
	return failed(w, err);
}

static int write_file(const struct writing *w, struct arena *arena, struct error *err)
{
	const char *file = w->target->file;
	struct stat st;
	int fd = fd_of(file);

	if (fd >= 0)
		return write_fd(w, fcntl(fd, F_DUPFD_CLOEXEC, 3), err);
	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		return write_in_place(w, file, err);
	/* Links of /proc name descriptors, not places. */
	if (strncmp(file, "/proc/", 6) == 0)
		return write_in_place(w, file, err);
	char *path = resolve(arena, file);

	return path ? write_beside(w, arena, path, err) : failed(w, err);
}

int report_write(const struct report_target *target, const struct report *const *reports,
	size_t count, struct error *err)
{
	struct writing w = {target, reports, count};
	struct arena *arena = arena_new();
	int status = target->file ? write_file(&w, arena, err)
				  : write_fd(&w, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), err);

	arena_free(arena);
	if (status == 0 && target->format->aside)
		status = target->format->aside(reports, count, err);
	return status;
}
