"""Settings, from the environment alone."""

import os


class Settings:
    def __init__(self):
        self.service_id = os.environ.get("SERVICE_ID", "chat-backend")
        self.email = os.environ.get("USER_EMAIL", "smoke@example.com")
        self.password = os.environ.get("USER_PASSWORD", "correct horse battery staple")
        self.algorithm = os.environ.get("JWT_ALG", "RS256")
        self.jwt_secret = os.environ["JWT_SECRET"]
        # The verifier's secret; a deployment that rotates one and not the other differs here.
        self.verify_secret = os.environ.get("JWT_VERIFY_SECRET", self.jwt_secret)
        self.token_lifetime = int(os.environ.get("TOKEN_LIFETIME", "900"))
        self.database_url = os.environ.get("DATABASE_URL")
        self.auth_service_url = os.environ.get("AUTH_SERVICE_URL")
        self.service_token = os.environ.get("SERVICE_TOKEN", "")
        self.usage_service_url = os.environ.get("USAGE_SERVICE_URL")
        self.allowed_origins = [o for o in os.environ.get("ALLOWED_ORIGINS", "").split(",") if o]
        self.ready_after = float(os.environ.get("READY_AFTER", "0"))
        self.noisy = os.environ.get("NOISY") == "1"
        self.websocket_unhealthy = os.environ.get("WEBSOCKET_UNHEALTHY") == "1"
        self.connect_attempts = int(os.environ.get("CONNECT_ATTEMPTS", "1"))


settings = Settings()
