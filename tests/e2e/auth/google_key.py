"""Writes the key file sa.json from the key that the server made, then becomes goldprobe."""

import json
import os
import sys

binary, url, kind = sys.argv[1:]
with open("rsa.pem") as f:
    key = f.read()
with open("sa.json", "w") as f:
    json.dump({"type": kind, "client_email": "smoke@project.iam", "private_key_id": "key-id",
               "private_key": key, "token_uri": url, "client_id": "id", "client_secret": "sec-ret",
               "refresh_token": "user-refresh-token"}, f)
os.execv(binary, [binary, "run", "scenario.yaml", "-r", "json=out.json"])
