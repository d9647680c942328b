/*
 * floor PORT PATH: the least a program can do to know whether 127.0.0.1 answers 200: one socket, one
 * request, one read. What other programs take beyond it is their own.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[4096];

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return 1;
	int len = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", argv[2]);

	if (write(fd, text, (size_t)len) != len)
		return 1;
	ssize_t got = read(fd, text, sizeof(text));

	return got >= 12 && memcmp(text, "HTTP/1.1 200", 12) == 0 ? 0 : 1;
}
