"""The formula language: text in, errors with their places or a runnable program out.

`check(text)` never raises on any text. `compile_formula(text, settings)` raises FormulaError.
"""
