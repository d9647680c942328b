/* The kinds compiled in: one line each. */
#include "probe/auth.h"
#include "probe/cli.h"
#include "probe/step.h"

static const struct step_kind *const step_kinds[] = {
	&step_http,
	&step_tcp,
	&step_tls,
	&step_exec,
	NULL,
};

static const struct auth_kind *const auth_kinds[] = {
	NULL,
};

const struct vocabulary vocabulary = {
	.steps = step_kinds,
	.auths = auth_kinds,
};
