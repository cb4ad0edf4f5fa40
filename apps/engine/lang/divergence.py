"""Which sub-expression of a formula remembers something else than its bars come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang.analysis import analyse
from apps.engine.lang.parser import parse
from apps.engine.lang.writer import write_expression
from apps.engine.program.graph import state_size
from apps.engine.program.program import Program, ProgramState

HEAD = 3  # version, bars seen, the last one's time


def first_difference(
    text: str, settings: Mapping[str, Any] | None, bars: Bars, state: ProgramState
) -> str | None:
    """The first expression, in the order of computing, whose memory in `state` differs from that after `bars`.

    None where all of it is the same, to the bit. The formula must be one that compiles.
    """
    parsed = parse(text)
    found = analyse(parsed, settings, with_warnings=False)
    program = Program(
        chart=found.chart, frames=found.frames, plan=found.plan, formula_hash="", inputs={}, lookback=0
    )
    expected = program.initial_state()
    for i in range(len(bars)):
        expected, _ = program.step(expected, bars.bar(i))
    if len(expected.memory) != len(state.memory):
        return "another formula"
    differs = ~((expected.memory == state.memory) | (np.isnan(expected.memory) & np.isnan(state.memory)))
    if not differs.any():
        return None
    at = int(np.argmax(differs))
    if at < HEAD:
        return "the bars it has seen"
    place = HEAD
    for name, (frame, graph) in found.frames.items():
        uses = sum(use.frame == name for use in found.chart.frame_uses)
        place += 9 + 2 * uses + sum(state_size(one) for one in graph.instructions)
        if at < place:
            return f'tf("{frame}", …)' if isinstance(frame, str) else f'tf("{name}", …)'
    for instruction in found.chart.instructions:
        place += state_size(instruction)
        if at < place:
            return _text_of(parsed.formula, found.meant, set(instruction.outputs)) or instruction.op
    return None


def _text_of(formula: Any, meant: Mapping[int, Any], refs: set[int]) -> str:
    """The shortest expression of the text whose value is one of `refs`."""
    texts = [
        write_expression(node)
        for node in _nodes(formula)
        if id(node) in meant and meant[id(node)].ref in refs and type(node).__name__ != "Name"
    ]
    return min(texts, key=len, default="")


def _nodes(value: Any) -> Iterator[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        for each in fields(value):
            yield from _nodes(getattr(value, each.name))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _nodes(each)
