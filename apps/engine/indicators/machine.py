"""The machine: a formula's operators for one bar at a time. Written by generate.py from the table of operators: change the table or the steps, then run it again.

An instruction is a row of `code`: operator, first output register, place in `state`, place in `params`, and up to
4 input registers. Truth is kept as 1.0 and 0.0. `state` (float64) is all a formula remembers between bars.
"""

# ruff: noqa
# fmt: off
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
from apps.engine.indicators.steps.events import history_push_step, history_read_step


@njit(cache=True, nogil=True)
def run_bar(code, params, registers, state):
    """Run every instruction once; inputs are read from and outputs left in `registers`."""
    for k in range(code.shape[0]):
        op = code[k, 0]
        out = np.uint64(code[k, 1])
        s = np.uint64(code[k, 2])
        if op == 0:
            registers[out] = history_read_step(state[s], state, code[k, 2] + 1)
        elif op == 1:
            value = registers[np.uint64(code[k, 4])]
            state[s] = history_push_step(state[s], state, code[k, 2] + 1, value, int(params[np.uint64(code[k, 3])]))
        elif op == 2:  # add
            result_add = add_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_add
        elif op == 3:  # sub
            result_sub = sub_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_sub
        elif op == 4:  # mul
            result_mul = mul_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_mul
        elif op == 5:  # div
            result_div = div_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_div
        elif op == 6:  # mod
            result_mod = mod_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_mod
        elif op == 7:  # max
            result_max = max_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_max
        elif op == 8:  # min
            result_min = min_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_min
        elif op == 9:  # pow
            result_pow = pow_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_pow
        elif op == 10:  # nz
            result_nz = nz_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_nz
        elif op == 11:  # gate
            result_gate = gate_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_gate
        elif op == 12:  # ratio
            result_ratio = ratio_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_ratio
        elif op == 13:  # percent_of
            result_percent_of = percent_of_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_percent_of
        elif op == 14:  # roc
            result_roc = roc_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = result_roc
        elif op == 15:  # neg
            result_neg = neg_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_neg
        elif op == 16:  # abs
            result_abs = abs_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_abs
        elif op == 17:  # sign
            result_sign = sign_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_sign
        elif op == 18:  # floor
            result_floor = floor_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_floor
        elif op == 19:  # ceil
            result_ceil = ceil_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_ceil
        elif op == 20:  # sqrt
            result_sqrt = sqrt_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_sqrt
        elif op == 21:  # log
            result_log = log_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_log
        elif op == 22:  # exp
            result_exp = exp_step(registers[np.uint64(code[k, 4])])
            registers[out] = result_exp
        elif op == 23:  # lt
            result_lt = lt_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_lt else 0.0
        elif op == 24:  # le
            result_le = le_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_le else 0.0
        elif op == 25:  # gt
            result_gt = gt_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_gt else 0.0
        elif op == 26:  # ge
            result_ge = ge_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_ge else 0.0
        elif op == 27:  # eq
            result_eq = eq_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_eq else 0.0
        elif op == 28:  # ne
            result_ne = ne_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            registers[out] = 1.0 if result_ne else 0.0
        elif op == 29:  # and
            result_and = and_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])] != 0.0)
            registers[out] = 1.0 if result_and else 0.0
        elif op == 30:  # or
            result_or = or_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])] != 0.0)
            registers[out] = 1.0 if result_or else 0.0
        elif op == 31:  # same
            result_same = same_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])] != 0.0)
            registers[out] = 1.0 if result_same else 0.0
        elif op == 32:  # differ
            result_differ = differ_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])] != 0.0)
            registers[out] = 1.0 if result_differ else 0.0
        elif op == 33:  # not
            result_not = not_step(registers[np.uint64(code[k, 4])] != 0.0)
            registers[out] = 1.0 if result_not else 0.0
        elif op == 34:  # is_na
            result_is_na = is_na_step(registers[np.uint64(code[k, 4])])
            registers[out] = 1.0 if result_is_na else 0.0
        elif op == 35:  # stoch
            result_stoch = stoch_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])])
            registers[out] = result_stoch
        elif op == 36:  # williams
            result_williams = williams_step(registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])])
            registers[out] = result_williams
        elif op == 37:  # choose
            result_choose = choose_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])])
            registers[out] = result_choose
        elif op == 38:  # choose_bool
            result_choose_bool = choose_bool_step(registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])] != 0.0, registers[np.uint64(code[k, 6])] != 0.0)
            registers[out] = 1.0 if result_choose_bool else 0.0
        elif op == 39:  # round
            result_round = round_step(registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            registers[out] = result_round
        elif op == 40:  # sma
            state_sma, result_sma = sma_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), state, code[k, 2] + 6, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_sma[0]
            state[s + np.uint64(1)] = state_sma[1]
            state[s + np.uint64(2)] = state_sma[2]
            state[s + np.uint64(3)] = state_sma[3]
            state[s + np.uint64(4)] = state_sma[4]
            state[s + np.uint64(5)] = state_sma[5]
            registers[out] = result_sma
        elif op == 41:  # sum
            state_sum, result_sum = sum_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), state, code[k, 2] + 6, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_sum[0]
            state[s + np.uint64(1)] = state_sum[1]
            state[s + np.uint64(2)] = state_sum[2]
            state[s + np.uint64(3)] = state_sum[3]
            state[s + np.uint64(4)] = state_sum[4]
            state[s + np.uint64(5)] = state_sum[5]
            registers[out] = result_sum
        elif op == 42:  # ema
            state_ema, result_ema = ema_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]), int(params[np.uint64(code[k, 3]) + np.uint64(1)]))
            state[s] = state_ema[0]
            state[s + np.uint64(1)] = state_ema[1]
            state[s + np.uint64(2)] = state_ema[2]
            registers[out] = result_ema
        elif op == 43:  # rma
            state_rma, result_rma = rma_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_rma[0]
            state[s + np.uint64(1)] = state_rma[1]
            state[s + np.uint64(2)] = state_rma[2]
            registers[out] = result_rma
        elif op == 44:  # wma
            state_wma, result_wma = wma_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), state, code[k, 2] + 6, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_wma[0]
            state[s + np.uint64(1)] = state_wma[1]
            state[s + np.uint64(2)] = state_wma[2]
            state[s + np.uint64(3)] = state_wma[3]
            state[s + np.uint64(4)] = state_wma[4]
            state[s + np.uint64(5)] = state_wma[5]
            registers[out] = result_wma
        elif op == 45:  # kama
            state_kama, result_kama = kama_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)],), state, code[k, 2] + 4, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_kama[0]
            state[s + np.uint64(1)] = state_kama[1]
            state[s + np.uint64(2)] = state_kama[2]
            state[s + np.uint64(3)] = state_kama[3]
            registers[out] = result_kama
        elif op == 46:  # alma
            state_alma, result_alma = alma_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), state, code[k, 2] + 3, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]), params[np.uint64(code[k, 3]) + np.uint64(1)], params[np.uint64(code[k, 3]) + np.uint64(2)])
            state[s] = state_alma[0]
            state[s + np.uint64(1)] = state_alma[1]
            state[s + np.uint64(2)] = state_alma[2]
            registers[out] = result_alma
        elif op == 47:  # vwap
            state_vwap, result_vwap = vwap_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])])
            state[s] = state_vwap[0]
            state[s + np.uint64(1)] = state_vwap[1]
            state[s + np.uint64(2)] = state_vwap[2]
            registers[out] = result_vwap
        elif op == 48:  # variance
            state_variance, result_variance = variance_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), state, code[k, 2] + 6, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_variance[0]
            state[s + np.uint64(1)] = state_variance[1]
            state[s + np.uint64(2)] = state_variance[2]
            state[s + np.uint64(3)] = state_variance[3]
            state[s + np.uint64(4)] = state_variance[4]
            state[s + np.uint64(5)] = state_variance[5]
            registers[out] = result_variance
        elif op == 49:  # stdev
            state_stdev, result_stdev = stdev_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), state, code[k, 2] + 6, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_stdev[0]
            state[s + np.uint64(1)] = state_stdev[1]
            state[s + np.uint64(2)] = state_stdev[2]
            state[s + np.uint64(3)] = state_stdev[3]
            state[s + np.uint64(4)] = state_stdev[4]
            state[s + np.uint64(5)] = state_stdev[5]
            registers[out] = result_stdev
        elif op == 50:  # true_range
            state_true_range, result_true_range = true_range_step((state[s],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])])
            state[s] = state_true_range[0]
            registers[out] = result_true_range
        elif op == 51:  # atr
            state_atr, result_atr = atr_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_atr[0]
            state[s + np.uint64(1)] = state_atr[1]
            state[s + np.uint64(2)] = state_atr[2]
            registers[out] = result_atr
        elif op == 52:  # highest
            state_highest, result_highest = highest_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), state, code[k, 2] + 3, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_highest[0]
            state[s + np.uint64(1)] = state_highest[1]
            state[s + np.uint64(2)] = state_highest[2]
            registers[out] = result_highest[0]
            registers[out + np.uint64(1)] = result_highest[1]
        elif op == 53:  # lowest
            state_lowest, result_lowest = lowest_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), state, code[k, 2] + 3, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_lowest[0]
            state[s + np.uint64(1)] = state_lowest[1]
            state[s + np.uint64(2)] = state_lowest[2]
            registers[out] = result_lowest[0]
            registers[out + np.uint64(1)] = result_lowest[1]
        elif op == 54:  # median
            state_median, result_median = median_step((state[s], state[s + np.uint64(1)],), state, code[k, 2] + 2, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_median[0]
            state[s + np.uint64(1)] = state_median[1]
            registers[out] = result_median
        elif op == 55:  # percentrank
            state_percentrank, result_percentrank = percentrank_step((state[s], state[s + np.uint64(1)],), state, code[k, 2] + 2, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_percentrank[0]
            state[s + np.uint64(1)] = state_percentrank[1]
            registers[out] = result_percentrank
        elif op == 56:  # linreg
            state_linreg, result_linreg = linreg_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)], state[s + np.uint64(6)],), state, code[k, 2] + 7, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_linreg[0]
            state[s + np.uint64(1)] = state_linreg[1]
            state[s + np.uint64(2)] = state_linreg[2]
            state[s + np.uint64(3)] = state_linreg[3]
            state[s + np.uint64(4)] = state_linreg[4]
            state[s + np.uint64(5)] = state_linreg[5]
            state[s + np.uint64(6)] = state_linreg[6]
            registers[out] = result_linreg[0]
            registers[out + np.uint64(1)] = result_linreg[1]
        elif op == 57:  # correlation
            state_correlation, result_correlation = correlation_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)], state[s + np.uint64(6)], state[s + np.uint64(7)], state[s + np.uint64(8)], state[s + np.uint64(9)], state[s + np.uint64(10)],), state, code[k, 2] + 11, registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_correlation[0]
            state[s + np.uint64(1)] = state_correlation[1]
            state[s + np.uint64(2)] = state_correlation[2]
            state[s + np.uint64(3)] = state_correlation[3]
            state[s + np.uint64(4)] = state_correlation[4]
            state[s + np.uint64(5)] = state_correlation[5]
            state[s + np.uint64(6)] = state_correlation[6]
            state[s + np.uint64(7)] = state_correlation[7]
            state[s + np.uint64(8)] = state_correlation[8]
            state[s + np.uint64(9)] = state_correlation[9]
            state[s + np.uint64(10)] = state_correlation[10]
            registers[out] = result_correlation
        elif op == 58:  # rsi
            state_rsi, result_rsi = rsi_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)],), registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_rsi[0]
            state[s + np.uint64(1)] = state_rsi[1]
            state[s + np.uint64(2)] = state_rsi[2]
            state[s + np.uint64(3)] = state_rsi[3]
            registers[out] = result_rsi
        elif op == 59:  # cmo
            state_cmo, result_cmo = cmo_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)],), registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_cmo[0]
            state[s + np.uint64(1)] = state_cmo[1]
            state[s + np.uint64(2)] = state_cmo[2]
            state[s + np.uint64(3)] = state_cmo[3]
            registers[out] = result_cmo
        elif op == 60:  # cci
            state_cci, result_cci = cci_step((state[s], state[s + np.uint64(1)],), state, code[k, 2] + 2, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_cci[0]
            state[s + np.uint64(1)] = state_cci[1]
            registers[out] = result_cci
        elif op == 61:  # mfi
            state_mfi, result_mfi = mfi_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)], state[s + np.uint64(6)], state[s + np.uint64(7)], state[s + np.uint64(8)],), state, code[k, 2] + 9, registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_mfi[0]
            state[s + np.uint64(1)] = state_mfi[1]
            state[s + np.uint64(2)] = state_mfi[2]
            state[s + np.uint64(3)] = state_mfi[3]
            state[s + np.uint64(4)] = state_mfi[4]
            state[s + np.uint64(5)] = state_mfi[5]
            state[s + np.uint64(6)] = state_mfi[6]
            state[s + np.uint64(7)] = state_mfi[7]
            state[s + np.uint64(8)] = state_mfi[8]
            registers[out] = result_mfi
        elif op == 62:  # dmi
            state_dmi, result_dmi = dmi_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)], state[s + np.uint64(6)], state[s + np.uint64(7)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_dmi[0]
            state[s + np.uint64(1)] = state_dmi[1]
            state[s + np.uint64(2)] = state_dmi[2]
            state[s + np.uint64(3)] = state_dmi[3]
            state[s + np.uint64(4)] = state_dmi[4]
            state[s + np.uint64(5)] = state_dmi[5]
            state[s + np.uint64(6)] = state_dmi[6]
            state[s + np.uint64(7)] = state_dmi[7]
            registers[out] = result_dmi[0]
            registers[out + np.uint64(1)] = result_dmi[1]
            registers[out + np.uint64(2)] = result_dmi[2]
        elif op == 63:  # supertrend
            state_supertrend, result_supertrend = supertrend_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])], params[np.uint64(code[k, 3])])
            state[s] = state_supertrend[0]
            state[s + np.uint64(1)] = state_supertrend[1]
            state[s + np.uint64(2)] = state_supertrend[2]
            state[s + np.uint64(3)] = state_supertrend[3]
            state[s + np.uint64(4)] = state_supertrend[4]
            state[s + np.uint64(5)] = state_supertrend[5]
            registers[out] = result_supertrend[0]
            registers[out + np.uint64(1)] = result_supertrend[1]
        elif op == 64:  # sar
            state_sar, result_sar = sar_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)], state[s + np.uint64(4)], state[s + np.uint64(5)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], params[np.uint64(code[k, 3])], params[np.uint64(code[k, 3]) + np.uint64(1)], params[np.uint64(code[k, 3]) + np.uint64(2)])
            state[s] = state_sar[0]
            state[s + np.uint64(1)] = state_sar[1]
            state[s + np.uint64(2)] = state_sar[2]
            state[s + np.uint64(3)] = state_sar[3]
            state[s + np.uint64(4)] = state_sar[4]
            state[s + np.uint64(5)] = state_sar[5]
            registers[out] = result_sar
        elif op == 65:  # cum
            state_cum, result_cum = cum_step((state[s],), registers[np.uint64(code[k, 4])])
            state[s] = state_cum[0]
            registers[out] = result_cum
        elif op == 66:  # obv
            state_obv, result_obv = obv_step((state[s], state[s + np.uint64(1)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            state[s] = state_obv[0]
            state[s + np.uint64(1)] = state_obv[1]
            registers[out] = result_obv
        elif op == 67:  # ad
            state_ad, result_ad = ad_step((state[s],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])], registers[np.uint64(code[k, 6])], registers[np.uint64(code[k, 7])])
            state[s] = state_ad[0]
            registers[out] = result_ad
        elif op == 68:  # adosc
            state_adosc, result_adosc = adosc_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]), int(params[np.uint64(code[k, 3]) + np.uint64(1)]))
            state[s] = state_adosc[0]
            state[s + np.uint64(1)] = state_adosc[1]
            state[s + np.uint64(2)] = state_adosc[2]
            registers[out] = result_adosc
        elif op == 69:  # crossover
            state_crossover, result_crossover = crossover_step((state[s], state[s + np.uint64(1)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            state[s] = state_crossover[0]
            state[s + np.uint64(1)] = state_crossover[1]
            registers[out] = 1.0 if result_crossover else 0.0
        elif op == 70:  # crossunder
            state_crossunder, result_crossunder = crossunder_step((state[s], state[s + np.uint64(1)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            state[s] = state_crossunder[0]
            state[s + np.uint64(1)] = state_crossunder[1]
            registers[out] = 1.0 if result_crossunder else 0.0
        elif op == 71:  # cross
            state_cross, result_cross = cross_step((state[s], state[s + np.uint64(1)],), registers[np.uint64(code[k, 4])], registers[np.uint64(code[k, 5])])
            state[s] = state_cross[0]
            state[s + np.uint64(1)] = state_cross[1]
            registers[out] = 1.0 if result_cross else 0.0
        elif op == 72:  # rising
            state_rising, result_rising = rising_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)],), state, code[k, 2] + 4, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_rising[0]
            state[s + np.uint64(1)] = state_rising[1]
            state[s + np.uint64(2)] = state_rising[2]
            state[s + np.uint64(3)] = state_rising[3]
            registers[out] = 1.0 if result_rising else 0.0
        elif op == 73:  # falling
            state_falling, result_falling = falling_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)], state[s + np.uint64(3)],), state, code[k, 2] + 4, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_falling[0]
            state[s + np.uint64(1)] = state_falling[1]
            state[s + np.uint64(2)] = state_falling[2]
            state[s + np.uint64(3)] = state_falling[3]
            registers[out] = 1.0 if result_falling else 0.0
        elif op == 74:  # barssince
            state_barssince, result_barssince = barssince_step((state[s],), registers[np.uint64(code[k, 4])] != 0.0)
            state[s] = state_barssince[0]
            registers[out] = result_barssince
        elif op == 75:  # valuewhen
            state_valuewhen, result_valuewhen = valuewhen_step((state[s], state[s + np.uint64(1)],), state, code[k, 2] + 2, registers[np.uint64(code[k, 4])] != 0.0, registers[np.uint64(code[k, 5])], int(params[np.uint64(code[k, 3])]))
            state[s] = state_valuewhen[0]
            state[s + np.uint64(1)] = state_valuewhen[1]
            registers[out] = result_valuewhen
        elif op == 76:  # fixnan
            state_fixnan, result_fixnan = fixnan_step((state[s],), registers[np.uint64(code[k, 4])])
            state[s] = state_fixnan[0]
            registers[out] = result_fixnan
        elif op == 77:  # pivothigh
            state_pivothigh, result_pivothigh = pivothigh_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), state, code[k, 2] + 3, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]), int(params[np.uint64(code[k, 3]) + np.uint64(1)]))
            state[s] = state_pivothigh[0]
            state[s + np.uint64(1)] = state_pivothigh[1]
            state[s + np.uint64(2)] = state_pivothigh[2]
            registers[out] = result_pivothigh
        elif op == 78:  # pivotlow
            state_pivotlow, result_pivotlow = pivotlow_step((state[s], state[s + np.uint64(1)], state[s + np.uint64(2)],), state, code[k, 2] + 3, registers[np.uint64(code[k, 4])], int(params[np.uint64(code[k, 3])]), int(params[np.uint64(code[k, 3]) + np.uint64(1)]))
            state[s] = state_pivotlow[0]
            state[s + np.uint64(1)] = state_pivotlow[1]
            state[s + np.uint64(2)] = state_pivotlow[2]
            registers[out] = result_pivotlow


@njit(cache=True, nogil=True)
def run_bars(code, params, registers, state, inputs, input_at, outputs, output_at):
    """`run_bar` over columns: `inputs` float64[k, n] go to the registers `input_at`, `output_at` to `outputs`."""
    for i in range(outputs.shape[1]):
        for j in range(input_at.shape[0]):
            registers[input_at[j]] = inputs[j, i]
        run_bar(code, params, registers, state)
        for j in range(output_at.shape[0]):
            outputs[j, i] = registers[output_at[j]]
