"""Operators over whole arrays. Written by generate.py from the table of operators: change the table or the steps, then run it again."""

# ruff: noqa
# fmt: off
from collections.abc import Callable
from math import nan

import numpy as np
from numba import njit

from apps.engine.indicators.steps.arithmetic import (
    abs_step,
    add_step,
    and_step,
    ceil_step,
    choose_bool_step,
    choose_step,
    differ_step,
    div_step,
    eq_step,
    exp_step,
    floor_step,
    gate_step,
    ge_step,
    gt_step,
    is_na_step,
    le_step,
    log_step,
    lt_step,
    max_step,
    min_step,
    mod_step,
    mul_step,
    ne_step,
    neg_step,
    not_step,
    nz_step,
    or_step,
    percent_of_step,
    pow_step,
    ratio_step,
    roc_step,
    round_step,
    same_step,
    sign_step,
    sqrt_step,
    stoch_step,
    sub_step,
    williams_step,
)
from apps.engine.indicators.steps.averages import (
    alma_step,
    ema_step,
    kama_step,
    rma_step,
    sma_step,
    sum_step,
    vwap_step,
    wma_step,
)
from apps.engine.indicators.steps.events import (
    barssince_step,
    cross_step,
    crossover_step,
    crossunder_step,
    falling_step,
    fixnan_step,
    pivothigh_step,
    pivotlow_step,
    rising_step,
    valuewhen_step,
)
from apps.engine.indicators.steps.moments import (
    correlation_step,
    linreg_step,
    stdev_step,
    variance_step,
)
from apps.engine.indicators.steps.momentum import (
    cci_step,
    cmo_step,
    mfi_step,
    rsi_step,
)
from apps.engine.indicators.steps.ranks import (
    highest_step,
    lowest_step,
    median_step,
    percentrank_step,
)
from apps.engine.indicators.steps.spread import (
    atr_step,
    true_range_step,
)
from apps.engine.indicators.steps.trend import (
    dmi_step,
    sar_step,
    supertrend_step,
)
from apps.engine.indicators.steps.volume import (
    ad_step,
    adosc_step,
    cum_step,
    obv_step,
)



