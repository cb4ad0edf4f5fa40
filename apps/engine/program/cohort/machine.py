"""The machine of cohorts: operators for one bar and many bots. Written by apps.engine.generate from the table of operators: change the table or the steps, then run it again.

An instruction is a row of `code`: operator, place of its first slot in `state`, place of its windows' addresses in
`windows`, then the places of 3 constants in `params`, of 3 outputs and of 4 inputs
in `values`. A slot holds one number per bot. Truth is kept as 1.0 and 0.0.
"""

# ruff: noqa
# fmt: off
from numba import njit, uint64

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
    history_push_step,
    history_read_step,
    pivothigh_step,
    pivotlow_step,
    rising_step,
    valuewhen_step,
)
from apps.engine.indicators.steps.frames import (
    gather_step,
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
def run_cohort(code, params, own_params, values, own_values, windows, state, bots):
    """Run every instruction once for each of `bots`, 512 bots at a time. All whole numbers are uint64.

    In `params` and `values`, what lies before `own_params` and `own_values` is 512 numbers that serve every block
    of bots: what all bots share, and registers. What lies from there on is a number per bot.
    """
    for lo in range(uint64(0), bots, uint64(512)):
        count = min(uint64(512), bots - lo)
        for k in range(uint64(code.shape[0])):
            op = code[k, 0]
            s = code[k, 1] + lo
            w = code[k, 2] + lo
            p0 = code[k, 3]
            if p0 >= own_params:
                p0 += lo
            p1 = code[k, 4]
            if p1 >= own_params:
                p1 += lo
            p2 = code[k, 5]
            if p2 >= own_params:
                p2 += lo
            o0 = code[k, 6]
            if o0 >= own_values:
                o0 += lo
            o1 = code[k, 7]
            if o1 >= own_values:
                o1 += lo
            o2 = code[k, 8]
            if o2 >= own_values:
                o2 += lo
            x0 = code[k, 9]
            if x0 >= own_values:
                x0 += lo
            x1 = code[k, 10]
            if x1 >= own_values:
                x1 += lo
            x2 = code[k, 11]
            if x2 >= own_values:
                x2 += lo
            x3 = code[k, 12]
            if x3 >= own_values:
                x3 += lo
            if op == 79:
                for j in range(count):
                    values[o0 + j] = params[p0 + j]
            elif op == 80:
                for j in range(count):
                    values[o0 + j] = state[s + j]
            elif op == 0:
                for j in range(count):
                    values[o0 + j] = history_read_step(state[s + j], state, windows[w + j])
            elif op == 1:
                for j in range(count):
                    state[s + j] = history_push_step(
                        state[s + j], state, windows[w + j], values[x0 + j], int(params[p0 + j])
                    )
            elif op == 2:  # add
                for j in range(count):
                    result_add = add_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_add
            elif op == 3:  # sub
                for j in range(count):
                    result_sub = sub_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_sub
            elif op == 4:  # mul
                for j in range(count):
                    result_mul = mul_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_mul
            elif op == 5:  # div
                for j in range(count):
                    result_div = div_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_div
            elif op == 6:  # mod
                for j in range(count):
                    result_mod = mod_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_mod
            elif op == 7:  # max
                for j in range(count):
                    result_max = max_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_max
            elif op == 8:  # min
                for j in range(count):
                    result_min = min_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_min
            elif op == 9:  # pow
                for j in range(count):
                    result_pow = pow_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_pow
            elif op == 10:  # nz
                for j in range(count):
                    result_nz = nz_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_nz
            elif op == 11:  # gate
                for j in range(count):
                    result_gate = gate_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_gate
            elif op == 12:  # ratio
                for j in range(count):
                    result_ratio = ratio_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_ratio
            elif op == 13:  # percent_of
                for j in range(count):
                    result_percent_of = percent_of_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_percent_of
            elif op == 14:  # roc
                for j in range(count):
                    result_roc = roc_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = result_roc
            elif op == 15:  # neg
                for j in range(count):
                    result_neg = neg_step(values[x0 + j])
                    values[o0 + j] = result_neg
            elif op == 16:  # abs
                for j in range(count):
                    result_abs = abs_step(values[x0 + j])
                    values[o0 + j] = result_abs
            elif op == 17:  # sign
                for j in range(count):
                    result_sign = sign_step(values[x0 + j])
                    values[o0 + j] = result_sign
            elif op == 18:  # floor
                for j in range(count):
                    result_floor = floor_step(values[x0 + j])
                    values[o0 + j] = result_floor
            elif op == 19:  # ceil
                for j in range(count):
                    result_ceil = ceil_step(values[x0 + j])
                    values[o0 + j] = result_ceil
            elif op == 20:  # sqrt
                for j in range(count):
                    result_sqrt = sqrt_step(values[x0 + j])
                    values[o0 + j] = result_sqrt
            elif op == 21:  # log
                for j in range(count):
                    result_log = log_step(values[x0 + j])
                    values[o0 + j] = result_log
            elif op == 22:  # exp
                for j in range(count):
                    result_exp = exp_step(values[x0 + j])
                    values[o0 + j] = result_exp
            elif op == 23:  # lt
                for j in range(count):
                    result_lt = lt_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_lt else 0.0
            elif op == 24:  # le
                for j in range(count):
                    result_le = le_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_le else 0.0
            elif op == 25:  # gt
                for j in range(count):
                    result_gt = gt_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_gt else 0.0
            elif op == 26:  # ge
                for j in range(count):
                    result_ge = ge_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_ge else 0.0
            elif op == 27:  # eq
                for j in range(count):
                    result_eq = eq_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_eq else 0.0
            elif op == 28:  # ne
                for j in range(count):
                    result_ne = ne_step(values[x0 + j], values[x1 + j])
                    values[o0 + j] = 1.0 if result_ne else 0.0
            elif op == 29:  # and
                for j in range(count):
                    result_and = and_step(values[x0 + j] != 0.0, values[x1 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_and else 0.0
            elif op == 30:  # or
                for j in range(count):
                    result_or = or_step(values[x0 + j] != 0.0, values[x1 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_or else 0.0
            elif op == 31:  # same
                for j in range(count):
                    result_same = same_step(values[x0 + j] != 0.0, values[x1 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_same else 0.0
            elif op == 32:  # differ
                for j in range(count):
                    result_differ = differ_step(values[x0 + j] != 0.0, values[x1 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_differ else 0.0
            elif op == 33:  # not
                for j in range(count):
                    result_not = not_step(values[x0 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_not else 0.0
            elif op == 34:  # is_na
                for j in range(count):
                    result_is_na = is_na_step(values[x0 + j])
                    values[o0 + j] = 1.0 if result_is_na else 0.0
            elif op == 35:  # stoch
                for j in range(count):
                    result_stoch = stoch_step(values[x0 + j], values[x1 + j], values[x2 + j])
                    values[o0 + j] = result_stoch
            elif op == 36:  # williams
                for j in range(count):
                    result_williams = williams_step(values[x0 + j], values[x1 + j], values[x2 + j])
                    values[o0 + j] = result_williams
            elif op == 37:  # choose
                for j in range(count):
                    result_choose = choose_step(values[x0 + j] != 0.0, values[x1 + j], values[x2 + j])
                    values[o0 + j] = result_choose
            elif op == 38:  # choose_bool
                for j in range(count):
                    result_choose_bool = choose_bool_step(values[x0 + j] != 0.0, values[x1 + j] != 0.0, values[x2 + j] != 0.0)
                    values[o0 + j] = 1.0 if result_choose_bool else 0.0
            elif op == 39:  # round
                for j in range(count):
                    result_round = round_step(values[x0 + j], int(params[p0 + j]))
                    values[o0 + j] = result_round
            elif op == 40:  # sma
                for j in range(count):
                    state_sma, result_sma = sma_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_sma[0]
                    state[s + uint64(1) * bots + j] = state_sma[1]
                    state[s + uint64(2) * bots + j] = state_sma[2]
                    state[s + uint64(3) * bots + j] = state_sma[3]
                    state[s + uint64(4) * bots + j] = state_sma[4]
                    state[s + uint64(5) * bots + j] = state_sma[5]
                    values[o0 + j] = result_sma
            elif op == 41:  # sum
                for j in range(count):
                    state_sum, result_sum = sum_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_sum[0]
                    state[s + uint64(1) * bots + j] = state_sum[1]
                    state[s + uint64(2) * bots + j] = state_sum[2]
                    state[s + uint64(3) * bots + j] = state_sum[3]
                    state[s + uint64(4) * bots + j] = state_sum[4]
                    state[s + uint64(5) * bots + j] = state_sum[5]
                    values[o0 + j] = result_sum
            elif op == 42:  # ema
                for j in range(count):
                    state_ema, result_ema = ema_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), values[x0 + j], int(params[p0 + j]), int(params[p1 + j]))
                    state[s + j] = state_ema[0]
                    state[s + uint64(1) * bots + j] = state_ema[1]
                    state[s + uint64(2) * bots + j] = state_ema[2]
                    values[o0 + j] = result_ema
            elif op == 43:  # rma
                for j in range(count):
                    state_rma, result_rma = rma_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_rma[0]
                    state[s + uint64(1) * bots + j] = state_rma[1]
                    state[s + uint64(2) * bots + j] = state_rma[2]
                    values[o0 + j] = result_rma
            elif op == 44:  # wma
                for j in range(count):
                    state_wma, result_wma = wma_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_wma[0]
                    state[s + uint64(1) * bots + j] = state_wma[1]
                    state[s + uint64(2) * bots + j] = state_wma[2]
                    state[s + uint64(3) * bots + j] = state_wma[3]
                    state[s + uint64(4) * bots + j] = state_wma[4]
                    state[s + uint64(5) * bots + j] = state_wma[5]
                    values[o0 + j] = result_wma
            elif op == 45:  # kama
                for j in range(count):
                    state_kama, result_kama = kama_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_kama[0]
                    state[s + uint64(1) * bots + j] = state_kama[1]
                    state[s + uint64(2) * bots + j] = state_kama[2]
                    state[s + uint64(3) * bots + j] = state_kama[3]
                    values[o0 + j] = result_kama
            elif op == 46:  # alma
                for j in range(count):
                    state_alma, result_alma = alma_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]), params[p1 + j], params[p2 + j])
                    state[s + j] = state_alma[0]
                    state[s + uint64(1) * bots + j] = state_alma[1]
                    state[s + uint64(2) * bots + j] = state_alma[2]
                    values[o0 + j] = result_alma
            elif op == 47:  # vwap
                for j in range(count):
                    state_vwap, result_vwap = vwap_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), values[x0 + j], values[x1 + j], values[x2 + j])
                    state[s + j] = state_vwap[0]
                    state[s + uint64(1) * bots + j] = state_vwap[1]
                    state[s + uint64(2) * bots + j] = state_vwap[2]
                    values[o0 + j] = result_vwap
            elif op == 48:  # variance
                for j in range(count):
                    state_variance, result_variance = variance_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_variance[0]
                    state[s + uint64(1) * bots + j] = state_variance[1]
                    state[s + uint64(2) * bots + j] = state_variance[2]
                    state[s + uint64(3) * bots + j] = state_variance[3]
                    state[s + uint64(4) * bots + j] = state_variance[4]
                    state[s + uint64(5) * bots + j] = state_variance[5]
                    values[o0 + j] = result_variance
            elif op == 49:  # stdev
                for j in range(count):
                    state_stdev, result_stdev = stdev_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_stdev[0]
                    state[s + uint64(1) * bots + j] = state_stdev[1]
                    state[s + uint64(2) * bots + j] = state_stdev[2]
                    state[s + uint64(3) * bots + j] = state_stdev[3]
                    state[s + uint64(4) * bots + j] = state_stdev[4]
                    state[s + uint64(5) * bots + j] = state_stdev[5]
                    values[o0 + j] = result_stdev
            elif op == 50:  # true_range
                for j in range(count):
                    state_true_range, result_true_range = true_range_step((state[s + j],), values[x0 + j], values[x1 + j], values[x2 + j])
                    state[s + j] = state_true_range[0]
                    values[o0 + j] = result_true_range
            elif op == 51:  # atr
                for j in range(count):
                    state_atr, result_atr = atr_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), values[x0 + j], values[x1 + j], values[x2 + j], int(params[p0 + j]))
                    state[s + j] = state_atr[0]
                    state[s + uint64(1) * bots + j] = state_atr[1]
                    state[s + uint64(2) * bots + j] = state_atr[2]
                    values[o0 + j] = result_atr
            elif op == 52:  # highest
                for j in range(count):
                    state_highest, result_highest = highest_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_highest[0]
                    state[s + uint64(1) * bots + j] = state_highest[1]
                    state[s + uint64(2) * bots + j] = state_highest[2]
                    values[o0 + j] = result_highest[0]
                    values[o1 + j] = result_highest[1]
            elif op == 53:  # lowest
                for j in range(count):
                    state_lowest, result_lowest = lowest_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_lowest[0]
                    state[s + uint64(1) * bots + j] = state_lowest[1]
                    state[s + uint64(2) * bots + j] = state_lowest[2]
                    values[o0 + j] = result_lowest[0]
                    values[o1 + j] = result_lowest[1]
            elif op == 54:  # median
                for j in range(count):
                    state_median, result_median = median_step((state[s + j], state[s + uint64(1) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_median[0]
                    state[s + uint64(1) * bots + j] = state_median[1]
                    values[o0 + j] = result_median
            elif op == 55:  # percentrank
                for j in range(count):
                    state_percentrank, result_percentrank = percentrank_step((state[s + j], state[s + uint64(1) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_percentrank[0]
                    state[s + uint64(1) * bots + j] = state_percentrank[1]
                    values[o0 + j] = result_percentrank
            elif op == 56:  # linreg
                for j in range(count):
                    state_linreg, result_linreg = linreg_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j], state[s + uint64(6) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_linreg[0]
                    state[s + uint64(1) * bots + j] = state_linreg[1]
                    state[s + uint64(2) * bots + j] = state_linreg[2]
                    state[s + uint64(3) * bots + j] = state_linreg[3]
                    state[s + uint64(4) * bots + j] = state_linreg[4]
                    state[s + uint64(5) * bots + j] = state_linreg[5]
                    state[s + uint64(6) * bots + j] = state_linreg[6]
                    values[o0 + j] = result_linreg[0]
                    values[o1 + j] = result_linreg[1]
            elif op == 57:  # correlation
                for j in range(count):
                    state_correlation, result_correlation = correlation_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j], state[s + uint64(6) * bots + j], state[s + uint64(7) * bots + j], state[s + uint64(8) * bots + j], state[s + uint64(9) * bots + j], state[s + uint64(10) * bots + j],), state, windows[w + j], values[x0 + j], values[x1 + j], int(params[p0 + j]))
                    state[s + j] = state_correlation[0]
                    state[s + uint64(1) * bots + j] = state_correlation[1]
                    state[s + uint64(2) * bots + j] = state_correlation[2]
                    state[s + uint64(3) * bots + j] = state_correlation[3]
                    state[s + uint64(4) * bots + j] = state_correlation[4]
                    state[s + uint64(5) * bots + j] = state_correlation[5]
                    state[s + uint64(6) * bots + j] = state_correlation[6]
                    state[s + uint64(7) * bots + j] = state_correlation[7]
                    state[s + uint64(8) * bots + j] = state_correlation[8]
                    state[s + uint64(9) * bots + j] = state_correlation[9]
                    state[s + uint64(10) * bots + j] = state_correlation[10]
                    values[o0 + j] = result_correlation
            elif op == 58:  # rsi
                for j in range(count):
                    state_rsi, result_rsi = rsi_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j],), values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_rsi[0]
                    state[s + uint64(1) * bots + j] = state_rsi[1]
                    state[s + uint64(2) * bots + j] = state_rsi[2]
                    state[s + uint64(3) * bots + j] = state_rsi[3]
                    values[o0 + j] = result_rsi
            elif op == 59:  # cmo
                for j in range(count):
                    state_cmo, result_cmo = cmo_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j],), values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_cmo[0]
                    state[s + uint64(1) * bots + j] = state_cmo[1]
                    state[s + uint64(2) * bots + j] = state_cmo[2]
                    state[s + uint64(3) * bots + j] = state_cmo[3]
                    values[o0 + j] = result_cmo
            elif op == 60:  # cci
                for j in range(count):
                    state_cci, result_cci = cci_step((state[s + j], state[s + uint64(1) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_cci[0]
                    state[s + uint64(1) * bots + j] = state_cci[1]
                    values[o0 + j] = result_cci
            elif op == 61:  # mfi
                for j in range(count):
                    state_mfi, result_mfi = mfi_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j], state[s + uint64(6) * bots + j], state[s + uint64(7) * bots + j], state[s + uint64(8) * bots + j],), state, windows[w + j], values[x0 + j], values[x1 + j], int(params[p0 + j]))
                    state[s + j] = state_mfi[0]
                    state[s + uint64(1) * bots + j] = state_mfi[1]
                    state[s + uint64(2) * bots + j] = state_mfi[2]
                    state[s + uint64(3) * bots + j] = state_mfi[3]
                    state[s + uint64(4) * bots + j] = state_mfi[4]
                    state[s + uint64(5) * bots + j] = state_mfi[5]
                    state[s + uint64(6) * bots + j] = state_mfi[6]
                    state[s + uint64(7) * bots + j] = state_mfi[7]
                    state[s + uint64(8) * bots + j] = state_mfi[8]
                    values[o0 + j] = result_mfi
            elif op == 62:  # dmi
                for j in range(count):
                    state_dmi, result_dmi = dmi_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j], state[s + uint64(6) * bots + j], state[s + uint64(7) * bots + j],), values[x0 + j], values[x1 + j], values[x2 + j], int(params[p0 + j]))
                    state[s + j] = state_dmi[0]
                    state[s + uint64(1) * bots + j] = state_dmi[1]
                    state[s + uint64(2) * bots + j] = state_dmi[2]
                    state[s + uint64(3) * bots + j] = state_dmi[3]
                    state[s + uint64(4) * bots + j] = state_dmi[4]
                    state[s + uint64(5) * bots + j] = state_dmi[5]
                    state[s + uint64(6) * bots + j] = state_dmi[6]
                    state[s + uint64(7) * bots + j] = state_dmi[7]
                    values[o0 + j] = result_dmi[0]
                    values[o1 + j] = result_dmi[1]
                    values[o2 + j] = result_dmi[2]
            elif op == 63:  # supertrend
                for j in range(count):
                    state_supertrend, result_supertrend = supertrend_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), values[x0 + j], values[x1 + j], values[x2 + j], params[p0 + j])
                    state[s + j] = state_supertrend[0]
                    state[s + uint64(1) * bots + j] = state_supertrend[1]
                    state[s + uint64(2) * bots + j] = state_supertrend[2]
                    state[s + uint64(3) * bots + j] = state_supertrend[3]
                    state[s + uint64(4) * bots + j] = state_supertrend[4]
                    state[s + uint64(5) * bots + j] = state_supertrend[5]
                    values[o0 + j] = result_supertrend[0]
                    values[o1 + j] = result_supertrend[1]
            elif op == 64:  # sar
                for j in range(count):
                    state_sar, result_sar = sar_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j], state[s + uint64(4) * bots + j], state[s + uint64(5) * bots + j],), values[x0 + j], values[x1 + j], params[p0 + j], params[p1 + j], params[p2 + j])
                    state[s + j] = state_sar[0]
                    state[s + uint64(1) * bots + j] = state_sar[1]
                    state[s + uint64(2) * bots + j] = state_sar[2]
                    state[s + uint64(3) * bots + j] = state_sar[3]
                    state[s + uint64(4) * bots + j] = state_sar[4]
                    state[s + uint64(5) * bots + j] = state_sar[5]
                    values[o0 + j] = result_sar
            elif op == 65:  # cum
                for j in range(count):
                    state_cum, result_cum = cum_step((state[s + j],), values[x0 + j])
                    state[s + j] = state_cum[0]
                    values[o0 + j] = result_cum
            elif op == 66:  # obv
                for j in range(count):
                    state_obv, result_obv = obv_step((state[s + j], state[s + uint64(1) * bots + j],), values[x0 + j], values[x1 + j])
                    state[s + j] = state_obv[0]
                    state[s + uint64(1) * bots + j] = state_obv[1]
                    values[o0 + j] = result_obv
            elif op == 67:  # ad
                for j in range(count):
                    state_ad, result_ad = ad_step((state[s + j],), values[x0 + j], values[x1 + j], values[x2 + j], values[x3 + j])
                    state[s + j] = state_ad[0]
                    values[o0 + j] = result_ad
            elif op == 68:  # adosc
                for j in range(count):
                    state_adosc, result_adosc = adosc_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), values[x0 + j], int(params[p0 + j]), int(params[p1 + j]))
                    state[s + j] = state_adosc[0]
                    state[s + uint64(1) * bots + j] = state_adosc[1]
                    state[s + uint64(2) * bots + j] = state_adosc[2]
                    values[o0 + j] = result_adosc
            elif op == 69:  # crossover
                for j in range(count):
                    state_crossover, result_crossover = crossover_step((state[s + j], state[s + uint64(1) * bots + j],), values[x0 + j], values[x1 + j])
                    state[s + j] = state_crossover[0]
                    state[s + uint64(1) * bots + j] = state_crossover[1]
                    values[o0 + j] = 1.0 if result_crossover else 0.0
            elif op == 70:  # crossunder
                for j in range(count):
                    state_crossunder, result_crossunder = crossunder_step((state[s + j], state[s + uint64(1) * bots + j],), values[x0 + j], values[x1 + j])
                    state[s + j] = state_crossunder[0]
                    state[s + uint64(1) * bots + j] = state_crossunder[1]
                    values[o0 + j] = 1.0 if result_crossunder else 0.0
            elif op == 71:  # cross
                for j in range(count):
                    state_cross, result_cross = cross_step((state[s + j], state[s + uint64(1) * bots + j],), values[x0 + j], values[x1 + j])
                    state[s + j] = state_cross[0]
                    state[s + uint64(1) * bots + j] = state_cross[1]
                    values[o0 + j] = 1.0 if result_cross else 0.0
            elif op == 72:  # rising
                for j in range(count):
                    state_rising, result_rising = rising_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_rising[0]
                    state[s + uint64(1) * bots + j] = state_rising[1]
                    state[s + uint64(2) * bots + j] = state_rising[2]
                    state[s + uint64(3) * bots + j] = state_rising[3]
                    values[o0 + j] = 1.0 if result_rising else 0.0
            elif op == 73:  # falling
                for j in range(count):
                    state_falling, result_falling = falling_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j], state[s + uint64(3) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]))
                    state[s + j] = state_falling[0]
                    state[s + uint64(1) * bots + j] = state_falling[1]
                    state[s + uint64(2) * bots + j] = state_falling[2]
                    state[s + uint64(3) * bots + j] = state_falling[3]
                    values[o0 + j] = 1.0 if result_falling else 0.0
            elif op == 74:  # barssince
                for j in range(count):
                    state_barssince, result_barssince = barssince_step((state[s + j],), values[x0 + j] != 0.0)
                    state[s + j] = state_barssince[0]
                    values[o0 + j] = result_barssince
            elif op == 75:  # valuewhen
                for j in range(count):
                    state_valuewhen, result_valuewhen = valuewhen_step((state[s + j], state[s + uint64(1) * bots + j],), state, windows[w + j], values[x0 + j] != 0.0, values[x1 + j], int(params[p0 + j]))
                    state[s + j] = state_valuewhen[0]
                    state[s + uint64(1) * bots + j] = state_valuewhen[1]
                    values[o0 + j] = result_valuewhen
            elif op == 76:  # fixnan
                for j in range(count):
                    state_fixnan, result_fixnan = fixnan_step((state[s + j],), values[x0 + j])
                    state[s + j] = state_fixnan[0]
                    values[o0 + j] = result_fixnan
            elif op == 77:  # pivothigh
                for j in range(count):
                    state_pivothigh, result_pivothigh = pivothigh_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]), int(params[p1 + j]))
                    state[s + j] = state_pivothigh[0]
                    state[s + uint64(1) * bots + j] = state_pivothigh[1]
                    state[s + uint64(2) * bots + j] = state_pivothigh[2]
                    values[o0 + j] = result_pivothigh
            elif op == 78:  # pivotlow
                for j in range(count):
                    state_pivotlow, result_pivotlow = pivotlow_step((state[s + j], state[s + uint64(1) * bots + j], state[s + uint64(2) * bots + j],), state, windows[w + j], values[x0 + j], int(params[p0 + j]), int(params[p1 + j]))
                    state[s + j] = state_pivotlow[0]
                    state[s + uint64(1) * bots + j] = state_pivotlow[1]
                    state[s + uint64(2) * bots + j] = state_pivotlow[2]
                    values[o0 + j] = result_pivotlow


