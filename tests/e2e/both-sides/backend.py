"""A backend under uvicorn, or one of its kind, that fails in a way which takes both sides to name.

    backend.py NAME PORT
"""

import asyncio
import logging
import os
import ssl
import sys
import threading
import time
import urllib.request

logging.basicConfig(level=logging.INFO, stream=sys.stderr,
                    format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("backend")


def serve(app, **options):
    import uvicorn
    uvicorn.run(app, **{"host": "127.0.0.1", "port": PORT, **options})


def api():
    from fastapi import FastAPI
    app = FastAPI()
    app.get("/health")(lambda: {"status": "ok"})
    return app


def load_models():
    return {"chat": None}["embeddings"]


def crashed_worker():
    """Health says 503 because a part of the service died at its start."""
    from fastapi.responses import JSONResponse
    app = api()
    app.router.routes.clear()
    app.get("/health")(lambda: JSONResponse({"status": "unavailable"}, 503))
    threading.Thread(target=load_models).start()
    serve(app)


def pool():
    """The one connection is held; who signs in waits for it. The pool is SQLAlchemy's own."""
    import sqlalchemy
    from sqlalchemy.pool import QueuePool
    engine = sqlalchemy.create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.5,
        connect_args={"check_same_thread": False})
    held = engine.connect()
    app = api()

    @app.post("/auth/login")
    def login():
        for _ in range(20):
            try:
                engine.connect()
            except sqlalchemy.exc.TimeoutError:
                log.exception("no connection for the login, trying again")

    serve(app)
    held.close()


def migrating():
    """What alembic prints while it works, before the server is started."""
    alembic = logging.getLogger("alembic.runtime.migration")
    alembic.info("Context impl PostgresqlImpl.")
    alembic.info("Running upgrade 9c1a -> 4d5e, backfill orders")
    time.sleep(60)


def migrating_503():
    """The server answers, and says that it is not ready while it migrates."""
    from fastapi.responses import JSONResponse
    app = api()
    app.router.routes.clear()
    app.get("/health")(lambda: JSONResponse({"status": "starting"}, 503))
    app.on_event("startup")(lambda: log.info("applying migration 0042_add_password_hash"))
    serve(app)


def upstream_certificate():
    """The token service shows a certificate that has expired."""
    app = api()
    trust = ssl.create_default_context(cafile="cert.pem")
    trust.check_hostname = False

    @app.post("/auth/login")
    def login():
        return urllib.request.urlopen(f"https://127.0.0.1:{os.environ['UPSTREAM']}/token",
                                      timeout=3, context=trust).read()

    serve(app)


def own_certificate():
    """The backend's own certificate has expired."""
    serve(api(), ssl_certfile="cert.pem", ssl_keyfile="key.pem")


def websocket_library():
    """The server of the websockets package: without Upgrade it answers 426."""
    from websockets.legacy import server as legacy

    async def main():
        async def echo(connection):
            await connection.send(await connection.recv())

        async with legacy.serve(echo, "127.0.0.1", PORT):
            await asyncio.Future()

    asyncio.run(main())


def websocket_uvicorn():
    """uvicorn: without Upgrade it is a GET of a path that nobody routes."""
    from fastapi import WebSocket
    app = api()

    @app.websocket("/ws")
    async def chat(connection: WebSocket):
        await connection.accept()
        await connection.send_text("hello")

    serve(app)


def out_of_memory():
    log.info("loading the index")
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
    load_index()


def load_index():
    return bytearray(1 << 30)


def killed():
    log.info("starting 8 workers")
    time.sleep(0.3)
    os.kill(os.getpid(), 9)


def last_words():
    print("cannot open the ledger, giving up")
    sys.exit(4)


def silent():
    sys.exit(3)


def port_taken():
    """Somebody else has the port, and answers on it."""
    import http.server
    other = http.server.HTTPServer(("127.0.0.1", PORT), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    serve(api())


def entry_point():
    serve("no_such_module:app")


def attribute():
    serve("backend_without_app:app")


def agent():
    """The socket opens, and what is behind it is not there."""
    from fastapi import WebSocket
    app = api()

    @app.websocket("/ws")
    async def chat(connection: WebSocket):
        await connection.accept()
        await connection.receive_text()
        start_agent()

    serve(app)


def start_agent():
    raise RuntimeError("agent registry is not initialised")


def key_file():
    """The key is there and may not be read; as root one may, so the user is another."""
    os.close(os.open("secret.pem", os.O_CREAT | os.O_WRONLY, 0))
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    open("secret.pem").read()


def other_port():
    import http.server
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    print(f"Server listening on port {server.server_port}", flush=True)
    server.serve_forever()


PORT = int(sys.argv[2])
globals()[sys.argv[1]]()
