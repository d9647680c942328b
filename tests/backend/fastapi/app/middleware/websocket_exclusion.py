"""Requests that belong to the WebSocket and not to the API."""

from app.websocket_core import WebSocketManager


def excluded(request):
    return request.url.path in WebSocketManager.paths
