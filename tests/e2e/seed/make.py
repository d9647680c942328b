"""Writes the exports that an on-call engineer had in hand: a Cloud Run service whose image lacks a
module, over several attempts to start, as `gcloud logging read --format json` gives them (newest
first, in one array).

    make.py FIRST.json SECOND.json
"""

import json
import sys

PROJECT, SERVICE = "netra-staging", "netra-backend-staging"
REVISION = SERVICE + "-00035-fnj"

TRACE = '''Traceback (most recent call last):
  File "/app/netra_backend/app/websocket_core/__init__.py", line 14, in <module>
    from netra_backend.app.websocket_core.websocket_manager import WebSocketManager
  File "/app/netra_backend/app/websocket_core/websocket_manager.py", line 53, in <module>
    from auth_service.auth_core.core.token_validator import TokenValidator
ModuleNotFoundError: No module named 'auth_service'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/netra_backend/app/core/middleware_setup.py", line 799, in setup_enhanced_middleware
    from netra_backend.app.websocket_core import WebSocketManager
  File "/app/netra_backend/app/websocket_core/__init__.py", line 17, in <module>
    raise ImportError(f"CRITICAL: Core WebSocket components import failed: {e}") from e
ImportError: CRITICAL: Core WebSocket components import failed: No module named 'auth_service'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/starlette/routing.py", line 671, in lifespan
    async with self.lifespan_context(app):
  File "/app/netra_backend/app/core/app_factory.py", line 193, in create_app
    setup_middleware(app)
  File "/app/netra_backend/app/core/middleware_setup.py", line 852, in setup_middleware
    raise RuntimeError("Failed to setup enhanced middleware with WebSocket exclusion") from e
RuntimeError: Failed to setup enhanced middleware with WebSocket exclusion'''


class Export:
    def __init__(self):
        self.entries = []

    def add(self, at, instance, log, severity, **payload):
        self.entries.append({
            "insertId": f"{len(self.entries):08x}{instance[:8]}",
            "labels": {"instanceId": instance},
            "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2F{log}",
            "receiveTimestamp": at.replace("Z", "900Z"),
            "resource": {"type": "cloud_run_revision", "labels": {
                "configuration_name": SERVICE, "location": "us-central1", "project_id": PROJECT,
                "revision_name": REVISION, "service_name": SERVICE}},
            "severity": severity, "timestamp": at, **payload})

    def attempt(self, minute, number):
        """One attempt to start: half a second, and the platform's words behind it."""
        instance = f"0069c7a9{number:04x}" + "b" * 52

        def at(seconds):
            return f"2025-09-16T{minute}:{seconds}Z"

        self.add(at("57.901220"), instance, "stderr", "INFO",
                 textPayload="INFO:     Started server process [1]")
        for i in range(4):
            moment = at(f"58.40{i}099")
            self.add(moment, instance, "stderr", "ERROR", jsonPayload={"error": {
                "message": "Missing field", "severity": "ERROR", "timestamp": moment,
                "type": "str"}, "message": "Missing field"})
        self.add(at("58.410395"), instance, "stderr", "WARNING", jsonPayload={
            "message": "SERVICE_ID contained whitespace - sanitized from 'netra-backend\\n' to "
                       "'netra-backend'", "logger": "netra_backend.app.core.config"})
        self.add(at("58.538145"), instance, "stderr", "CRITICAL", jsonPayload={
            "message": "Core WebSocket components import failed: No module named 'auth_service'",
            "logger": "netra_backend.app.websocket_core"})
        self.add(at("58.538161"), instance, "stderr", "ERROR", textPayload=TRACE)
        self.add(at("58.538192"), instance, "stderr", "ERROR",
                 textPayload="ERROR:    Application startup failed. Exiting.")
        self.add(at("58.921400"), instance, "varlog%2Fsystem", "WARNING",
                 textPayload="Container called exit(3).")
        self.add(at("59.372192"), instance, "varlog%2Fsystem", "WARNING", textPayload=(
            'STARTUP TCP probe failed 1 time consecutively for container "backend-1" on port '
            "8888. The instance was not started."))

    def write(self, name):
        with open(name, "w") as f:
            json.dump(sorted(self.entries, key=lambda e: e["timestamp"], reverse=True), f, indent=2)


recent, earlier = Export(), Export()
for n, minute in enumerate(["05:06", "05:21", "05:31", "05:36"]):
    recent.attempt(minute, n)
for n, minute in enumerate(["02:10", "02:30"]):
    earlier.attempt(minute, 100 + n)
recent.write(sys.argv[1])
earlier.write(sys.argv[2])