@njit(cache=True, nogil=True)
def add_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = add_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def sub_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = sub_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def mul_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = mul_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def div_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = div_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def mod_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = mod_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def max_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = max_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def min_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = min_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def pow_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = pow_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def nz_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = nz_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def gate_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = gate_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def ratio_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = ratio_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def percent_of_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = percent_of_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def roc_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = roc_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def neg_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = neg_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def abs_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = abs_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def sign_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = sign_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def floor_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = floor_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def ceil_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = ceil_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def sqrt_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = sqrt_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def log_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = log_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def exp_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = exp_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def lt_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = lt_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def le_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = le_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def gt_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = gt_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def ge_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = ge_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def eq_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = eq_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def ne_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = ne_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def and_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = and_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def or_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = or_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def same_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = same_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def differ_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    for i in range(np.uint64(size)):
        out0[i] = differ_step(x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def not_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = not_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def is_na_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = is_na_step(x0[i * sx0])


@njit(cache=True, nogil=True)
def stoch_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    for i in range(np.uint64(size)):
        out0[i] = stoch_step(x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def williams_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    for i in range(np.uint64(size)):
        out0[i] = williams_step(x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def choose_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    for i in range(np.uint64(size)):
        out0[i] = choose_step(x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def choose_bool_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    for i in range(np.uint64(size)):
        out0[i] = choose_bool_step(x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def round_kernel(size, x0, dx0, p0, out0):
    sx0 = np.uint64(dx0)
    for i in range(np.uint64(size)):
        out0[i] = round_step(x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def sma_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = sma_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def sum_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = sum_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def ema_kernel(size, x0, dx0, p0, p1, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = ema_step(state, x0[i * sx0], p0, p1)


@njit(cache=True, nogil=True)
def rma_kernel(size, x0, dx0, p0, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = rma_step(state, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def wma_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = wma_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def kama_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = kama_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def alma_kernel(size, x0, dx0, p0, p1, p2, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = alma_step(state, memory, 0, x0[i * sx0], p0, p1, p2)


@njit(cache=True, nogil=True)
def vwap_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    state = (nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = vwap_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def variance_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = variance_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def stdev_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = stdev_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def true_range_kernel(size, x0, dx0, x1, dx1, x2, dx2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    state = (nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = true_range_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2])


@njit(cache=True, nogil=True)
def atr_kernel(size, x0, dx0, x1, dx1, x2, dx2, p0, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    state = (0.0, nan, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = atr_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2], p0)


@njit(cache=True, nogil=True)
def highest_kernel(size, x0, dx0, p0, memory, out0, out1):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, result = highest_step(state, memory, 0, x0[i * sx0], p0)
        out0[i] = result[0]
        out1[i] = result[1]


@njit(cache=True, nogil=True)
def lowest_kernel(size, x0, dx0, p0, memory, out0, out1):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, result = lowest_step(state, memory, 0, x0[i * sx0], p0)
        out0[i] = result[0]
        out1[i] = result[1]


@njit(cache=True, nogil=True)
def median_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = median_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def percentrank_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = percentrank_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def linreg_kernel(size, x0, dx0, p0, memory, out0, out1):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, result = linreg_step(state, memory, 0, x0[i * sx0], p0)
        out0[i] = result[0]
        out1[i] = result[1]


@njit(cache=True, nogil=True)
def correlation_kernel(size, x0, dx0, x1, dx1, p0, memory, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = correlation_step(state, memory, 0, x0[i * sx0], x1[i * sx1], p0)


@njit(cache=True, nogil=True)
def rsi_kernel(size, x0, dx0, p0, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = rsi_step(state, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def cmo_kernel(size, x0, dx0, p0, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = cmo_step(state, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def cci_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = cci_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def mfi_kernel(size, x0, dx0, x1, dx1, p0, memory, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (0.0, 0.0, nan, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = mfi_step(state, memory, 0, x0[i * sx0], x1[i * sx1], p0)


@njit(cache=True, nogil=True)
def dmi_kernel(size, x0, dx0, x1, dx1, x2, dx2, p0, out0, out1, out2):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    state = (0.0, nan, nan, nan, 0.0, 0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, result = dmi_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2], p0)
        out0[i] = result[0]
        out1[i] = result[1]
        out2[i] = result[2]


@njit(cache=True, nogil=True)
def supertrend_kernel(size, x0, dx0, x1, dx1, x2, dx2, p0, out0, out1):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    state = (0.0, 0.0, nan, nan, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, result = supertrend_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2], p0)
        out0[i] = result[0]
        out1[i] = result[1]


@njit(cache=True, nogil=True)
def sar_kernel(size, x0, dx0, x1, dx1, p0, p1, p2, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (0.0, 0.0, 0.0, 0.0, nan, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = sar_step(state, x0[i * sx0], x1[i * sx1], p0, p1, p2)


@njit(cache=True, nogil=True)
def cum_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    state = (0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = cum_step(state, x0[i * sx0])


@njit(cache=True, nogil=True)
def obv_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (nan, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = obv_step(state, x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def ad_kernel(size, x0, dx0, x1, dx1, x2, dx2, x3, dx3, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    sx2 = np.uint64(dx2)
    sx3 = np.uint64(dx3)
    state = (0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = ad_step(state, x0[i * sx0], x1[i * sx1], x2[i * sx2], x3[i * sx3])


@njit(cache=True, nogil=True)
def adosc_kernel(size, x0, dx0, p0, p1, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = adosc_step(state, x0[i * sx0], p0, p1)


@njit(cache=True, nogil=True)
def crossover_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (nan, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = crossover_step(state, x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def crossunder_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (nan, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = crossunder_step(state, x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def cross_kernel(size, x0, dx0, x1, dx1, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (nan, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = cross_step(state, x0[i * sx0], x1[i * sx1])


@njit(cache=True, nogil=True)
def rising_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = rising_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def falling_kernel(size, x0, dx0, p0, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = falling_step(state, memory, 0, x0[i * sx0], p0)


@njit(cache=True, nogil=True)
def barssince_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    state = (nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = barssince_step(state, x0[i * sx0])


@njit(cache=True, nogil=True)
def valuewhen_kernel(size, x0, dx0, x1, dx1, p0, memory, out0):
    sx0 = np.uint64(dx0)
    sx1 = np.uint64(dx1)
    state = (0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = valuewhen_step(state, memory, 0, x0[i * sx0], x1[i * sx1], p0)


@njit(cache=True, nogil=True)
def fixnan_kernel(size, x0, dx0, out0):
    sx0 = np.uint64(dx0)
    state = (nan,)
    for i in range(np.uint64(size)):
        state, out0[i] = fixnan_step(state, x0[i * sx0])


@njit(cache=True, nogil=True)
def pivothigh_kernel(size, x0, dx0, p0, p1, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = pivothigh_step(state, memory, 0, x0[i * sx0], p0, p1)


@njit(cache=True, nogil=True)
def pivotlow_kernel(size, x0, dx0, p0, p1, memory, out0):
    sx0 = np.uint64(dx0)
    state = (0.0, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state, out0[i] = pivotlow_step(state, memory, 0, x0[i * sx0], p0, p1)


KERNELS: dict[str, Callable[..., None]] = {
    "add": add_kernel,
    "sub": sub_kernel,
    "mul": mul_kernel,
    "div": div_kernel,
    "mod": mod_kernel,
    "max": max_kernel,
    "min": min_kernel,
    "pow": pow_kernel,
    "nz": nz_kernel,
    "gate": gate_kernel,
    "ratio": ratio_kernel,
    "percent_of": percent_of_kernel,
    "roc": roc_kernel,
    "neg": neg_kernel,
    "abs": abs_kernel,
    "sign": sign_kernel,
    "floor": floor_kernel,
    "ceil": ceil_kernel,
    "sqrt": sqrt_kernel,
    "log": log_kernel,
    "exp": exp_kernel,
    "lt": lt_kernel,
    "le": le_kernel,
    "gt": gt_kernel,
    "ge": ge_kernel,
    "eq": eq_kernel,
    "ne": ne_kernel,
    "and": and_kernel,
    "or": or_kernel,
    "same": same_kernel,
    "differ": differ_kernel,
    "not": not_kernel,
    "is_na": is_na_kernel,
    "stoch": stoch_kernel,
    "williams": williams_kernel,
    "choose": choose_kernel,
    "choose_bool": choose_bool_kernel,
    "round": round_kernel,
    "sma": sma_kernel,
    "sum": sum_kernel,
    "ema": ema_kernel,
    "rma": rma_kernel,
    "wma": wma_kernel,
    "kama": kama_kernel,
    "alma": alma_kernel,
    "vwap": vwap_kernel,
    "variance": variance_kernel,
    "stdev": stdev_kernel,
    "true_range": true_range_kernel,
    "atr": atr_kernel,
    "highest": highest_kernel,
    "lowest": lowest_kernel,
    "median": median_kernel,
    "percentrank": percentrank_kernel,
    "linreg": linreg_kernel,
    "correlation": correlation_kernel,
    "rsi": rsi_kernel,
    "cmo": cmo_kernel,
    "cci": cci_kernel,
    "mfi": mfi_kernel,
    "dmi": dmi_kernel,
    "supertrend": supertrend_kernel,
    "sar": sar_kernel,
    "cum": cum_kernel,
    "obv": obv_kernel,
    "ad": ad_kernel,
    "adosc": adosc_kernel,
    "crossover": crossover_kernel,
    "crossunder": crossunder_kernel,
    "cross": cross_kernel,
    "rising": rising_kernel,
    "falling": falling_kernel,
    "barssince": barssince_kernel,
    "valuewhen": valuewhen_kernel,
    "fixnan": fixnan_kernel,
    "pivothigh": pivothigh_kernel,
    "pivotlow": pivotlow_kernel,
}
