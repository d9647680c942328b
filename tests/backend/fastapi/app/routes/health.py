"""Is it up, is it ready, and are its parts."""

import time

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app.core.config import settings
from app.db import database

router = APIRouter()
began = time.monotonic()


@router.get("/health")
def health():
    return {"status": "healthy", "version": "1.4.2"}


@router.get("/health/ready")
def ready():
    if time.monotonic() - began < settings.ready_after:
        return JSONResponse({"status": "starting"}, status_code=503)
    return {"status": "ready"}


@router.get("/health/database")
def health_database():
    return {"status": database.status()}


@router.get("/ws/health")
def health_websocket():
    """Answers 200 whatever it has to say: the trap for probes that look at the status alone."""
    if settings.websocket_unhealthy:
        return {"status": "unhealthy", "error": "no event loop for agents"}
    return {"status": "healthy"}
