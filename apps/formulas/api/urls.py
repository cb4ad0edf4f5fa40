from apps.formulas.api.language import LanguageViewSet
from apps.formulas.api.viewsets import FormulaViewSet

# the language first: "formulas/check/" must not be read as a formula's id
router_entries = [
    ("formulas", LanguageViewSet, "formula-language"),
    ("formulas", FormulaViewSet, "formula"),
]
