"""A chat backend, complete enough to have the failures of a real one.

    uvicorn --app-dir tests/backend/fastapi app.main:app

with PYTHONPATH=tests/backend/fastapi/packages for its auth service; `serve` does both.
"""

from fastapi import FastAPI

from app.core import logs
from app.core.lifespan_manager import startup
from app.core.middleware_setup import setup_middleware

logs.setup()
app = FastAPI(title="chat backend")


@app.middleware("http")
async def remember_trace(request, call_next):
    parent = request.headers.get("traceparent", "").split("-")
    if len(parent) == 4 and not app.state.excluded(request):
        logs.trace.set(parent[1])
    return await call_next(request)


@app.on_event("startup")
async def on_startup():
    setup_middleware(app)
    from app.routes import auth, chat, health
    for module in (health, auth, chat):
        app.include_router(module.router)
    await startup()
