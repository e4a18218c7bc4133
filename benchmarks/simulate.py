"""A simulated year, guards, network and log in memory: `python -m benchmarks.simulate [firms ...]`.

The scenario is `milan` with so many firms: 180, 1,800 and 18,000 make about
ten thousand, a hundred thousand and a million facts. Each year is lived in a
process of its own, and timed by CPU time; the exponent is fitted to the sizes
by least squares of the logarithms.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import wraps

import attrs

from benchmarks import Row, table
from wis_engine.community import Community
from wis_engine.simulation import Scenario, simulate

MILAN_FIRMS = 100_000
MINUTES, GIGABYTES = 20, 8


def sized(firms: int) -> Scenario:
    """`milan` with other numbers of firms, and as many suppliers to a firm, at least one to a municipio."""
    milan = Scenario.milan()
    assert milan.firms is not None
    assert milan.supply is not None
    each = min(milan.supply.kinds[0].firms_each, max(1, firms // 9))
    return attrs.evolve(
        milan,
        firms=attrs.evolve(milan.firms, count=firms, members_at_start=firms),
        supply=attrs.evolve(
            milan.supply, kinds=tuple(attrs.evolve(kind, firms_each=each) for kind in milan.supply.kinds)
        ),
    )


def year(firms: int) -> dict[str, float]:
    """Live one year; count facts and needs, and the seconds of it that went into matching."""
    spent = dict.fromkeys(("match", "adopt"), 0.0)

    def timed(name: str) -> None:
        method: Callable[..., object] = getattr(Community, name)

        @wraps(method)
        def wrapper(*args: object, **named: object) -> object:
            start = time.process_time()
            try:
                return method(*args, **named)
            finally:
                spent[name] += time.process_time() - start

        setattr(Community, name, wrapper)

    for name in spent:
        timed(name)
    start = time.process_time()
    run = simulate(sized(firms), seed=1)
    took = time.process_time() - start
    return {
        "facts": run.community.position,
        "needs": len(run.community.network.needs),
        "seconds": took,
        "match": spent["match"],
        "adopt": spent["adopt"],
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def exponent(points: list[tuple[float, float]]) -> float:
    """Fit y = a x^b; answer b."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(column) / len(logs) for column in zip(*logs, strict=True))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def run(sizes: list[int]) -> list[Row]:
    """Measure each size in a process of its own."""
    rows, years = [], []
    for firms in sizes:
        command = [sys.executable, "-m", "benchmarks.simulate", "--one", str(firms)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        years.append(found)
        named = f"{firms:,} firms, {found['needs']:,.0f} needs, {found['facts']:,.0f} facts"
        rest = found["seconds"] - found["match"] - found["adopt"]
        rows += [
            Row(measure=f"{named}: a year", unit="facts a second", ours=found["facts"] / found["seconds"]),
            Row(
                measure=f"{named}: all but match and adopt",
                unit="facts a second",
                ours=found["facts"] / rest,
            ),
            Row(measure=f"{named}: match", unit="ms a need", ours=found["match"] / found["needs"] * 1e3),
            Row(measure=f"{named}: process", unit="MB", ours=found["MB"]),
        ]
        if firms == MILAN_FIRMS:
            reached = found["seconds"] <= MINUTES * 60 and found["MB"] <= GIGABYTES * 1024
            goal = f"at most {MINUTES} minutes and {GIGABYTES} GB"
            rows.append(
                Row(measure="milan, a year", unit="minutes", ours=found["seconds"] / 60, goal=goal, reached=reached)
            )
    if len(years) > 1:
        for name, seconds in (
            ("a year", [one["seconds"] for one in years]),
            ("match", [one["match"] for one in years]),
            ("all but match and adopt", [one["seconds"] - one["match"] - one["adopt"] for one in years]),
        ):
            points = [(one["facts"], took) for one, took in zip(years, seconds, strict=True)]
            rows.append(Row(measure=f"{name}: exponent in the facts", unit="", ours=exponent(points)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("firms", type=int, nargs="*", default=[180, 1_800])
    parser.add_argument("--one", type=int, help="one size alone, as JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(year(asked.one)))
    else:
        print(table(run(asked.firms), peer="beside"))


if __name__ == "__main__":
    main()
