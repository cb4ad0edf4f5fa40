"""An OpenID provider on loopback that can be told to answer wrongly, each time in one way."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Provider:
    """`person` is who signs in; `fault` is what the next ID token gets wrong."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": "p-1",
            "email": "new@example.org",
            "email_verified": True,
            "name": "New Person",
        }
        self.fault = ""
        self.nonce = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    outer.nonce = query.get("nonce", "")
                    self.send_response(302)
                    back = urlencode({"code": "c", "state": query["state"]})
                    self.send_header("Location", f"{query['redirect_uri']}?{back}")
                    self.end_headers()
                else:
                    self.answer(outer.documents()[parts.path])

            def do_POST(self) -> None:
                self.answer({"access_token": "a", "token_type": "Bearer", "id_token": outer.id_token()})

            def answer(self, body: Any) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": [public | {"kid": "k", "alg": "RS256", "use": "sig"}]},
            "/userinfo": self.person | ({"sub": "somebody-else"} if self.fault == "person" else {}),
        }

    def id_token(self) -> str | None:
        if self.fault == "missing":
            return None
        now = int(time.time())
        claims = {
            "iss": self.url if self.fault != "issuer" else "https://evil.example",
            "aud": "candlewright" if self.fault != "audience" else "another-site",
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 300 if self.fault != "time" else now - 3600,
            "nonce": self.nonce if self.fault != "nonce" else "another",
        }
        return jwt.encode(
            claims, KEY if self.fault != "signature" else OTHER_KEY, "RS256", headers={"kid": "k"}
        )
