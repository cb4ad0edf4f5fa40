"""How a program logs a person in and out. Everything here answers JSON and sets no cookie."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.choices import EndReason, LoginKind
from apps.accounts.confirm import confirm_login
from apps.accounts.models import Login
from apps.accounts.needs import IN_PERSON
from apps.accounts.selectors import current_login, open_logins
from apps.accounts.services import end_login, end_logins
from apps.accounts.services.recovery import (
    ask_for_confirmation,
    confirm_email,
    register,
    request_new_password,
    set_new_password,
)
from apps.accounts.services.sign_in import answer_challenge, sign_in
from apps.accounts.services.tokens import TokenPair, rotate
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import ApiView
from apps.core.request_context import TOKEN, came_via

REFRESH = "cwr_RJV4NziR4vfQoznrwaQlPwUD9zCVa3WpSPQxDlzhmEI0tAfmT"
CHALLENGE = "cwc_RJV4NziR4vfQoznrwaQlPwUD9zCVa3WpSPQxDlzhmEI1wK3pZ"
TOKENS = {
    "access": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjhkMWYwYTdjIn0.eyJzdWIiOiI…",
    "token_type": "Bearer",
    "expires_in": 600,
    "refresh": REFRESH,
    "refresh_expires_at": "2026-12-21T12:00:00Z",
}


class TokensSerializer(Serializer[Any]):
    access = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds the access token holds.")
    refresh = serializers.CharField(help_text="Good for one refresh.")
    refresh_expires_at = serializers.DateTimeField()


class RegisterSerializer(Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)


class LoginSerializer(Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    client_name = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="How the list of log-ins calls it.",
    )


class ChallengeSerializer(Serializer[Any]):
    challenge = serializers.CharField(max_length=100)
    code = serializers.CharField(max_length=40, help_text="Of the app, or a backup code.")


class RefreshSerializer(Serializer[Any]):
    refresh = serializers.CharField(max_length=100)


class EmailSerializer(Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class KeySerializer(Serializer[Any]):
    key = serializers.CharField(max_length=200, help_text="The last part of the mailed link.")


class NewPasswordSerializer(KeySerializer):
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class ConfirmSerializer(Serializer[Any]):
    password = serializers.CharField(
        max_length=128, required=False, default="", allow_blank=True, trim_whitespace=False
    )
    code = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="Where a second factor is set up.",
    )


class SessionSerializer(ModelSerializer[Login]):
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Login
        fields = ["uuid", "kind", "label", "ip", "created_at", "last_seen_at", "expires_at", "is_current"]
        read_only_fields = fields

    def get_is_current(self, login: Login) -> bool:
        return bool(login.pk == self.context["current"])


def _example(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


GIVEN = OpenApiExample("Tokens", value=TOKENS, response_only=True, status_codes=["200"])
CREDENTIALS = {"email": "ana@example.com", "password": "correct-horse-battery", "client_name": "notebook"}


class OpenView(ApiView):
    """For strangers. What is counted against guessing must outlive a refusal, so there is no transaction around."""

    authentication_classes: ClassVar[Any] = ()
    permission_classes: ClassVar[Any] = (AllowAny,)
    in_transaction = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        came_via(TOKEN)  # the way of programs, though this one holds none yet

    def read(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        asked = serializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return asked.validated_data  # type: ignore[no-any-return]

    @property
    def plain(self) -> Any:
        return self.request._request

    @staticmethod
    def tokens(pair: TokenPair) -> Response:
        body = {
            "access": pair.access,
            "token_type": "Bearer",
            "expires_in": pair.expires_in,
            "refresh": pair.refresh,
            "refresh_expires_at": pair.refresh_expires_at,
        }
        return Response(body, headers={"Cache-Control": "no-store"})


class RegisterView(OpenView):
    problems = {"post": (403,)}

    @extend_schema(
        request=RegisterSerializer,
        responses={202: None},
        examples=[
            _example("A new person", {"email": "ana@example.com", "password": "correct-horse-battery"})
        ],
    )
    def post(self, request: Request) -> Response:
        """Make an account. The answer is the same for an address that has one; its owner is told by mail."""
        register(self.plain, **self.read(RegisterSerializer))
        return Response(status=202)


class LoginView(OpenView):
    problems = {"post": (401, 403)}

    @extend_schema(
        request=LoginSerializer, responses=TokensSerializer, examples=[_example("Log in", CREDENTIALS), GIVEN]
    )
    def post(self, request: Request) -> Response:
        """Log in. With a second factor the answer is 401 `second_factor_required` and a `challenge` to be answered."""
        return self.tokens(sign_in(self.plain, **self.read(LoginSerializer)))


class MfaVerifyView(OpenView):
    problems = {"post": (401, 403)}

    @extend_schema(
        request=ChallengeSerializer,
        responses=TokensSerializer,
        examples=[_example("A code of the app", {"challenge": CHALLENGE, "code": "492039"}), GIVEN],
    )
    def post(self, request: Request) -> Response:
        """Answer the challenge of a log-in with a code of the second factor, or a backup code."""
        return self.tokens(answer_challenge(self.plain, **self.read(ChallengeSerializer)))


class RefreshView(OpenView):
    problems = {"post": (401,)}

    @extend_schema(
        request=RefreshSerializer,
        responses=TokensSerializer,
        examples=[_example("Refresh", {"refresh": REFRESH}), GIVEN],
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next one and an access token. One that was used before ends the log-in."""
        return self.tokens(rotate(self.plain, self.read(RefreshSerializer)["refresh"]))


