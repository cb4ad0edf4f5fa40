"""The way to the provider and back. What comes back counts only with an ID token that is whole and meant for us."""

from __future__ import annotations

import hmac
from typing import Any

import jwt
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    nonce = ""

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Demand an ID token whose signature, issuer, audience, time and nonce are right (OpenID Connect Core 3.1.3.7),
        and that userinfo speaks of the same person (5.3.2). Raises OAuth2Error otherwise."""
        text = kwargs["response"].get("id_token")
        if not text:
            raise OAuth2Error("the provider sent no ID token")
        claims = self._verified(text, app)
        if not self.nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("the ID token answers another request (nonce)")
        person = self._fetch_user_info(token.token)
        if person.get("sub") != claims.get("sub"):
            raise OAuth2Error("userinfo speaks of somebody else than the ID token")
        return self.get_provider().sociallogin_from_response(
            request, {"userinfo": person, "id_token": claims}
        )

    def _verified(self, text: str, app: SocialApp) -> dict[str, Any]:
        """The claims of a whole ID token; the key may go without a name where the provider has only one."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
            kid = jwt.get_unverified_header(text).get("kid")
            fitting = [key for key in keys if kid is None or key.key_id == kid]
            if len(fitting) != 1:
                raise OAuth2Error(f"the provider has {len(fitting)} keys for the ID token's {kid!r}")
            claims: dict[str, Any] = jwt.decode(
                text,
                fitting[0].key,
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=60,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise OAuth2Error(f"the ID token is not whole: {error}") from error
        return claims


class CallbackView(OAuth2CallbackView):  # type: ignore[misc]
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _view(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _view(CallbackView, request, provider_id)


def _view(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        answer: HttpResponse = kind.adapter_view(Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
