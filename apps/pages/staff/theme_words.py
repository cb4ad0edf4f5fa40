"""Words of the admin's theme, which brings no catalogues of its own: marked for those of locale/."""

from apps.core.words import gettext_noop

WORDS = (
    gettext_noop("After you've created a user, you’ll be able to edit more user options."),
    gettext_noop("Click to cancel"),
    gettext_noop("False"),
    gettext_noop("Go back"),
    gettext_noop("Loading more results..."),
    gettext_noop("No data"),
    gettext_noop("No results matching your query"),
    gettext_noop("Search apps and models..."),
    gettext_noop("Select action"),
    gettext_noop("Select action to run"),
    gettext_noop("Select all rows"),
    gettext_noop("Select record"),
    gettext_noop("Select value"),
    gettext_noop("System"),
    gettext_noop("This item will be deleted."),
    gettext_noop("True"),
    gettext_noop("Type to search"),
)
