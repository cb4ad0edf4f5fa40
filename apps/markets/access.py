"""The one way from a workspace and an id to market data."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.markets.models import BarSet, Feed, Instrument
from apps.markets.selectors import visible_bar_sets, visible_feeds, visible_instruments


def get_instrument_for(workspace: Workspace, uuid: UUID | str) -> Instrument:
    instrument = visible_instruments(workspace).filter(uuid=uuid).first()
    if instrument is None:
        raise Http404(gettext("No such instrument."))
    return instrument


def get_bar_set_for(workspace: Workspace, uuid: UUID | str) -> BarSet:
    bar_set = visible_bar_sets(workspace).filter(uuid=uuid).first()
    if bar_set is None:
        raise Http404(gettext("No such bars."))
    return bar_set


def get_feed_for(workspace: Workspace, uuid: UUID | str) -> Feed:
    feed = visible_feeds(workspace).filter(uuid=uuid).first()
    if feed is None:
        raise Http404(gettext("No such feed."))
    return feed
