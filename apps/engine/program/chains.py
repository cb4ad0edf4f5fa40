"""Smoothing operators over whole arrays, two or three in one loop. Written by apps.engine.generate from the table of operators: change the table or the steps, then run it again."""

# ruff: noqa
# fmt: off
from collections.abc import Callable
from math import nan

import numpy as np
from numba import njit

from apps.engine.indicators.steps.averages import ema_step, rma_step
from apps.engine.indicators.steps.momentum import rsi_step


@njit(cache=True, nogil=True)
def ema_ema_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, p1_1, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = ema_step(state1, x1_0[i * sx1_0], p1_0, p1_1)


@njit(cache=True, nogil=True)
def ema_rma_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)


@njit(cache=True, nogil=True)
def ema_rsi_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)


@njit(cache=True, nogil=True)
def rma_rma_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rma_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)


@njit(cache=True, nogil=True)
def rma_rsi_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rma_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)


@njit(cache=True, nogil=True)
def rsi_rsi_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, nan, 0.0, 0.0,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rsi_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)


@njit(cache=True, nogil=True)
def ema_ema_ema_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, p1_1, out1, x2_0, dx2_0, p2_0, p2_1, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = ema_step(state1, x1_0[i * sx1_0], p1_0, p1_1)
        state2, out2[i] = ema_step(state2, x2_0[i * sx2_0], p2_0, p2_1)


@njit(cache=True, nogil=True)
def ema_ema_rma_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, p1_1, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = ema_step(state1, x1_0[i * sx1_0], p1_0, p1_1)
        state2, out2[i] = rma_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def ema_ema_rsi_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, p1_1, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = ema_step(state1, x1_0[i * sx1_0], p1_0, p1_1)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def ema_rma_rma_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rma_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def ema_rma_rsi_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def ema_rsi_rsi_chain(size, x0_0, dx0_0, p0_0, p0_1, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = ema_step(state0, x0_0[i * sx0_0], p0_0, p0_1)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def rma_rma_rma_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, 0.0, nan,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rma_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rma_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def rma_rma_rsi_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, 0.0, nan,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rma_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rma_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def rma_rsi_rsi_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, 0.0, nan,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rma_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


@njit(cache=True, nogil=True)
def rsi_rsi_rsi_chain(size, x0_0, dx0_0, p0_0, out0, x1_0, dx1_0, p1_0, out1, x2_0, dx2_0, p2_0, out2):
    sx0_0 = np.uint64(dx0_0)
    state0 = (0.0, nan, 0.0, 0.0,)
    sx1_0 = np.uint64(dx1_0)
    state1 = (0.0, nan, 0.0, 0.0,)
    sx2_0 = np.uint64(dx2_0)
    state2 = (0.0, nan, 0.0, 0.0,)
    for i in range(np.uint64(size)):
        state0, out0[i] = rsi_step(state0, x0_0[i * sx0_0], p0_0)
        state1, out1[i] = rsi_step(state1, x1_0[i * sx1_0], p1_0)
        state2, out2[i] = rsi_step(state2, x2_0[i * sx2_0], p2_0)


CHAINS: dict[tuple[str, ...], Callable[..., None]] = {
    ('ema', 'ema'): ema_ema_chain,
    ('ema', 'rma'): ema_rma_chain,
    ('ema', 'rsi'): ema_rsi_chain,
    ('rma', 'rma'): rma_rma_chain,
    ('rma', 'rsi'): rma_rsi_chain,
    ('rsi', 'rsi'): rsi_rsi_chain,
    ('ema', 'ema', 'ema'): ema_ema_ema_chain,
    ('ema', 'ema', 'rma'): ema_ema_rma_chain,
    ('ema', 'ema', 'rsi'): ema_ema_rsi_chain,
    ('ema', 'rma', 'rma'): ema_rma_rma_chain,
    ('ema', 'rma', 'rsi'): ema_rma_rsi_chain,
    ('ema', 'rsi', 'rsi'): ema_rsi_rsi_chain,
    ('rma', 'rma', 'rma'): rma_rma_rma_chain,
    ('rma', 'rma', 'rsi'): rma_rma_rsi_chain,
    ('rma', 'rsi', 'rsi'): rma_rsi_rsi_chain,
    ('rsi', 'rsi', 'rsi'): rsi_rsi_rsi_chain,
}
