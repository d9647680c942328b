/* See grpc_message.h. */
#include "grpc_message.h"

#include <string.h>

enum { FRAME_HEAD = 5 };

/* One frame: not compressed, length, message. */
struct str grpc_request(struct arena *arena, struct str service)
{
	char *out = arena_alloc(arena, FRAME_HEAD + 3 + service.len);
	size_t n = FRAME_HEAD;

	if (service.len) {
		out[n++] = 0x0a; /* field 1, bytes */
		if (service.len >= 128)
			out[n++] = (char)(0x80 | (service.len & 127));
		out[n++] = (char)(service.len >= 128 ? service.len >> 7 : service.len);
		memcpy(out + n, service.ptr, service.len);
		n += service.len;
	}
	for (size_t i = 0; i < 4; i++)
		out[1 + i] = (char)((n - FRAME_HEAD) >> (24 - 8 * i));
	return (struct str){out, n};
}

static bool varint(struct str *s, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && s->len; shift += 7) {
		unsigned char byte = (unsigned char)s->ptr[0];

		*s = str_from(*s, 1);
		*out |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128))
			return true;
	}
	return false;
}

/* Steps over a field of another number; false when the message is broken. */
static bool skip_field(struct str *s, unsigned wire_type)
{
	uint64_t n = wire_type == 1 ? 8 : 4;

	if (wire_type == 0)
		return varint(s, &n);
	if (wire_type == 2 && !varint(s, &n))
		return false;
	if ((wire_type != 1 && wire_type != 2 && wire_type != 5) || n > s->len)
		return false;
	*s = str_from(*s, (size_t)n);
	return true;
}

int64_t grpc_health(struct str body)
{
	uint64_t tag, value, status = 0;

	if (body.len < FRAME_HEAD || body.ptr[0] != 0)
		return -1;
	uint64_t len = 0;

	for (size_t i = 1; i < FRAME_HEAD; i++)
		len = len << 8 | (unsigned char)body.ptr[i];
	if (len != body.len - FRAME_HEAD)
		return -1;
	body = str_from(body, FRAME_HEAD);
	while (body.len) {
		if (!varint(&body, &tag))
			return -1;
		if (tag == 8) {
			if (!varint(&body, &value))
				return -1;
			status = value;
		} else if (!skip_field(&body, tag & 7)) {
			return -1;
		}
	}
	return status <= 3 ? (int64_t)status : 0;
}
