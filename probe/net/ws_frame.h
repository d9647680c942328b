/* ws_frame: frames of RFC 6455, in pieces as they come. Used by ws.c and its fuzzer. */
#ifndef PROBE_NET_WS_FRAME_H
#define PROBE_NET_WS_FRAME_H

#include "probe/buf.h"
#include "probe/ws.h"

enum { WS_CONTINUATION = 0, WS_CLOSE = 8, WS_CONTROL_MAX = 125 };

/* UTF-8 over the borders of fragments (RFC 3629). */
struct utf8_check {
	unsigned left;           /* bytes that the code point still lacks */
	unsigned char low, high; /* bounds of the next one */
};

struct ws_parser {
	unsigned char head[10];
	size_t head_len;
	bool in_payload;
	unsigned opcode; /* of the frame */
	bool fin;
	uint64_t left;    /* payload of the frame to come */
	unsigned message; /* opcode of the message under way; 0: none */
	struct buf text, control;
	struct utf8_check utf8;
	unsigned code; /* close code to answer a violation with */
	char problem[160];
	/* Whole messages and control frames. Returning false stops the parser. */
	bool (*each)(void *ctx, unsigned opcode, struct str payload);
	void *ctx;
};

void ws_parser_init(struct ws_parser *, uint64_t max,
	bool (*each)(void *ctx, unsigned opcode, struct str), void *ctx);
void ws_parser_release(struct ws_parser *);
/* -1: the peer broke the protocol, see problem and code. */
int ws_parse(struct ws_parser *, struct str bytes);
/* Whether a frame or a fragmented message is under way. */
bool ws_parser_torn(const struct ws_parser *);
/* A frame of a client: masked (section 5.3). */
void ws_frame_put(struct buf *out, unsigned opcode, struct str payload);
bool utf8_check_bytes(struct utf8_check *, const unsigned char *, size_t);
/* Whether a close frame may carry the code (section 7.4). */
bool ws_close_code_valid(unsigned code);

#endif
