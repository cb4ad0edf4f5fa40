"""What other rooms ask the guides."""

from __future__ import annotations

from apps.guides.documents import Document, documents, helping
from apps.guides.search import Found, search_docs

__all__ = ["Found", "document_of", "guide_for", "search_docs"]


def document_of(slug: str) -> Document | None:
    return documents().get(slug)


def guide_for(view_name: str) -> Document | None:
    """The guide that helps on the page of this view name ("backtests:backtest-new")."""
    slug = helping().get(view_name)
    return documents()[slug] if slug else None
