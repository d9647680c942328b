"""Talks to the auth service over HTTP."""

import urllib.request

from app.core.config import settings


def register():
    """Tells the auth service that this backend is up."""
    if not settings.auth_service_url:
        return
    request = urllib.request.Request(
        settings.auth_service_url + "/internal/register", method="POST", data=b"{}",
        headers={"Authorization": f"Bearer {settings.service_token}"})
    urllib.request.urlopen(request, timeout=2).close()


def usage(email):
    """How much of the plan is used; empty without a usage service."""
    if not settings.usage_service_url:
        return {}
    with urllib.request.urlopen(f"{settings.usage_service_url}/usage?user={email}",
                                timeout=1.5) as answer:
        return {"usage": answer.read().decode()}
