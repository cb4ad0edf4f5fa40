"""vectorbt's side of a comparison, in an environment of its own: no import of ours, nor one of vectorbt in ours.

Started as a script with a file of closes. For each line it reads it runs once and prints a line: an engine's name ->
seconds, `save PATH` -> the values, for comparison.
"""

import sys
import time

import numpy as np
import vectorbt


def run(close, engine):
    """The averages, RSI and crossings of the first example. Wilder's average over 14 is exponential over 27."""
    vectorbt.settings["engine"] = engine
    fast = vectorbt.MA.run(close, 9, ewm=True)
    slow = vectorbt.MA.run(close, 21, ewm=True)
    strength = vectorbt.RSI.run(close, 27, ewm=True)
    buy = fast.ma_crossed_above(slow) & strength.rsi_below(70)
    sell = fast.ma_crossed_below(slow)
    return fast.ma.values, slow.ma.values, strength.rsi.values, buy.values, sell.values


def main():
    close = np.load(sys.argv[1])
    answers = sys.stdout
    sys.stdout = sys.stderr
    answers.write(f"ready {vectorbt.__version__}\n")
    answers.flush()
    for line in sys.stdin:
        words = line.split()
        if words[0] == "save":
            np.savez(words[1], *run(close, "numba"))
            answers.write("saved\n")
        else:
            began = time.perf_counter()
            run(close, words[0])
            answers.write(f"{time.perf_counter() - began}\n")
        answers.flush()


if __name__ == "__main__":
    main()
