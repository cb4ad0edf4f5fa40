from apps.formulas.api.viewsets import FormulaViewSet

router_entries = [("formulas", FormulaViewSet, "formula")]
