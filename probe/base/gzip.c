#include "probe/gzip.h"

#include <stdlib.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	bool (*out)(void *ctx, struct str bytes);
	void *ctx;
	bool complete;
	unsigned char buffer[64 << 10];
};

struct gzip *gzip_new(bool (*out)(void *ctx, struct str bytes), void *ctx)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g || inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK)
		die("out of memory for zlib");
	g->out = out;
	g->ctx = ctx;
	return g;
}

void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g);
}

bool gzip_complete(const struct gzip *g)
{
	return g->complete;
}

bool gzip_is(struct str bytes)
{
	return bytes.len >= 3 && memcmp(bytes.ptr, "\x1f\x8b\x08", 3) == 0;
}

int gzip_feed(struct gzip *g, struct str bytes, struct error *err)
{
	g->z.next_in = (unsigned char *)(uintptr_t)bytes.ptr;
	g->z.avail_in = (unsigned)bytes.len;
	while (g->z.avail_in > 0) {
		if (g->complete) {
			/* Another member may follow; zeros and rubbish after the last one are let be. */
			if (*g->z.next_in != 0x1f)
				return 0;
			inflateReset(&g->z);
			g->complete = false;
		}
		int rc;

		do {
			g->z.next_out = g->buffer;
			g->z.avail_out = sizeof(g->buffer);
			rc = inflate(&g->z, Z_NO_FLUSH);
			if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
				return error_set(err, "broken gzip data: %s",
					g->z.msg ? g->z.msg : zError(rc));
			struct str piece = {(char *)g->buffer, sizeof(g->buffer) - g->z.avail_out};

			if (piece.len && !g->out(g->ctx, piece))
				return 1;
		} while (rc == Z_OK && g->z.avail_out == 0);
		g->complete = rc == Z_STREAM_END;
		if (rc == Z_BUF_ERROR && g->z.avail_in > 0 && g->z.avail_out > 0)
			return error_set(err, "broken gzip data");
	}
	return 0;
}
