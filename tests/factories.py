"""Rows for tests, made as the product makes them where a service exists."""

from __future__ import annotations

import factory
import numpy as np
from allauth.account.models import EmailAddress
from django.test import Client

from apps.accounts.models import TotpDevice, User, Workspace
from apps.accounts.services import ensure_personal_workspace
from apps.accounts.services.second_factors.factors import factors_changed
from apps.accounts.totp import new_key
from apps.engine.bars import Bars
from apps.formulas.models import Formula
from apps.markets.models import Feed, Instrument
from apps.markets.services.feed_setting import create_feed, start_feed
from apps.markets.services.feeds import append_bars

CROSS = "long when crossover(ema(close, 9), ema(close, 21))\nexit long when crossunder(ema(close, 9), ema(close, 21))\n"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")
    password = factory.django.Password("correct-horse-battery")

    @factory.post_generation
    def verified(self: User, create: bool, extracted: object, **kwargs: object) -> None:
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class FormulaFactory(factory.django.DjangoModelFactory[Formula]):
    class Meta:
        model = Formula

    name = factory.Sequence(lambda n: f"Formula {n}")
    text = CROSS


def workspace_of(user: User, plan: str = "free") -> Workspace:
    """The user's personal workspace, put on a plan."""
    workspace = ensure_personal_workspace(user)
    if workspace.plan_code != plan:
        workspace.plan_code = plan
        workspace.save(update_fields=["plan_code"])
    return workspace


def with_second_factor(client: Client, user: User) -> Client:
    """The client's session as after showing a second factor: without one, staff do not see the admin."""
    device = TotpDevice.objects.create(user=user, name="Authenticator app", key=new_key(), confirmed=True)
    factors_changed(user, actor=user)
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session["second_factor"] = user.second_factors_at.isoformat()
    session.save()
    return client


def wave_csv(bars: int = 400) -> bytes:
    """Daily candles of a price that rises and falls, so that averages cross many times."""
    days = np.datetime64("2020-01-01") + np.arange(bars)
    close = 100 + 10 * np.sin(np.arange(bars) / 9.0) + np.arange(bars) * 0.01
    opens = np.concatenate([[100.0], close[:-1]])
    lines = ["date,open,high,low,close,volume"]
    for day, o, c in zip(days, opens, close, strict=True):
        lines.append(f"{day},{o:.6f},{max(o, c) + 1:.6f},{min(o, c) - 1:.6f},{c:.6f},1000")
    return "\n".join(lines).encode()


def feed_of_files(instrument: Instrument, *, actor: User) -> Feed:
    """A feed of the instrument's workspace that waits for files, with three bars."""
    feed = create_feed(
        instrument.workspace,
        provider="csv_drop",
        settings={"folder": "bars"},
        timeframe="1m",
        instrument=instrument,
        actor=actor,
    )
    start_feed(feed, actor=actor)
    times = 1_767_571_200_000 + np.arange(3, dtype=np.int64) * 60_000
    price = np.array([100.0, 101.0, 102.0])
    append_bars(feed.pk, Bars(times, price, price + 1, price - 1, price, price, timeframe_ms=60_000))
    return Feed.objects.get(pk=feed.pk)