@njit(cache=True, nogil=True)
def run_watches(places, bits, first, late_watch, late_known, late, values, own_values, state, held, flags):
    """Which conditions hold: `held` uint8[watches, bots], and their bits in `flags` uint8[bots].

    A condition is silent until bar `first` (float64[watches, bots]), and for each row of `late` (float64[k, bots], na
    where it does not apply) until that many bars after the one that lies at `late_known` in the state. The state
    begins with the number of each bot's bar.
    """
    bots = flags.shape[0]
    number = state[:bots]
    flags[:] = 0
    for k in range(places.shape[0]):
        start, holds, bit = first[k], held[k], bits[k]
        if places[k] < own_values:
            holds[:] = 1 if values[places[k]] != 0.0 else 0
        else:
            condition = values[places[k] : places[k] + bots]
            for i in range(bots):
                holds[i] = condition[i] != 0.0
        for i in range(bots):
            holds[i] &= number[i] >= start[i]
        for row in range(late_watch.shape[0]):
            if late_watch[row] == k:
                bars = late[row]
                known = state[late_known[row] : late_known[row] + bots]
                for i in range(bots):
                    holds[i] &= bars[i] != bars[i] or number[i] >= known[i] + bars[i]
        for i in range(bots):
            flags[i] |= holds[i] * bit


@njit(cache=True, nogil=True)
def gather(state, at, bots, time, open_, high, low, close, volume):
    """One more bar into the higher bar that each bot gathers: seven slots from `at` on."""
    for i in range(at, at + bots):
        frame = gather_step(
            (
                state[i], state[i + bots], state[i + 2 * bots], state[i + 3 * bots],
                state[i + 4 * bots], state[i + 5 * bots], state[i + 6 * bots],
            ),
            time, open_, high, low, close, volume,
        )
        for j in range(7):
            state[i + j * bots] = frame[j]
