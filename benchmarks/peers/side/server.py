"""The peers' side: runs in their environment and imports nothing of ours.

Started with a peer's name. Reads a line of JSON per job and answers with one: the seconds the job took, or an error.
The arrays a job gives are saved where the line says so.
"""

import importlib
import json
import sys
import time
import warnings

import numpy as np


def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    peer = importlib.import_module(f"with_{sys.argv[1]}")

    def say(**answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    say(version=peer.VERSION)
    held = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if asked["job"] == "hold":
                with np.load(asked["path"]) as saved:
                    held = peer.hold(dict(saved))
                say()
                continue
            began = time.perf_counter()
            found = peer.JOBS[asked["job"]](held, **asked["options"])
            took = time.perf_counter() - began
            if "path" in asked:
                np.savez(asked["path"], **found)
            say(seconds=took)
        except Exception as error:
            say(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
