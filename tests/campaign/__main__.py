"""Long trials of what the log promises: `python -m tests.campaign writers [--seconds 5]`.

Each prints what it counted and answers 1 when a promise was broken, or when
a careless variant, run beside, was not caught.
"""

import argparse
import sys

from tests.campaign import writers

TRIALS = {"writers": writers.run}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("trial", choices=sorted(TRIALS))
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each store is written to")
    asked = parser.parse_args(arguments)
    return TRIALS[asked.trial](seconds=asked.seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
