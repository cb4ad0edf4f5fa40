"""Alert messages: JSON by the schema that the signals' intake reads, built as the script runs."""

from __future__ import annotations

import json
import re

from apps.engine.lang import tree
from apps.engine.lang.canonical import formula_hash
from apps.engine.pine.exporter.literals import quoted
from apps.engine.pine.exporter.orders import any_of
from apps.engine.pine.exporter.statements import Written
from apps.engine.pine.names import pine_name

_ACTIONS = {"long": "buy", "short": "sell", "exit_long": "exit", "exit_short": "exit", "exit": "exit"}
_MARKS = {
    "long": ("Long signal", "triangleup", "below", "green"),
    "short": ("Short signal", "triangledown", "above", "red"),
    "exit_long": ("Exit long signal", "xcross", "above", "gray"),
    "exit_short": ("Exit short signal", "xcross", "below", "gray"),
    "exit": ("Exit signal", "xcross", "above", "gray"),
    "alert": ("Alert", "circle", "above", "blue"),
}
_MAX_NAME = 80  # of the 200 characters an id may have


def message_lines(formula: tree.Formula, name: str) -> list[str]:
    """f_message(action, signal, text, number), which knows the formula's inputs."""
    inputs = [s for s in formula.statements if isinstance(s, tree.Input)]
    parameters = ' + "," + '.join(_parameter(node) for node in inputs)
    fields = [
        ("id", f'f_json({quoted(slug(name))} + "|" + syminfo.prefix + ":" + syminfo.ticker + "|" + timeframe.period'
         ' + "|" + str.tostring(time_close, "#") + "|" + message_signal)'),
        ("symbol", "f_json(syminfo.ticker)"),
        ("exchange", "f_json(syminfo.prefix)"),
        ("timeframe", "f_json(f_timeframe())"),
        ("action", "f_json(message_action)"),
        ("signal", "f_json(message_signal)"),
        ("price", "f_number(close)"),
        ("timestamp", "f_json(f_moment(time_close))"),
        ("bar_time", "f_json(f_moment(time))"),
        ("seq", 'str.tostring(message_number, "#")'),
        ("strategy", quoted(json.dumps(name, ensure_ascii=False))),
        ("formula", quoted(json.dumps(formula_hash(formula)))),
        ("parameters", '"{" + ' + (f"{parameters} + " if parameters else "") + '"}"'),
    ]  # fmt: skip
    lines = [
        "f_message(string message_action, string message_signal, string message_text, int message_number) =>",
        '    string message = "{\\"v\\":1"',
    ]
    lines += [f'    message := message + ",\\"{key}\\":" + {value}' for key, value in fields]
    lines += [
        '    message := message_text == "" ? message : message + ",\\"text\\":" + f_json(message_text)',
        '    message + "}"',
    ]
    return lines


def _parameter(node: tree.Input) -> str:
    own = pine_name(node.name)
    value = {"truth": f'({own} ? "true" : "false")', "text": f"f_json({own})"}.get(
        node.kind, f"f_number({own})"
    )
    return f'"\\"{node.name}\\":" + {value}'


def slug(name: str) -> str:
    """The name as a message's id bears it."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:_MAX_NAME] or "formula"


def alert_lines(written: Written, overlay: bool) -> list[str]:
    """The end of an indicator script: one message for each kind of signal on the bars on which it holds, and a mark."""
    lines = ["var int seq = 0"]
    for kind, action in _ACTIONS.items():
        if kind in written.conditions:
            lines += [f"bool says_{kind} = {any_of(written, kind)}"]
            lines += _alert(f"says_{kind}", f'f_message("{action}", "{kind}", "", seq)')
    lines += text_alert_lines(written)
    for kind, (title, shape, place, colour) in _MARKS.items():
        if kind in written.conditions:
            shown = any_of(written, kind) if kind == "alert" else f"says_{kind}"
            where = (
                {"below": "belowbar", "above": "abovebar"} if overlay else {"below": "bottom", "above": "top"}
            )
            lines.append(
                f'plotshape({shown}, "{title}", shape.{shape}, location.{where[place]}, color.{colour})'
            )
    return lines


def text_alert_lines(written: Written) -> list[str]:
    """A message for each alert of the formula, with its text."""
    lines = []
    conditions = written.conditions.get("alert", [])
    for i, (condition, text) in enumerate(zip(conditions, written.texts, strict=True), 1):
        lines += _alert(condition, f'f_message("info", "alert_{i}", {text}, seq)')
    return lines


def _alert(condition: str, message: str) -> list[str]:
    return [
        f"if {condition} and barstate.isconfirmed",
        "    seq += 1",
        f"    alert({message}, alert.freq_once_per_bar_close)",
    ]
