/* The kinds compiled in: one line each. */
#include "probe/auth.h"
#include "probe/cli.h"
#include "probe/log_source.h"
#include "probe/step.h"

static const struct step_kind *const step_kinds[] = {
	&step_http,
	&step_websocket,
	&step_tcp,
	&step_tls,
	&step_grpc,
	&step_jwt,
	&step_exec,
	NULL,
};

const struct vocabulary vocabulary = {
	.steps = step_kinds,
	.auths = auth_kinds,
	.logs = log_source_kinds,
};
