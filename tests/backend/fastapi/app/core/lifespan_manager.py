"""What happens before the first request."""

import asyncio
import logging

from app.core import auth_client
from app.core.config import settings
from app.db import database

log = logging.getLogger("app.core.lifespan_manager")

NOISE = ("Missing field", "cache warm-up skipped: no snapshot", "metrics exporter not configured")


def sanitize_service_id():
    clean = settings.service_id.strip()
    if clean != settings.service_id:
        log.warning("SERVICE_ID contained whitespace - sanitized from %r to %r",
                    settings.service_id, clean)
        settings.service_id = clean


def make_noise():
    for line in NOISE * 4:
        log.error(line)


async def startup():
    sanitize_service_id()
    if settings.noisy:
        make_noise()
    auth_client.register()
    for attempt in range(1, settings.connect_attempts + 1):
        try:
            database.connect()
            break
        except Exception:
            if attempt == settings.connect_attempts:
                raise
            log.exception("database not reachable, attempt %d of %d", attempt,
                          settings.connect_attempts)
            await asyncio.sleep(0.5)
    log.info("%s is up", settings.service_id)
