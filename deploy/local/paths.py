"""Where the project and its local data are. Nothing here touches the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = Path(sys.executable)
BIN = PYTHON.parent
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
RUN = VAR / "run"
LOCAL_ENV = VAR / "local.env"
