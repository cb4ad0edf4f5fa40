"""Workers load the kernels before they fork: nothing of that may leave the forked process waiting for a lost thread."""

from __future__ import annotations

import subprocess
import sys

FORK = """
import io, os, signal
import polars as pl
from apps.engine.warm import warm

warm()
child = os.fork()
if child == 0:
    signal.alarm(20)  # a process that waits for ever is killed
    file = io.BytesIO()
    pl.DataFrame({"a": list(range(1000))}).write_parquet(file)
    file.seek(0)
    total = pl.read_parquet(file).select(pl.col("a").sort().sum()).item()
    os._exit(0 if total == 499500 else 1)
_, status = os.waitpid(child, 0)
raise SystemExit(status)
"""


def test_a_process_forked_after_the_warm_up_reads_and_writes_tables():
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=300)
