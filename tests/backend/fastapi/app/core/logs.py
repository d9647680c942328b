"""The log: plain lines, or with LOG_FORMAT=json what Cloud Run reads as structured entries, with
the trace of the request that was served."""

import contextvars
import json
import logging
import os
import sys
import time
import traceback

trace = contextvars.ContextVar("trace", default="")


class JsonFormatter(logging.Formatter):
    def format(self, record):
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        entry = {"severity": record.levelname, "message": message,
                 "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") +
                 ".%03dZ" % record.msecs, "logger": record.name}
        if trace.get():
            entry["logging.googleapis.com/trace"] = (
                f"projects/netra-staging/traces/{trace.get()}")
        return json.dumps(entry)


def setup():
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("LOG_FORMAT") == "json":
        handler.setFormatter(JsonFormatter())
        handler.formatter.converter = time.gmtime
    else:
        handler.setFormatter(logging.Formatter(
            "%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn").propagate = False
    if os.environ.get("LOG_FORMAT") == "json":
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
            logging.getLogger(name).handlers[:] = []
            logging.getLogger(name).propagate = True
