"""What the formulas hold about people and workspaces."""

from apps.core.privacy import holds
from apps.core.words import gettext_noop

holds("formulas.Formula", gettext_noop("Formulas and their drafts"), workspace="workspace_id")
holds(
    "formulas.FormulaVersion",
    gettext_noop("Published versions of formulas"),
    workspace="formula__workspace_id",
    mentions=("published_by",),
)
holds("formulas.FormulaCase", gettext_noop("Tests of formulas"), workspace="formula__workspace_id")
holds(
    "formulas.FormulaShare",
    gettext_noop("Formulas shared with people outside"),
    workspace="formula__workspace_id",
    person="person_id",
    address="email",
    mentions=("shared_by",),
)
holds(
    "formulas.FormulaGrant",
    gettext_noop("What such people may do"),
    workspace="content_object__workspace_id",
    person="user_id",
)
