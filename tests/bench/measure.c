/*
 * measure COMMAND ARG...: runs it once with its output thrown away and prints
 * "WALL_NS CPU_US MAX_RSS_KIB EXIT". A program as small as this has to start it: a child inherits the
 * memory peak of who forks it, and a Python of 12 MB would hide what is measured.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t micros(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int null = open("/dev/null", O_RDWR);
	int64_t began = now_ns();
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	struct rusage used;
	int status = 0;

	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 1;
	int64_t wall = now_ns() - began;

	printf("%lld %lld %ld %d\n", (long long)wall,
		(long long)(micros(used.ru_utime) + micros(used.ru_stime)), used.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
