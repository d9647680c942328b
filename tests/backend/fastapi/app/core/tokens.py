"""The keys this process signs and verifies with."""

import base64

from cryptography.hazmat.primitives.asymmetric import rsa

from app.core.config import settings

KEY_ID = "fastapi-1"

if settings.algorithm == "RS256":
    signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    # Another secret for the verifier means, for RSA, the public key of another pair.
    same = settings.verify_secret == settings.jwt_secret
    verifying_key = (signing_key if same else rsa.generate_private_key(
        public_exponent=65537, key_size=2048)).public_key()
else:
    signing_key, verifying_key = settings.jwt_secret, settings.verify_secret


def _number(n):
    return base64.urlsafe_b64encode(n.to_bytes((n.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def jwks():
    if settings.algorithm != "RS256":
        return {"keys": []}
    numbers = signing_key.public_key().public_numbers()
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
                      "n": _number(numbers.n), "e": _number(numbers.e)}]}