class PasswordResetView(OpenView):
    @extend_schema(
        request=EmailSerializer,
        responses={202: None},
        examples=[_example("Ask", {"email": "ana@example.com"})],
    )
    def post(self, request: Request) -> Response:
        """Ask for a mail with a link for a new password. The answer is the same for every address."""
        request_new_password(**self.read(EmailSerializer))
        return Response(status=202)


class PasswordResetConfirmView(OpenView):
    problems = {"post": (422,)}

    @extend_schema(
        request=NewPasswordSerializer,
        responses={204: None},
        examples=[
            _example("The key of the link", {"key": "3-d0ab1c-5e6f", "password": "another-long-secret"})
        ],
    )
    def post(self, request: Request) -> Response:
        """Set a new password with the mailed key. Every log-in of the person ends."""
        set_new_password(self.plain, **self.read(NewPasswordSerializer))
        return Response(status=204)


class EmailVerifyView(OpenView):
    problems = {"post": (422,)}

    @extend_schema(
        request=KeySerializer,
        responses={204: None},
        examples=[_example("The key of the link", {"key": "MQ:1w:x"})],
    )
    def post(self, request: Request) -> Response:
        """Prove an address with the mailed key."""
        confirm_email(self.plain, **self.read(KeySerializer))
        return Response(status=204)


class EmailVerifyResendView(OpenView):
    @extend_schema(
        request=EmailSerializer,
        responses={202: None},
        examples=[_example("Ask", {"email": "ana@example.com"})],
    )
    def post(self, request: Request) -> Response:
        """Ask for the mail again. The answer is the same for every address."""
        ask_for_confirmation(**self.read(EmailSerializer))
        return Response(status=202)


class PersonView(ApiView):
    """About the person's own log-ins: for sessions and access tokens, never for API keys."""

    rights = {"*": IN_PERSON}
    in_transaction = False

    def here(self) -> Login | None:
        """The log-in this request comes from."""
        own = self.request.auth
        return own if isinstance(own, Login) else current_login(self.request._request)


class LogoutView(PersonView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the log-in this request comes from: its tokens, its session and its WebSockets."""
        login = self.here()
        if login:
            end_login(login, reason=EndReason.SIGNED_OUT, actor=request.user)  # type: ignore[arg-type]
        if login is None or login.kind == LoginKind.BROWSER:
            request._request.session.flush()
        return Response(status=204)


class ConfirmView(PersonView):
    problems = {"post": (400,)}

    @extend_schema(
        request=ConfirmSerializer,
        responses={204: None},
        examples=[_example("By password", {"password": "correct-horse-battery"})],
    )
    def post(self, request: Request) -> Response:
        """Prove once more who is there. For 15 minutes this log-in may then do what asks for it."""
        asked = ConfirmSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        confirm_login(request, **asked.validated_data)
        return Response(status=204)


class SessionsView(PersonView):
    @extend_schema(responses=SessionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The person's open log-ins, browsers and programs, last used first."""
        here = self.here()
        context = {"current": here.pk if here else None}
        return Response(SessionSerializer(open_logins(request.user)[:100], many=True, context=context).data)  # type: ignore[arg-type]

    @extend_schema(operation_id="v1_auth_sessions_destroy_others", responses={204: None})
    def delete(self, request: Request) -> Response:
        """End all log-ins but the one this request comes from."""
        here = self.here()
        end_logins(request.user, reason=EndReason.REVOKED, actor=request.user, but=here.pk if here else None)  # type: ignore[arg-type]
        return Response(status=204)


class SessionView(PersonView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """End one log-in at once."""
        login = open_logins(request.user).filter(uuid=uuid).first()  # type: ignore[arg-type]
        if login is None:
            raise Http404
        end_login(login, reason=EndReason.REVOKED, actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)
