"""The formula language: text in, errors with their places or a runnable program out.

`check(text)` never raises on any text. `compile_formula(text, settings)` raises FormulaError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.analysis import Analysed, analyse
from apps.engine.lang.canonical import formula_hash, formula_json
from apps.engine.lang.cost import Cost, evaluation_bytes
from apps.engine.lang.errors import FormulaError, Problem
from apps.engine.lang.functions import FUNCTIONS, Function
from apps.engine.lang.parser import parse
from apps.engine.lang.settings import InputSpec, Setting
from apps.engine.lang.writer import write
from apps.engine.program import Evaluation, EvaluationError, Program, ProgramState, Signal, StepResult

__all__ = [
    "FUNCTIONS",
    "CheckResult",
    "Cost",
    "Evaluation",
    "EvaluationError",
    "FormulaError",
    "Function",
    "InputSpec",
    "Problem",
    "Program",
    "ProgramState",
    "Setting",
    "Signal",
    "StepResult",
    "check",
    "compile_formula",
    "evaluation_bytes",
    "format_text",
    "formula_hash",
    "formula_json",
    "parse",
]


@dataclass(frozen=True)
class CheckResult:
    """What there is to say about a text. `lookback`, `inputs`, `hash` and `cost` are None where it has errors."""

    ok: bool
    errors: list[Problem]
    warnings: list[Problem]
    lookback: int | None
    inputs: list[InputSpec] | None
    hash: str | None
    cost: Cost | None
    formula: tree.Formula

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ok": self.ok,
            "errors": [problem.as_dict() for problem in self.errors],
            "warnings": [problem.as_dict() for problem in self.warnings],
            "lookback": self.lookback,
            "inputs": None if self.inputs is None else [spec.as_dict() for spec in self.inputs],
            "hash": self.hash,
            "cost": None if self.cost is None else self.cost.as_dict(),
        }


def check(text: str, settings: Mapping[str, Any] | None = None) -> CheckResult:
    """All errors of `text` at once, sorted by place; where there are none, its look-back, inputs and hash."""
    parsed = parse(text)
    found = analyse(parsed, settings)
    ok = not found.problems
    return CheckResult(
        ok=ok,
        errors=found.problems,
        warnings=found.warnings,
        lookback=found.lookback if ok else None,
        inputs=found.inputs if ok else None,
        hash=formula_hash(parsed.formula) if ok else None,
        cost=found.cost if ok else None,
        formula=parsed.formula,
    )


def compile_formula(text: str, settings: Mapping[str, Any] | None = None) -> Program:
    """The program of `text` with `settings` (by name of input) filled in, defaults for the rest.

    Raises FormulaError with every error of the text and of the settings.
    """
    parsed = parse(text)
    found = analyse(parsed, settings, with_warnings=False)
    if found.problems:
        raise FormulaError(found.problems)
    return _program(found, formula_hash(parsed.formula))


def _program(found: Analysed, identity: str) -> Program:
    return Program(
        chart=found.chart,
        frames=found.frames,
        plan=found.plan,
        formula_hash=identity,
        inputs=dict(found.values),
        lookback=found.lookback,
    )


def format_text(text: str) -> str:
    """`text` in the one way formulas are laid out. Raises FormulaError where its syntax is wrong."""
    parsed = parse(text)
    if parsed.problems:
        raise FormulaError(parsed.problems)
    return write(parsed.formula)
