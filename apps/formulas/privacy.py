"""What the formulas hold about people and workspaces."""

from apps.core.privacy import holds

holds("formulas.Formula", "Formulas and their drafts", workspace="workspace_id")
holds(
    "formulas.FormulaVersion",
    "Published versions of formulas",
    workspace="formula__workspace_id",
    mentions=("published_by",),
)
holds("formulas.FormulaCase", "Tests of formulas", workspace="formula__workspace_id")
holds(
    "formulas.FormulaShare",
    "Formulas shared with people outside",
    workspace="formula__workspace_id",
    person="person_id",
    address="email",
    mentions=("shared_by",),
)
holds(
    "formulas.FormulaGrant",
    "What such people may do",
    workspace="content_object__workspace_id",
    person="user_id",
)
