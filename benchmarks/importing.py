"""What `import wis_engine` costs, beside `import networkx` and a bare interpreter."""

import statistics
import subprocess
import sys
import time

from benchmarks import Row, table

RUNS = 9
GOAL_MS = 200


def milliseconds(code: str) -> float:
    """Median wall time of a fresh interpreter that runs a line of code."""
    taken = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1000


def run() -> list[Row]:
    bare = milliseconds("pass")
    ours = milliseconds("import wis_engine") - bare
    opened = milliseconds("import wis_engine; wis_engine.Community.open('memory:')") - bare
    peer = milliseconds("import networkx") - bare
    goal = f"under {GOAL_MS} ms"
    return [
        Row(measure="import", unit="ms", ours=ours, peer=peer, goal=goal, reached=ours < GOAL_MS),
        Row(measure="import and open a community in memory", unit="ms", ours=opened),
    ]


def main() -> None:
    print(table(run(), peer="import networkx"))
