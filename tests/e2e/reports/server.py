from lib import web

web.serve(lambda r: (int(r.path[1:]) if r.path[1:].isdigit() else 200, {"x-app": "1"},
                     {"status": "ok", "path": r.path}))
