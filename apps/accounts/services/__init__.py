"""Writes of the accounts room, one file per subject; each leaves its journal entry in the same transaction."""

from apps.accounts.services.avatars import remove_avatar, set_avatar
from apps.accounts.services.invitations import send_invitation
from apps.accounts.services.keys import (
    change_api_key,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
    tell_of_expiring_keys,
)
from apps.accounts.services.logins import (
    bind_session,
    device_token,
    end_login,
    end_logins,
    forget_device,
    make_device_link,
    open_login,
    use_device_link,
    use_session,
)
from apps.accounts.services.mail import notice_entry, send_due_mail, send_security_mail
from apps.accounts.services.mail_requests import ask_for_mail, send_asked_mail, sends
from apps.accounts.services.members import change_role, remove_member
from apps.accounts.services.new_browser import ask_for_device_link, send_device_link
from apps.accounts.services.not_me import disown, read_not_me
from apps.accounts.services.people import (
    PREFERENCES,
    note_email_changed,
    note_password_changed,
    note_social_account,
    update_preferences,
    update_profile,
)
from apps.accounts.services.staff import (
    activate_user,
    end_expired_impersonations,
    end_impersonation,
    start_impersonation,
    suspend_user,
)
from apps.accounts.services.throttling import (
    Attempt,
    check_login_allowed,
    may_mail,
    note_login_failed,
    note_login_ok,
)
from apps.accounts.services.tokens import TokenPair, forget_spent_tokens, open_family, rotate
from apps.accounts.services.views import change_view, delete_view, save_view
from apps.accounts.services.workspaces import (
    change_workspace,
    close_workspace,
    create_team,
    ensure_personal_workspace,
    reopen_workspace,
    transfer_workspace,
)

__all__ = [
    "PREFERENCES",
    "Attempt",
    "TokenPair",
    "activate_user",
    "ask_for_device_link",
    "ask_for_mail",
    "bind_session",
    "change_api_key",
    "change_role",
    "change_view",
    "change_workspace",
    "check_login_allowed",
    "close_workspace",
    "create_api_key",
    "create_team",
    "delete_view",
    "device_token",
    "disown",
    "end_expired_impersonations",
    "end_impersonation",
    "end_login",
    "end_logins",
    "ensure_personal_workspace",
    "forget_device",
    "forget_spent_tokens",
    "make_device_link",
    "may_mail",
    "note_email_changed",
    "note_login_failed",
    "note_login_ok",
    "note_password_changed",
    "note_social_account",
    "notice_entry",
    "open_family",
    "open_login",
    "read_not_me",
    "remove_avatar",
    "remove_member",
    "reopen_workspace",
    "revoke_api_key",
    "rotate",
    "rotate_api_key",
    "save_view",
    "send_asked_mail",
    "send_device_link",
    "send_due_mail",
    "send_invitation",
    "send_security_mail",
    "sends",
    "set_avatar",
    "start_impersonation",
    "suspend_user",
    "tell_of_expiring_keys",
    "transfer_workspace",
    "update_preferences",
    "update_profile",
    "use_device_link",
    "use_session",
]
