"""Everything about the chat's WebSocket."""

try:
    from app.websocket_core.websocket_manager import WebSocketManager
except ImportError as e:
    raise ImportError(f"CRITICAL: Core WebSocket components import failed: {e}") from e

__all__ = ["WebSocketManager"]
