"""Sign-in, and what a token is good for."""

import logging

import jwt
from fastapi import APIRouter, Header, HTTPException
from pydantic import BaseModel

from app.core import auth_client, tokens
from app.core.config import settings
from app.db import database
from auth_service.auth_core.core.token_validator import TokenIssuer, TokenValidator

router = APIRouter()
log = logging.getLogger("app.routes.auth")
issuer = TokenIssuer(settings.algorithm, tokens.signing_key, tokens.KEY_ID,
                     settings.token_lifetime)
validator = TokenValidator(settings.algorithm, tokens.verifying_key)


class Credentials(BaseModel):
    email: str
    password: str


class Token(BaseModel):
    token: str


def bearer(authorization):
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    try:
        return validator.validate(token)
    except jwt.InvalidTokenError as e:
        log.warning("token refused: %s: %s", type(e).__name__, e)
        raise HTTPException(401, str(e), {"WWW-Authenticate": "Bearer"}) from None


@router.post("/auth/login")
def login(credentials: Credentials):
    wanted = database.password_of(credentials.email)
    if wanted is None or wanted != credentials.password:
        raise HTTPException(401, "wrong e-mail or password", {"WWW-Authenticate": "Bearer"})
    return {"access_token": issuer.issue(credentials.email), "token_type": "bearer",
            "expires_in": settings.token_lifetime}


@router.post("/auth/validate")
def validate(body: Token):
    """Answers 200 for a bad token too; the verdict is in the body."""
    try:
        return {"valid": True, "email": validator.validate(body.token)["sub"]}
    except jwt.InvalidTokenError as e:
        return {"valid": False, "error": str(e)}


@router.get("/.well-known/jwks.json")
def jwks():
    return tokens.jwks()


@router.get("/api/me")
def me(authorization: str = Header(default=None)):
    email = bearer(authorization)["sub"]
    return {"email": email, "plan": "free", **auth_client.usage(email)}
