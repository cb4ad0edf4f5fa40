"""What the accounts room and the libraries it builds on hold about people, and for how long."""

from django.contrib.admin.models import LogEntry
from django.db.models import Q

from apps.accounts.models import User
from apps.core.privacy import exempt, holds, on_erasure
from apps.core.retention import keep
from apps.core.words import gettext_noop

holds(
    "accounts.User",
    gettext_noop("Your profile"),
    person="pk",
    without=("password",),
    files=("avatar",),
    stays=gettext_noop(
        "An empty row without name, address or password stays, so that what others see of common work "
        "(and the journal) names a deleted person instead of nobody."
    ),
)
holds("accounts.Workspace", gettext_noop("Workspaces"), workspace="pk", mentions=("owner",))
holds(
    "accounts.Invitation",
    gettext_noop("Invitations to workspaces"),
    workspace="workspace_id",
    address="email",
    mentions=("invited_by", "accepted_by"),
    without=("token_hash",),
)
holds(
    "accounts.Membership",
    gettext_noop("Memberships of workspaces"),
    workspace="workspace_id",
    person="user_id",
)
holds(
    "accounts.ApiKey",
    gettext_noop("API keys, without the keys themselves"),
    workspace="workspace_id",
    person="user_id",
    without=("secret_hash",),
)
holds("accounts.Device", gettext_noop("Browsers you have used"), person="user_id", without=("token_hash",))
holds("accounts.Login", gettext_noop("Log-ins"), person="user_id", without=("session_key",))
holds(
    "accounts.LoginChallenge",
    gettext_noop("Log-ins of programs that wait for the second factor, for five minutes"),
    person="user_id",
    without=("token_hash",),
)
exempt("accounts.RefreshToken", "hashes of the tokens of a log-in, gone with it")
holds("accounts.DataExport", gettext_noop("Exports of your data"), person="user_id", files=("path",))
holds("accounts.Preferences", gettext_noop("Preferences"), person="user_id")
holds(
    "accounts.SavedView",
    gettext_noop("Views of lists you saved"),
    workspace="workspace_id",
    person="person_id",
)
holds(
    "accounts.Impersonation",
    gettext_noop("When staff looked at the product as you"),
    person="user_id",
    mentions=("staff",),
)
holds(
    "accounts.SecurityMail",
    gettext_noop("Mails about the safety of your account"),
    person="user_id",
    address="recipient",
)
holds("accounts.MailRequest", gettext_noop("Mails that are about to be sent to you"), address="recipient")
holds(
    "accounts.DeviceLink",
    gettext_noop("Links that were mailed to make a browser known"),
    person="user_id",
    without=("token_hash",),
)
holds("accounts.TotpDevice", gettext_noop("Your authenticator app, without its key"), person="user_id")
holds("accounts.Passkey", gettext_noop("Your passkeys"), person="user_id", without=("credential",))
holds("accounts.BackupCodes", gettext_noop("Your set of backup codes"), person="user_id")
holds(
    "accounts.BackupCode",
    gettext_noop("Backup codes, used or not"),
    person="codes__user_id",
    without=("code_hash",),
)
exempt("accounts.GuessBucket", "keyed hashes that name neither people nor addresses")
exempt("accounts.FileRemoval", "paths of files about to be deleted, for minutes")
exempt("accounts.RetentionRule", "settings of the installation")

holds("core.ApiRequest", gettext_noop("Requests to the API"), workspace="workspace_id", person="user_id")
exempt("core.IdempotentRequest", "encrypted answers to requests that may come twice, gone after a day")
holds("account.EmailAddress", gettext_noop("E-mail addresses"), person="user_id", address="email")
exempt("account.EmailConfirmation", "unused: links to confirm an address are signed, not stored")
holds("socialaccount.SocialAccount", gettext_noop("Accounts elsewhere that sign you in"), person="user_id")
exempt("socialaccount.SocialToken", "unused: tokens of other sites are not kept")
exempt("socialaccount.SocialApp", "unused: other sites are set up by the environment")
holds("admin.LogEntry", gettext_noop("What you did as staff in the admin"), person="user_id")
holds("accounts.User_groups", gettext_noop("Groups of staff you belong to"), person="user_id")
holds("accounts.User_user_permissions", gettext_noop("Rights you hold as staff"), person="user_id")
exempt(
    "sessions.Session",
    "signed data that names a person by number; those of a person are found by their log-ins and end with them",
)
holds("guardian.UserObjectPermission", gettext_noop("Rights you hold on single things"), person="user_id")
exempt("guardian.GroupObjectPermission", "unused: nothing is shared with groups")
exempt("auth.Permission", "names of rights")
exempt("auth.Group", "names of groups of staff")
exempt("auth.Group_permissions", "rights of groups of staff")
exempt("contenttypes.ContentType", "names of tables")
for clock in (
    "SolarSchedule",
    "IntervalSchedule",
    "ClockedSchedule",
    "CrontabSchedule",
    "PeriodicTasks",
    "PeriodicTask",
):
    exempt(f"django_celery_beat.{clock}", "when the installation's own jobs run")

keep(
    "core.api_requests",
    gettext_noop("The API's request log"),
    label="core.ApiRequest",
    moment="at",
    days=30,
    least=1,
    most=365,
)
keep(
    "core.answers",
    gettext_noop("Answers of the API to requests that may come twice"),
    label="core.IdempotentRequest",
    moment="created_at",
    days=1,
    least=1,
    most=7,
)
keep(
    "accounts.exports",
    gettext_noop("Finished exports"),
    label="accounts.DataExport",
    moment="expires_at",
    days=0,
    least=0,
    most=30,
    files=("path",),
)
keep(
    "accounts.logins",
    gettext_noop("Ended log-ins, with address and browser"),
    label="accounts.Login",
    moment="ended_at",
    days=180,
    least=30,
)
keep(
    "accounts.devices",
    gettext_noop("Browsers not seen for long"),
    label="accounts.Device",
    moment="last_seen_at",
    days=365,
    least=30,
)

keep(
    "accounts.mails",
    gettext_noop("Mails about the safety of accounts"),
    label="accounts.SecurityMail",
    moment="created_at",
    days=90,
    least=7,
)
keep(
    "accounts.mail_requests",
    gettext_noop("Mails that could not be sent"),
    label="accounts.MailRequest",
    moment="gave_up_at",
    days=30,
    least=1,
)
keep(
    "accounts.guesses",
    gettext_noop("Counts of wrong passwords"),
    label="accounts.GuessBucket",
    moment="failed_at",
    days=2,
    least=2,  # the longest of them count for a day
)
keep(
    "accounts.device_links",
    gettext_noop("Links that were mailed to make a browser known"),
    label="accounts.DeviceLink",
    moment="expires_at",
    days=7,
    least=1,
)


@on_erasure
def take_out_of_the_admins_history(person: int, addresses: frozenset[str]) -> None:
    """What other staff did to the person's row stays, without the address the admin wrote beside it."""
    about = Q(content_type__app_label="accounts", content_type__model="user", object_id=str(person))
    LogEntry.objects.filter(about).update(object_repr=User.PSEUDONYM, change_message="")
    for address in addresses:
        LogEntry.objects.filter(object_repr__icontains=address).update(object_repr=User.PSEUDONYM)
