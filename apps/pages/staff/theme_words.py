"""Words of the admin's theme, which brings no catalogues of its own: marked for those of locale/."""

from apps.core.words import gettext_noop

WORDS = (
    gettext_noop("Add row"),
    gettext_noop("All applications"),
    gettext_noop("Apply Filters"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Expand row"),
    gettext_noop("Go back"),
    gettext_noop("Loading more results..."),
    gettext_noop("No data"),
    gettext_noop("No recent searches"),
    gettext_noop("No results found"),
    gettext_noop("No results matching your query"),
    gettext_noop("Recent searches"),
    gettext_noop("Reset filters"),
    gettext_noop("Return to site"),
    gettext_noop("Search apps and models..."),
    gettext_noop("Select all rows"),
    gettext_noop("This item will be deleted."),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
    gettext_noop("Type to search"),
)
