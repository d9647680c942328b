"""Middleware. The WebSocket exclusion needs the WebSocket code, and that the auth service's."""


def setup_middleware(app):
    try:
        from app.middleware.websocket_exclusion import excluded
    except ImportError as e:
        raise RuntimeError("Failed to setup enhanced middleware with WebSocket exclusion") from e
    app.state.excluded = excluded
