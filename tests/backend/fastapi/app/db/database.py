"""PostgreSQL, when DATABASE_URL says so; without it one user known from the environment."""

import socket
import urllib.parse

from app.core.config import settings

_connection = None


def connect():
    global _connection
    if not settings.database_url:
        return
    if settings.database_url.startswith("tcp://"):
        # Something that only has to be reachable.
        at = urllib.parse.urlsplit(settings.database_url)
        socket.create_connection((at.hostname, at.port), timeout=1).close()
        return
    import psycopg2
    _connection = psycopg2.connect(settings.database_url, connect_timeout=2)
    _connection.autocommit = True


def password_of(email):
    """The user's password, or None."""
    if _connection is None:
        return settings.password if email == settings.email else None
    with _connection.cursor() as cursor:
        cursor.execute("SELECT password FROM users WHERE email = %s", (email,))
        row = cursor.fetchone()
    return row[0] if row else None


def status():
    if _connection is None:
        return "connected"
    with _connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "connected"
