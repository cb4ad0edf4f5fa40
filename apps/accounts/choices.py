"""Fixed words of the accounts room."""

from django.db.models import TextChoices

from apps.core.words import gettext_lazy


class WorkspaceKind(TextChoices):
    PERSONAL = "personal", gettext_lazy("Personal")
    TEAM = "team", gettext_lazy("Team")


class Role(TextChoices):
    OWNER = "owner", gettext_lazy("Owner")
    ADMIN = "admin", gettext_lazy("Admin")
    TRADER = "trader", gettext_lazy("Trader")
    ANALYST = "analyst", gettext_lazy("Analyst")
    VIEWER = "viewer", gettext_lazy("Viewer")


# who may be invited, and what a member may be made; ownership is handed over instead
GRANTED_ROLES = [(role.value, role.label) for role in Role if role != Role.OWNER]


class LoginKind(TextChoices):
    BROWSER = "browser", gettext_lazy("Browser")
    TOKEN = "token", gettext_lazy("Program")


class EndReason(TextChoices):
    """Why a log-in ended."""

    SIGNED_OUT = "signed_out", gettext_lazy("Signed out")
    REVOKED = "revoked", gettext_lazy("Ended from another browser")
    PASSWORD = "password", gettext_lazy("The password was changed")
    NOT_ME = "not_me", gettext_lazy("Reported as somebody else's")
    SUSPENDED = "suspended", gettext_lazy("The account was suspended")
    REUSED = "reused", gettext_lazy("A used refresh token came again")


class Theme(TextChoices):
    SYSTEM = "system", gettext_lazy("As the system")
    PAPER = "paper", gettext_lazy("Light")
    INK = "ink", gettext_lazy("Dark")


class Rising(TextChoices):
    GREEN = "green-up", gettext_lazy("Teal")
    RED = "red-up", gettext_lazy("Red")


class Locale(TextChoices):
    """A region's way to write dates and numbers; the language of the words is chosen apart from it."""

    NEUTRAL = "", gettext_lazy("As usual in my language")
    EN_US = "en-US", gettext_lazy("United States")
    EN_GB = "en-GB", gettext_lazy("United Kingdom")
    DE_DE = "de-DE", gettext_lazy("Germany")
    FR_FR = "fr-FR", gettext_lazy("France")
    TR_TR = "tr-TR", gettext_lazy("Türkiye")
    ID_ID = "id-ID", gettext_lazy("Indonesia")
    HI_IN = "hi-IN", gettext_lazy("India")
    JA_JP = "ja-JP", gettext_lazy("Japan")
    ZH_CN = "zh-CN", gettext_lazy("China")


class NumberForm(TextChoices):
    REGION = "", gettext_lazy("As my region")
    SPACE = "space", "1 234.50"
    COMMA = "comma", "1,234.50"
    DOT = "dot", "1.234,50"
    SPACED = "spaced", "1 234,50"
    INDIAN = "indian", "12,34,567.50"


class DateForm(TextChoices):
    REGION = "", gettext_lazy("As my region")
    ISO = "iso", "2026-12-31"
    DAY_DOT = "day_dot", "31.12.2026"
    DAY_SLASH = "day_slash", "31/12/2026"
    MONTH = "month", "12/31/2026"
    YEAR_SLASH = "year_slash", "2026/12/31"


class Fill(TextChoices):
    """The price new research fills orders at; backtests know the same two."""

    NEXT_OPEN = "next_open", gettext_lazy("Next open")
    CLOSE = "close", gettext_lazy("Same close")


class Currency(TextChoices):
    USD = "USD", gettext_lazy("US dollar")
    EUR = "EUR", gettext_lazy("Euro")
    GBP = "GBP", gettext_lazy("Pound sterling")
    CHF = "CHF", gettext_lazy("Swiss franc")
    JPY = "JPY", gettext_lazy("Yen")
    CNY = "CNY", gettext_lazy("Renminbi")
    IDR = "IDR", gettext_lazy("Rupiah")
    SGD = "SGD", gettext_lazy("Singapore dollar")
    AUD = "AUD", gettext_lazy("Australian dollar")
    CAD = "CAD", gettext_lazy("Canadian dollar")
    USDT = "USDT", gettext_lazy("Tether")
    BTC = "BTC", gettext_lazy("Bitcoin")


class MailKind(TextChoices):
    """What a person is told by mail; those of the last three can be switched off."""

    PASSWORD = "password", gettext_lazy("The password was changed")
    EMAIL = "email", gettext_lazy("The e-mail address was changed")
    FACTOR = "factor", gettext_lazy("A second factor was added or removed")
    SUSPENDED = "suspended", gettext_lazy("The account was suspended")
    REACTIVATED = "reactivated", gettext_lazy("The account is open again")
    GUESSED = "guessed", gettext_lazy("Somebody guesses the password")
    SOCIAL = "social", gettext_lazy("Another way to sign in was added or removed")
    EXPORT = "export", gettext_lazy("An export of your data is ready")
    ERASURE = "erasure", gettext_lazy("The account is to be deleted, or stays after all")
    DEVICE = "device", gettext_lazy("A sign-in with a new browser")
    KEY = "key", gettext_lazy("An API key was made or ended")
    TOKEN = "token", gettext_lazy("A used refresh token came again")
    WORKSPACE = "workspace", gettext_lazy("A workspace was joined, left or handed over")


class ExportStatus(TextChoices):
    QUEUED = "queued", gettext_lazy("Waiting")
    RUNNING = "running", gettext_lazy("Being made")
    DONE = "done", gettext_lazy("Ready")
    FAILED = "failed", gettext_lazy("Failed")
