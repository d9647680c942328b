/*
 * story: the incident this project was born from. The image was built without the package
 * auth_service; the WebSocket code imports it, the middleware imports the WebSocket code, and
 * uvicorn gives up with exit code 3. The exception arrives torn at its links, between errors that
 * have nothing to do with it.
 */
#include "demo.h"

#define LIFESPAN "netra_backend.app.core.lifespan_manager"
#define MIDDLEWARE "netra_backend.app.core.middleware_setup"
#define ABOVE "The above exception was the direct cause of the following exception:"

static const char *const fields[] = {"clickhouse.host", "clickhouse.port", "clickhouse.user",
	"clickhouse.password", "redis.url", "langfuse.public_key", "langfuse.secret_key",
	"oauth.client_id", "oauth.client_secret", "oauth.redirect_uri", "telemetry.sample_rate"};

static const char root[] =
	"ERROR:    Traceback (most recent call last):\n"
	"  File \"/app/netra_backend/app/websocket_core/__init__.py\", line 14, in <module>\n"
	"    from netra_backend.app.websocket_core.websocket_manager import WebSocketManager\n"
	"  File \"/app/netra_backend/app/websocket_core/websocket_manager.py\", line 53, in <module>\n"
	"    from auth_service.auth_core.core.token_validator import TokenValidator\n"
	"ModuleNotFoundError: No module named 'auth_service'";

static const char wrapped[] =
	"Traceback (most recent call last):\n"
	"  File \"/app/netra_backend/app/core/middleware_setup.py\", line 88, in setup_middleware\n"
	"    from netra_backend.app.middleware.websocket_exclusion import WebSocketExclusion\n"
	"  File \"/app/netra_backend/app/middleware/websocket_exclusion.py\", line 9, in <module>\n"
	"    from netra_backend.app.websocket_core import WebSocketManager\n"
	"  File \"/app/netra_backend/app/websocket_core/__init__.py\", line 17, in <module>\n"
	"    raise ImportError(f\"CRITICAL: Core WebSocket components import failed: {e}\") from e\n"
	"ImportError: CRITICAL: Core WebSocket components import failed: No module named 'auth_service'";

static const char symptom[] =
	"Traceback (most recent call last):\n"
	"  File \"/usr/local/lib/python3.11/site-packages/starlette/routing.py\", line 671, in lifespan\n"
	"    async with self.lifespan_context(app):\n"
	"  File \"/usr/local/lib/python3.11/site-packages/starlette/routing.py\", line 648, in startup\n"
	"    await handler()\n"
	"  File \"/app/netra_backend/app/main.py\", line 31, in on_startup\n"
	"    await lifespan_manager.startup(app)\n"
	"  File \"/app/netra_backend/app/core/lifespan_manager.py\", line 46, in startup\n"
	"    setup_middleware(app)\n"
	"  File \"/app/netra_backend/app/core/middleware_setup.py\", line 93, in setup_middleware\n"
	"    raise RuntimeError(\"Failed to setup enhanced middleware with WebSocket exclusion\") from e\n"
	"RuntimeError: Failed to setup enhanced middleware with WebSocket exclusion";

const char story_login_traceback[] =
	"ERROR:    Exception in ASGI application\n"
	"Traceback (most recent call last):\n"
	"  File \"/usr/local/lib/python3.11/site-packages/uvicorn/protocols/http/h11_impl.py\", line 373,"
	" in run_asgi\n"
	"    result = await app(self.scope, self.receive, self.send)\n"
	"  File \"/usr/local/lib/python3.11/site-packages/fastapi/routing.py\", line 163, in "
	"run_endpoint_function\n"
	"    return await dependant.call(**values)\n"
	"  File \"/app/netra_backend/app/routes/auth.py\", line 41, in login\n"
	"    user = await users.find_by_email(credentials.email)\n"
	"  File \"/app/netra_backend/app/db/users.py\", line 27, in find_by_email\n"
	"    cursor.execute(\"SELECT id, email, password_hash FROM users WHERE email = %s\", (email,))\n"
	"psycopg2.errors.UndefinedColumn: column \"password_hash\" does not exist\n"
	"LINE 1: SELECT id, email, password_hash FROM users WHERE email = ...\n"
	"                          ^";

void story_platform_start(void)
{
	log_text(LOG_SYSTEM, "INFO",
		"Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic "
		"shifting between revisions due to deployment.");
}

void story_application(void)
{
	log_text(LOG_STDERR, NULL, "INFO:     Started server process [1]");
	log_text(LOG_STDERR, NULL, "INFO:     Waiting for application startup.");
	log_json("INFO", LIFESPAN, "Startup phase INIT started");
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		log_missing_field(fields[i]);
	log_json("INFO", LIFESPAN, "Startup phase MIDDLEWARE started");
	log_json("WARNING", MIDDLEWARE,
		"SERVICE_ID contained whitespace - sanitized from 'netra-backend\\n' to "
		"'netra-backend'");
	log_json("INFO", MIDDLEWARE, "Session middleware configured");
	log_json("CRITICAL", "netra_backend.app.websocket_core",
		"Core WebSocket components import failed: No module named 'auth_service'");
	log_text(LOG_STDERR, "ERROR", root);
	log_text(LOG_STDERR, NULL, ABOVE);
	log_text(LOG_STDERR, "ERROR", wrapped);
	log_text(LOG_STDERR, NULL, ABOVE);
	log_text(LOG_STDERR, "ERROR", symptom);
	log_text(LOG_STDERR, NULL, "ERROR:    Application startup failed. Exiting.");
}

void story_platform_end(uint16_t port)
{
	char text[300];

	log_text(LOG_SYSTEM, "WARNING", "Container called exit(3).");
	snprintf(text, sizeof(text),
		"Default STARTUP TCP probe failed 1 time consecutively for container "
		"\"netra-backend-staging-1\" on port %u. The instance was not started.\n"
		"Connection failed with status CANCELLED.",
		port);
	log_text(LOG_SYSTEM, "ERROR", text);
}
