#include "probe/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/buf.h"
#include "probe/clock.h"

static int read_all(int fd, const char *name, size_t max, struct buf *out, struct error *err)
{
	for (;;) {
		char block[16384];
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, "cannot read '%s': %s", name, strerror(errno));
		if (n == 0)
			return 0;
		if (!buf_add(out, block, (size_t)n))
			return error_set(err, "'%s' is larger than %zu bytes", name, max);
	}
}

int file_text(struct arena *arena, const char *path, size_t max, struct str *out, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	BUF_SCOPED struct buf text;
	struct stat st;
	int result;

	buf_init(&text, max);
	if (fd < 0)
		return error_set(err, "cannot open '%s': %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		result = error_set(err, "'%s' is a directory", path);
	else
		result = read_all(fd, path, max, &text, err);
	if (!standard)
		close(fd);
	if (result == 0)
		*out = arena_str(arena, buf_str(&text));
	return result;
}

const char *file_dir(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	if (slash == path)
		return "/";
	return arena_printf(arena, "%.*s", (int)(slash - path), path);
}

const char *file_join(struct arena *arena, const char *dir, const char *path)
{
	if (!dir || strcmp(dir, ".") == 0 || path[0] == '/' || strcmp(path, "-") == 0)
		return path;
	return arena_printf(arena, "%s/%s", dir, path);
}

struct file_state file_state(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return (struct file_state){-1, -1, -1};
	return (struct file_state){
		st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec, st.st_size, (int64_t)st.st_ino};
}

bool file_state_equal(const struct file_state *a, const struct file_state *b)
{
	return a->time == b->time && a->size == b->size && a->node == b->node;
}
