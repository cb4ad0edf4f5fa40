"""Write everything that is generated from the table of operators: `python -m apps.engine.generate`."""

import sys

from apps.engine.generate import chains, cohort
from apps.engine.indicators import generate as indicators


def main() -> int:
    return indicators.main() or chains.main() or cohort.main()


if __name__ == "__main__":
    sys.exit(main())
