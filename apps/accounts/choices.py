"""Fixed words of the accounts room."""

from django.db.models import TextChoices


class WorkspaceKind(TextChoices):
    PERSONAL = "personal", "Personal"
    TEAM = "team", "Team"


class Role(TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    TRADER = "trader", "Trader"
    ANALYST = "analyst", "Analyst"
    VIEWER = "viewer", "Viewer"


# who may be invited, and what a member may be made; ownership is handed over instead
GRANTED_ROLES = [(role.value, role.label) for role in Role if role != Role.OWNER]


class LoginKind(TextChoices):
    BROWSER = "browser", "Browser"
    TOKEN = "token", "Program"


class EndReason(TextChoices):
    """Why a log-in ended."""

    SIGNED_OUT = "signed_out", "Signed out"
    REVOKED = "revoked", "Ended from another browser"
    PASSWORD = "password", "The password was changed"
    NOT_ME = "not_me", "Reported as somebody else's"
    SUSPENDED = "suspended", "The account was suspended"
    REUSED = "reused", "A used refresh token came again"


class Theme(TextChoices):
    SYSTEM = "system", "As the system"
    PAPER = "paper", "Light"
    INK = "ink", "Dark"


class Rising(TextChoices):
    GREEN = "green-up", "Teal"
    RED = "red-up", "Red"


class Locale(TextChoices):
    """A region's way to write dates and numbers; the language of the words is chosen apart from it."""

    NEUTRAL = "", "As usual in my language"
    EN_US = "en-US", "United States"
    EN_GB = "en-GB", "United Kingdom"
    DE_DE = "de-DE", "Germany"
    FR_FR = "fr-FR", "France"
    TR_TR = "tr-TR", "Türkiye"
    ID_ID = "id-ID", "Indonesia"
    HI_IN = "hi-IN", "India"
    JA_JP = "ja-JP", "Japan"
    ZH_CN = "zh-CN", "China"


class NumberForm(TextChoices):
    REGION = "", "As my region"
    SPACE = "space", "1 234.50"
    COMMA = "comma", "1,234.50"
    DOT = "dot", "1.234,50"
    SPACED = "spaced", "1 234,50"
    INDIAN = "indian", "12,34,567.50"


class DateForm(TextChoices):
    REGION = "", "As my region"
    ISO = "iso", "2026-12-31"
    DAY_DOT = "day_dot", "31.12.2026"
    DAY_SLASH = "day_slash", "31/12/2026"
    MONTH = "month", "12/31/2026"
    YEAR_SLASH = "year_slash", "2026/12/31"


class Fill(TextChoices):
    """The price new research fills orders at; backtests know the same two."""

    NEXT_OPEN = "next_open", "Next open"
    CLOSE = "close", "Same close"


class Currency(TextChoices):
    USD = "USD", "US dollar"
    EUR = "EUR", "Euro"
    GBP = "GBP", "Pound sterling"
    CHF = "CHF", "Swiss franc"
    JPY = "JPY", "Yen"
    CNY = "CNY", "Renminbi"
    IDR = "IDR", "Rupiah"
    SGD = "SGD", "Singapore dollar"
    AUD = "AUD", "Australian dollar"
    CAD = "CAD", "Canadian dollar"
    USDT = "USDT", "Tether"
    BTC = "BTC", "Bitcoin"


class MailKind(TextChoices):
    """What a person is told by mail; those of the last three can be switched off."""

    PASSWORD = "password", "The password was changed"
    EMAIL = "email", "The e-mail address was changed"
    FACTOR = "factor", "A second factor was added or removed"
    SUSPENDED = "suspended", "The account was suspended"
    REACTIVATED = "reactivated", "The account is open again"
    GUESSED = "guessed", "Somebody guesses the password"
    SOCIAL = "social", "Another way to sign in was added or removed"
    EXPORT = "export", "An export of your data is ready"
    ERASURE = "erasure", "The account is to be deleted, or stays after all"
    DEVICE = "device", "A sign-in with a new browser"
    KEY = "key", "An API key was made or ended"
    TOKEN = "token", "A used refresh token came again"
    WORKSPACE = "workspace", "A workspace was joined, left or handed over"


class ExportStatus(TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being made"
    DONE = "done", "Ready"
    FAILED = "failed", "Failed"
