from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from apps.backtests.rules import drawdown, thin_indices


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=500), st.integers(10, 100))
def test_thinned_curve_keeps_ends_and_extremes(values, most):
    curve = np.array(values)
    keep = thin_indices(curve, most)
    assert len(keep) <= max(most, 2) or len(curve) <= most
    assert keep[0] == 0
    assert keep[-1] == len(curve) - 1
    assert curve[keep].max() == curve.max()
    assert curve[keep].min() == curve.min()


def test_drawdown_of_a_hand_computed_curve():
    np.testing.assert_allclose(drawdown(np.array([90.0, 110, 99, 120, 60]), 100.0), [-0.1, 0, -0.1, 0, -0.5])
