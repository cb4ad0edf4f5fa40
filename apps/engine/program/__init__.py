"""Compiled formulas: the graph of operators, its evaluation over columns, and one bar at a time."""

from apps.engine.program.errors import EvaluationError
from apps.engine.program.program import Evaluation, Program, ProgramState, Signal, StepResult

__all__ = ["Evaluation", "EvaluationError", "Program", "ProgramState", "Signal", "StepResult"]
