/*
 * grpc_message: the messages of grpc.health.v1, so small that their protobuf is written and read by
 * hand, each in one frame of gRPC over HTTP/2:
 *
 *   HealthCheckRequest  { string service = 1; }
 *   HealthCheckResponse { enum { UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN } status = 1; }
 */
#ifndef PROBE_STEPS_GRPC_MESSAGE_H
#define PROBE_STEPS_GRPC_MESSAGE_H

#include "probe/arena.h"
#include "probe/str.h"

/* `service` has less than 16 KiB. */
struct str grpc_request(struct arena *, struct str service);
/* The status in a response body; one that is not known counts as UNKNOWN. -1: no such message. */
int64_t grpc_health(struct str body);

#endif
