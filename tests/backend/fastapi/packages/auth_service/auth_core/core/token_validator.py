"""Issues and validates access tokens. Lives outside the backend's own package, as a separate
service's code does; an image built without it cannot start."""

import time
import uuid

import jwt

AUDIENCE = "backend"
ISSUER = "auth-service"


class TokenIssuer:
    def __init__(self, algorithm, key, key_id, lifetime):
        self.algorithm, self.key, self.key_id, self.lifetime = algorithm, key, key_id, lifetime

    def issue(self, email):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": email, "iat": now,
                  "exp": now + self.lifetime, "jti": str(uuid.uuid4())}
        return jwt.encode(claims, self.key, algorithm=self.algorithm,
                          headers={"kid": self.key_id})


class TokenValidator:
    def __init__(self, algorithm, key):
        self.algorithm, self.key = algorithm, key

    def validate(self, token):
        return jwt.decode(token, self.key, algorithms=[self.algorithm], audience=AUDIENCE,
                          issuer=ISSUER)
