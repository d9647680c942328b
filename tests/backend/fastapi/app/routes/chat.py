"""The path of the chat."""

from fastapi import APIRouter, WebSocket

from app.websocket_core import WebSocketManager

router = APIRouter()
manager = WebSocketManager()


@router.websocket("/ws")
async def chat(websocket: WebSocket):
    await manager.serve(websocket)
