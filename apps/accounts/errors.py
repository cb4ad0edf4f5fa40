"""What a person may not do, in words."""

from django.utils.translation import gettext

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


class RightMissing(DomainError):
    """The role, or the API key's scopes, do not hold a right."""

    code = "right_missing"
    status = 403
    title = gettext_lazy("Not allowed")


class ConfirmationRequired(DomainError):
    """A dangerous action, and the last proof of who is there is too old."""

    code = "confirmation_required"
    status = 403
    title = gettext_lazy("Confirm that it is you")


class ConfirmationFailed(DomainError):
    """The password or code given as proof is not right."""

    code = "confirmation_failed"
    status = 400
    title = gettext_lazy("Not confirmed")


class SecondFactorRequired(DomainError):
    """The log-in, or the workspace, needs a second factor that was not shown."""

    code = "second_factor_required"
    status = 403
    title = gettext_lazy("A second factor is needed")


class SecondFactorMissing(SecondFactorRequired):
    """The workspace asks for a second factor and this person has none yet."""


class WrongCode(DomainError):
    code = "wrong_code"
    status = 400
    title = gettext_lazy("Not accepted")


class PasskeyRefused(DomainError):
    code = "passkey_refused"
    status = 400
    title = gettext_lazy("The passkey was not accepted")


class TooManyTries(DomainError):
    """Wrong passwords and codes are slowed down; `retry_after` says for how many seconds."""

    code = "too_many_attempts"
    status = 429
    title = gettext_lazy("Too many attempts")
    advice = ""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        wait = (
            gettext("{retry_after} seconds").format(retry_after=retry_after)
            if retry_after < 90
            else gettext("{value} minutes").format(value=round(retry_after / 60))
        )
        words = gettext("Too many wrong attempts. Try again in {wait}.").format(wait=wait)
        super().__init__(f"{words} {self.advice}".rstrip(), extra={"retry_after": retry_after})


class TooManyGuesses(TooManyTries):
    """The same for log-ins, which a person has two ways around."""

    advice = gettext_lazy(
        "A browser you signed in with before is not held up; we can mail you a link that makes this one known."
    )


class AvatarRefused(DomainError):
    code = "avatar_refused"
    status = 422
    title = gettext_lazy("The picture cannot be used")

    def __init__(self, message: str) -> None:
        super().__init__(message, field="avatar")


class SuspensionRefused(DomainError):
    code = "suspension_refused"
    status = 422
    title = gettext_lazy("The account's state cannot be changed")


class ImpersonationRefused(DomainError):
    code = "impersonation_refused"
    status = 422
    title = gettext_lazy("Nobody can be looked at like this")


class ExportNotReady(DomainError):
    """The file of an export is asked for before it is made, or after it is gone."""

    code = "export_not_ready"
    status = 409
    title = gettext_lazy("There is no file")


class ErasureBlocked(DomainError):
    """An account cannot be deleted while a team depends on it."""

    code = "owns_teams"
    status = 409
    title = gettext_lazy("Hand over your teams first")


class WrongDays(DomainError):
    """A time of keeping outside its bounds."""

    code = "wrong_days"
    status = 400
    title = gettext_lazy("Not that long")


class BadKey(DomainError):
    """What an API key shall be, or become, does not go."""

    code = "api_key_refused"
    status = 422
    title = gettext_lazy("The API key cannot be like this")


class RefreshRefused(DomainError):
    """A refresh token that gives no access; the program has to log in again."""

    code = "refresh_refused"
    status = 401
    title = gettext_lazy("Log in again")


class LoginRefused(DomainError):
    """Address and password do not belong together, or the account may not be entered."""

    code = "login_failed"
    status = 401
    title = gettext_lazy("Not logged in")


class ChallengeRefused(DomainError):
    """A challenge that was answered, ran out, or was answered wrongly too often."""

    code = "challenge_refused"
    status = 401
    title = gettext_lazy("Log in again")


class LinkRefused(DomainError):
    """A key out of a mail that does not work, or no longer."""

    code = "link_refused"
    status = 422
    title = gettext_lazy("The link no longer works")


class AddressNotAllowed(DomainError):
    """An API key used from outside its list of addresses."""

    code = "address_not_allowed"
    status = 403
    title = gettext_lazy("Not from here")


class WorkspaceRefused(DomainError):
    """What a workspace and its memberships do not allow, whoever asks."""

    code = "workspace_refused"
    status = 409
    title = gettext_lazy("The workspace does not allow this")


class InvitationRefused(DomainError):
    code = "invitation_refused"
    status = 409
    title = gettext_lazy("The invitation cannot be used")


class BadCredentials(DomainError):
    """A password or an address that will not do for an account."""

    code = "invalid"
    status = 400
    title = gettext_lazy("Some values are wrong")


class SignupClosed(DomainError):
    code = "signup_closed"
    status = 403
    title = gettext_lazy("No new accounts")


class ViewRefused(DomainError):
    code = "view_refused"
    status = 409
    title = gettext_lazy("The view cannot be saved")
