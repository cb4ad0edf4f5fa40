"""Passkeys (WebAuthn): making one, and checking the answer of one."""

from __future__ import annotations

import ipaddress
import json
import struct
import time
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import gettext
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from apps.accounts.errors import PasskeyRefused
from apps.accounts.models import Passkey, User
from apps.accounts.services.second_factors.factors import factors_changed, lock_person
from apps.journal.services import record

MAKING, CHECKING = (
    "passkey.making",
    "passkey.checking",
)  # in the session: the challenge that waits for its answer
ANSWER_WITHIN_S = 300
MOST = 20
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error)


@dataclass(frozen=True)
class RelyingParty:
    """This site as browsers know it: passkeys are bound to `id`, answers must come from `origin`."""

    id: str
    origin: str

    @property
    def server(self) -> Fido2Server:
        entity = PublicKeyCredentialRpEntity(id=self.id, name="Candlewright")
        return Fido2Server(entity, verify_origin=lambda origin: origin == self.origin)


def relying_party(request: HttpRequest) -> RelyingParty | None:
    """None where browsers allow no passkeys: at an IP address, or without TLS anywhere but on localhost."""
    host = split_domain_port(request.get_host())[0]
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
        if request.is_secure() or local:
            return RelyingParty(host, f"{request.scheme}://{request.get_host()}")
    return None


def _party(request: HttpRequest) -> RelyingParty:
    party = relying_party(request)
    if party is None:
        raise PasskeyRefused(
            gettext("Passkeys need a host name and HTTPS (or http://localhost), not an IP address.")
        )
    return party


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY,
            id=AttestedCredentialData(bytes(passkey.credential)).credential_id,
            transports=[AuthenticatorTransport(word) for word in passkey.transports] or None,
        )
        for passkey in passkeys
    ]


def _keep(request: HttpRequest, name: str, state: dict[str, Any]) -> None:
    request.session[name] = {**state, "at": time.time()}


def _take(request: HttpRequest, name: str) -> dict[str, Any]:
    """The challenge that waits, which is then gone: an answer counts once."""
    state: dict[str, Any] = request.session.pop(name, None) or {}
    if time.time() - state.get("at", 0) > ANSWER_WITHIN_S:
        raise PasskeyRefused(gettext("The question to the passkey has expired. Try again."))
    return state


def begin_passkey(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the browser needs to make a passkey for this person, ready for JSON."""
    party = _party(request)
    have = list(Passkey.objects.filter(user=user, rp_id=party.id))
    options, state = party.server.register_begin(
        PublicKeyCredentialUserEntity(id=user.uuid.bytes, name=user.email, display_name=user.display_name),
        credentials=_descriptors(have),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    _keep(request, MAKING, state)
    return dict(options)


@transaction.atomic
def add_passkey(request: HttpRequest, user: User, *, name: str, answer: str) -> Passkey:
    """Keep the passkey that the browser has made. Raises PasskeyRefused."""
    party = _party(request)
    state = _take(request, MAKING)
    lock_person(user)
    if Passkey.objects.filter(user=user).count() >= MOST:
        raise PasskeyRefused(
            gettext("There are {most} passkeys already. Remove one first.").format(most=MOST)
        )
    try:
        response = json.loads(answer)
        made = party.server.register_complete(state, response)
        known = {transport.value for transport in AuthenticatorTransport}
        transports = [word for word in response["response"].get("transports") or [] if word in known]
    except MALFORMED as error:
        raise PasskeyRefused(
            gettext("The browser's answer does not fit ({error}). Try again.").format(error=error)
        ) from None
    credential = made.credential_data
    assert credential is not None
    try:
        with transaction.atomic():
            passkey = Passkey.objects.create(
                user=user,
                name=name,
                credential_id=websafe_encode(credential.credential_id),
                credential=bytes(credential),
                rp_id=party.id,
                sign_count=made.counter,
                transports=transports,
                is_synced=made.is_backed_up(),
            )
    except IntegrityError:
        raise PasskeyRefused(gettext("This passkey is registered already.")) from None
    record(
        actor=user,
        workspace=None,
        action="accounts.second_factor.added",
        target=passkey,
        subject=user,
        changes={"kind": "passkey", "name": name, "host": party.id},
    )
    factors_changed(user, actor=user)
    return passkey


def begin_passkey_check(request: HttpRequest, user: User | None) -> dict[str, Any]:
    """What the browser needs to show a passkey: one of this person's, or (None) any, which then names the person.

    Without a person it stands for the password too, so the authenticator must verify who holds it.
    """
    party = _party(request)
    mine = list(Passkey.objects.filter(user=user, rp_id=party.id)) if user else []
    if user and not mine:
        raise PasskeyRefused(gettext("There is no passkey for {id} yet.").format(id=party.id))
    verification = UserVerificationRequirement.PREFERRED if user else UserVerificationRequirement.REQUIRED
    options, state = party.server.authenticate_begin(
        _descriptors(mine) or None, user_verification=verification
    )
    _keep(request, CHECKING, {**state, "user": user.pk if user else None})
    return dict(options)


def check_passkey(request: HttpRequest, user: User | None, *, answer: str) -> Passkey:
    """The passkey that answered. Raises PasskeyRefused for any answer but a right and new one."""
    party = _party(request)
    state = _take(request, CHECKING)
    if state["user"] != (user.pk if user else None):
        raise PasskeyRefused(gettext("The question was asked of somebody else. Try again."))
    try:
        response = json.loads(answer)
        shown = AuthenticationResponse.from_dict(response)
        candidates = Passkey.objects.select_related("user").filter(
            credential_id=websafe_encode(shown.raw_id), rp_id=party.id, user__is_active=True
        )
        passkey = candidates.filter(user=user).first() if user else candidates.first()
        if passkey is None:
            raise ValueError("it is not known here")
        holder = shown.response.user_handle
        if holder is not None and bytes(holder) != passkey.user.uuid.bytes:
            raise ValueError("it belongs to somebody else")
        party.server.authenticate_complete(
            state, [AttestedCredentialData(bytes(passkey.credential))], response
        )
    except MALFORMED as error:
        raise PasskeyRefused(
            gettext("The passkey's answer does not fit: {error}.").format(error=error)
        ) from None
    _count(passkey, shown.response.authenticator_data.counter)
    return passkey


def _count(passkey: Passkey, counter: int) -> None:
    """An authenticator that counts must count up: one that does not has been copied."""
    newer = Q(sign_count__lt=counter) | (Q(sign_count=0) if counter == 0 else Q(pk=None))
    with transaction.atomic():
        if Passkey.objects.filter(newer, pk=passkey.pk).update(
            sign_count=counter, last_used_at=timezone.now()
        ):
            return
        record(
            actor=None,
            workspace=None,
            action="accounts.second_factor.copied",
            target=passkey.user,
            changes={"passkey": passkey.name, "counter": [passkey.sign_count, counter]},
        )
    raise PasskeyRefused(
        gettext("This passkey has been used elsewhere since: it may have been copied. Remove it.")
    )
