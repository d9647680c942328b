/*
 * carry FROM TO: copies a program to where another container finds it. The image holds no shell and no
 * cp; an init container calls this, see k8s/components/startup-probe.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what, const char *path)
{
	fprintf(stderr, "carry: cannot %s '%s': %s\n", what, path, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: carry FROM TO\n");
		return 2;
	}
	int from = open(argv[1], O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (from < 0 || fstat(from, &stat) < 0)
		return fail("read", argv[1]);
	int to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (to < 0)
		return fail("create", argv[2]);
	for (off_t left = stat.st_size; left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);

		if (sent <= 0)
			return fail("write", argv[2]);
		left -= sent;
	}
	if (fchmod(to, 0755) < 0 || close(to) < 0)
		return fail("finish", argv[2]);
	return 0;
}
