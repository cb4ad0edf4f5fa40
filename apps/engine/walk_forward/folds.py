"""Folds laid over n bars: which bars each trains on, and which it is tested on. Exact bounds: docs/walk-forward.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.engine.said import listed, said
from apps.engine.walk_forward.spec import WalkForwardError, WalkForwardSpec

Span = tuple[int, int]  # bars first..one-past-last, counted from the first of all bars


@dataclass(frozen=True)
class Fold:
    """One fold. `train` is what training was laid out over; of it, the last `purge` bars and those in `embargoed`
    are left out. `test` begins where `train` ends."""

    number: int  # from 1
    train: Span
    test: Span
    purge: int
    embargoed: tuple[Span, ...]

    @property
    def used(self) -> tuple[Span, ...]:
        """The bars trained on, as spans in the order of time."""
        start, stop = self.train[0], max(self.train[0], self.train[1] - self.purge)
        spans = []
        for hole_start, hole_stop in self.embargoed:
            if start < hole_start:
                spans.append((start, hole_start))
            start = hole_stop
        return (*spans, (start, stop)) if start < stop else tuple(spans)

    @property
    def train_bars(self) -> int:
        """How many bars are trained on."""
        return sum(stop - start for start, stop in self.used)

    @property
    def test_bars(self) -> int:
        return self.test[1] - self.test[0]


def lay_folds(bars: int, spec: WalkForwardSpec, purge: int) -> list[Fold]:
    """The folds of `spec` over `bars` bars, whatever their lengths; empty where the lengths given do not fit."""
    train, test = _lengths(bars, spec)
    first_test = bars - spec.folds * test  # test spans follow one another and end with the last bar
    anchor = first_test - train
    if anchor < 0 or train < 1 or test < 1:
        return []
    folds: list[Fold] = []
    for number in range(spec.folds):
        start = first_test + number * test
        span = (anchor if spec.mode == "anchored" else start - train, start)
        holes = _embargoed((span[0], span[1] - purge), [fold.test[1] for fold in folds], spec.embargo_bars)
        folds.append(Fold(number + 1, span, (start, start + test), min(purge, span[1] - span[0]), holes))
    return folds


def check_folds(bars: int, spec: WalkForwardSpec, purge: int, warm_up: int) -> list[Fold]:
    """The folds of `spec`, none of which is too short; WalkForwardError, naming the first that is.

    Each needs `warm_up` + `min_train_bars` bars to train on, purged and embargoed bars not counted, and
    `min_test_bars` to be tested on.
    """
    folds = lay_folds(bars, spec, purge)
    problem = _problem(bars, spec, folds, warm_up)
    if not problem:
        return folds
    raise WalkForwardError(f"{problem}. {_way_out(bars, spec, purge, warm_up)}", field="folds")


def _lengths(bars: int, spec: WalkForwardSpec) -> tuple[int, int]:
    """Bars of a training span (of the first when anchored) and of a test span."""
    share = spec.share
    if share is not None:
        # bars = train + folds x test, and train / (train + test) = share; what is left over goes to the training
        test = int(bars * (1 - share) / (spec.folds * (1 - share) + share))
        return bars - spec.folds * test, test
    if spec.train_bars is None:
        test = spec.test_bars or 0
        return bars - spec.folds * test, test
    if spec.test_bars is None:
        return spec.train_bars, (bars - spec.train_bars) // spec.folds
    return spec.train_bars, spec.test_bars


def _embargoed(span: Span, ends: list[int], embargo: int) -> tuple[Span, ...]:
    """The parts of `span` that lie within `embargo` bars after an earlier test span's end, joined where they meet."""
    holes: list[Span] = []
    for end in ends if embargo else ():
        start, stop = max(end, span[0]), min(end + embargo, span[1])
        if start >= stop:
            continue
        if holes and start <= holes[-1][1]:
            holes[-1] = (holes[-1][0], max(stop, holes[-1][1]))
        else:
            holes.append((start, stop))
    return tuple(holes)


def _problem(bars: int, spec: WalkForwardSpec, folds: list[Fold], warm_up: int) -> str:
    """What is too short, or an empty text."""
    if not folds:
        train, test = _lengths(bars, spec)
        if train < 1 or test < 1:
            return said(
                "{folds} cannot be laid over {bars}",
                folds=_count(spec.folds, "fold"),
                bars=_count(bars, "bar"),
            )
        return said(
            "{folds} of {test} after {train} need {needed}, and there are {bars}",
            folds=_count(spec.folds, "fold"),
            test=_count(test, "test bar"),
            train=_count(train, "training bar"),
            needed=_count(train + spec.folds * test, "bar"),
            bars=f"{bars:,}",
        )
    needed = warm_up + spec.min_train_bars
    for fold in folds:
        if fold.train_bars < needed:
            held = sum(stop - start for start, stop in fold.embargoed)
            left_out = [said("{bars} purged", bars=f"{fold.purge:,}")] if fold.purge else []
            left_out += [said("{bars} under embargo", bars=f"{held:,}")] if held else []
            count = _count(fold.train_bars, "bar")
            if left_out:
                count = said(
                    "{bars} to train on ({all} less {left_out})",
                    bars=count,
                    all=_count(fold.train[1] - fold.train[0], "bar"),
                    left_out=listed(left_out),
                )
            else:
                count = said("{bars} to train on", bars=count)
            return said(
                "fold {number} has {bars}, and needs {needed}: {warm_up} of warm-up and at least {more} more",
                number=fold.number,
                bars=count,
                needed=f"{needed:,}",
                warm_up=f"{warm_up:,}",
                more=f"{spec.min_train_bars:,}",
            )
        if fold.test_bars < spec.min_test_bars:
            return said(
                "fold {number} has {bars}, and needs at least {least}",
                number=fold.number,
                bars=_count(fold.test_bars, "test bar"),
                least=f"{spec.min_test_bars:,}",
            )
    return ""


def _way_out(bars: int, spec: WalkForwardSpec, purge: int, warm_up: int) -> str:
    for count in range(spec.folds - 1, 0, -1):
        fewer = replace(spec, folds=count)
        if not _problem(bars, fewer, lay_folds(bars, fewer, purge), warm_up):
            return said("At most {folds} would fit.", folds=_count(count, "fold"))
    return said("Not even one fold would fit: use more bars, a shorter purge or shorter look-backs.")


_ONE = {
    "fold": said("{count} fold"),
    "bar": said("{count} bar"),
    "test bar": said("{count} test bar"),
    "training bar": said("{count} training bar"),
}
_SEVERAL = {
    "fold": said("{count} folds"),
    "bar": said("{count} bars"),
    "test bar": said("{count} test bars"),
    "training bar": said("{count} training bars"),
}


def _count(number: int, thing: str) -> str:
    return said(_ONE[thing] if number == 1 else _SEVERAL[thing], count=f"{number:,}")
