"""Saving, renaming and deleting views of lists."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.errors import ViewRefused
from apps.accounts.models import SavedView, User, Workspace
from apps.journal.services import record

MOST_VIEWS = 30  # of one list, a person and a workspace


@transaction.atomic
def save_view(
    person: User, workspace: Workspace, *, page: str, name: str, query: str, is_default: bool = False
) -> SavedView:
    """A new view. Raises ViewRefused for a name that is taken, or one view too many."""
    mine = SavedView.objects.filter(person=person, workspace=workspace, page=page)
    User.objects.select_for_update().get(pk=person.pk)  # two at once are told apart
    if mine.count() >= MOST_VIEWS:
        raise ViewRefused(
            gettext("A list has at most {most_views} saved views. Delete one first.").format(
                most_views=MOST_VIEWS
            )
        )
    if mine.filter(name=name).exists():
        raise ViewRefused(
            gettext("You have a view named “{name}” here. Choose another name.").format(name=name)
        )
    if is_default:
        mine.update(is_default=False)
    view = SavedView.objects.create(
        person=person, workspace=workspace, page=page, name=name, query=query, is_default=is_default
    )
    _record(view, "saved")
    return view


@transaction.atomic
def change_view(view: SavedView, *, name: str, is_default: bool) -> SavedView:
    """Rename a view, make it the one its list opens with or take that back. Raises ViewRefused."""
    if is_default:
        others = SavedView.objects.filter(person=view.person, workspace=view.workspace, page=view.page)
        others.exclude(pk=view.pk).update(is_default=False)
    view.name, view.is_default = name, is_default
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "is_default", "updated_at"])
    except IntegrityError:
        raise ViewRefused(
            gettext("You have another view named “{name}” here. Choose another name.").format(name=name)
        ) from None
    _record(view, "changed")
    return view


@transaction.atomic
def delete_view(view: SavedView) -> None:
    _record(view, "deleted")
    view.delete()


def _record(view: SavedView, deed: str) -> None:
    record(
        actor=view.person,
        workspace=view.workspace,
        action=f"accounts.view.{deed}",
        target=view,
        changes={"page": [None, view.page], "name": [None, view.name]},
    )
