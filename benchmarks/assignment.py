"""`flow` and `stable` beside their peers: `python -m benchmarks.assignment [needs ...]`.

The same assignment for all: needs of a made-up city, each with the nearest
offers of its service, which together take seven of eight. Every side gets
lists of plain numbers and runs in a process of its own; the clock is that of
the processor, from the lists to the answer, and all must agree on what the
answer is worth. Above 10,000 needs HiGHS and networkx are left out: they take
minutes.
"""

import importlib.util
import json
import math
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import attrs

from benchmarks import Row, at_most, table
from wis_engine.matching.flow import OUT, transport
from wis_engine.matching.stable import deferred_acceptance

SIZES = (1_000, 10_000)
WAYS = 12
NEEDS_AN_OFFER = 20
SERVICES = 6
TAKEN = 7 / 8
UNIT = 10_000
LARGEST = {"HiGHS": 10_000, "networkx": 10_000}
STABLE = 10_000
WARM = 200
MEGABYTES_MAX = 300


@attrs.frozen(kw_only=True)
class City:
    """Ways of each need in `columns` and `costs` from `starts` on; what each need is worth; how many an offer takes."""

    starts: list[int]
    columns: list[int]
    costs: list[int]
    worth: list[int]
    quotas: list[int]


def city(count: int, seed: int = 0) -> City:
    rng = random.Random(seed)
    side, offers = 1_000 * math.isqrt(count), count // NEEDS_AN_OFFER
    placed = [(rng.randrange(side), rng.randrange(side)) for _ in range(offers)]
    prices = [rng.randint(1_200, 2_600) for _ in range(offers)]
    cell = 1 + side // max(1, math.isqrt(offers // (SERVICES * WAYS)))
    grid: dict[tuple[int, int, int], list[int]] = {}
    for offer, (x, y) in enumerate(placed):
        grid.setdefault((offer % SERVICES, x // cell, y // cell), []).append(offer)
    made = City(starts=[0], columns=[], costs=[], worth=[], quotas=[])
    for _ in range(count):
        service, x, y = rng.randrange(SERVICES), rng.randrange(side), rng.randrange(side)
        found = [
            (math.isqrt((placed[offer][0] - x) ** 2 + (placed[offer][1] - y) ** 2), offer)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for offer in grid.get((service, x // cell + dx, y // cell + dy), [])
        ]
        for way, offer in sorted(sorted(found)[:WAYS], key=lambda near: near[1]):
            made.columns.append(offer)
            made.costs.append(prices[offer] + way // 20)
        made.starts.append(len(made.columns))
        made.worth.append(UNIT * 60 * rng.randint(1, 8) * rng.choice((1, 1, 1, 2, 2, 4, 8)))
    mean = NEEDS_AN_OFFER * TAKEN
    made.quotas.extend(rng.randint(int(mean / 2), int(mean * 3 / 2)) for _ in range(offers))
    return made


def by_us(made: City) -> int:
    found = transport(made.starts, made.columns, made.costs, made.worth, made.quotas)
    sold = sum(price * quota for price, quota in zip(found.prices, made.quotas, strict=True))
    reached = gains = 0
    for row, at in enumerate(found.column):
        best = 0
        for way in range(made.starts[row], made.starts[row + 1]):
            net = made.worth[row] - made.costs[way]
            best = max(best, net - found.prices[made.columns[way]])
            reached += net if at == made.columns[way] else 0
        gains += best
    # The bound that the prices prove: nothing is better.
    assert reached == sold + gains
    return reached


def by_ortools(made: City) -> int:
    import numpy as np  # noqa: PLC0415 - each side loads its own
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - each side loads its own

    needs, offers = len(made.worth), len(made.quotas)
    rows = np.repeat(np.arange(needs), np.diff(made.starts))
    sink = needs + offers
    tails = np.concatenate([rows, np.arange(needs), needs + np.arange(offers)]).astype(np.int32)
    heads = np.concatenate([needs + np.array(made.columns), np.full(needs + offers, sink)]).astype(np.int32)
    room = np.concatenate([np.ones(len(rows) + needs), made.quotas]).astype(np.int64)
    costs = np.concatenate([made.costs, made.worth, np.zeros(offers)]).astype(np.int64)
    network = min_cost_flow.SimpleMinCostFlow()
    network.add_arcs_with_capacity_and_unit_cost(tails, heads, room, costs)
    network.set_nodes_supplies(np.arange(sink + 1, dtype=np.int32), np.array([1] * needs + [0] * offers + [-needs]))
    assert network.solve() == network.OPTIMAL
    return sum(made.worth) - network.optimal_cost()


def by_highs(made: City) -> int:
    """Solve the linear program by the interior point method: here the faster of the two of HiGHS."""
    import numpy as np  # noqa: PLC0415 - each side loads its own
    from scipy.optimize import linprog  # noqa: PLC0415 - each side loads its own
    from scipy.sparse import csr_array  # noqa: PLC0415 - each side loads its own

    needs, ways = len(made.worth), len(made.columns)
    rows = np.repeat(np.arange(needs), np.diff(made.starts))
    where = np.concatenate([rows, needs + np.array(made.columns)]), np.tile(np.arange(ways), 2)
    used = csr_array((np.ones(2 * ways), where), shape=(needs + len(made.quotas), ways))
    costs = np.array(made.costs) - np.array(made.worth)[rows]
    found = linprog(costs, A_ub=used, b_ub=[1] * needs + made.quotas, method="highs-ipm")
    return -round(found.fun)


def by_networkx(made: City) -> int:
    import networkx as nx  # noqa: PLC0415 - each side loads its own

    graph = nx.DiGraph()
    graph.add_node("sink", demand=len(made.worth))
    for row, worth in enumerate(made.worth):
        graph.add_node(row, demand=-1)
        graph.add_edge(row, "sink", weight=worth)
        for way in range(made.starts[row], made.starts[row + 1]):
            graph.add_edge(row, ("offer", made.columns[way]), capacity=1, weight=made.costs[way])
    for offer, quota in enumerate(made.quotas):
        graph.add_edge(("offer", offer), "sink", capacity=quota, weight=0)
    return sum(made.worth) - nx.network_simplex(graph)[0]


FLOWS: dict[str, Callable[[City], int]] = {
    "wis_engine": by_us,
    "OR-Tools": by_ortools,
    "HiGHS": by_highs,
    "networkx": by_networkx,
}
NEEDED = {"OR-Tools": "ortools", "matching": "matching"}


@attrs.frozen(kw_only=True)
class Market:
    """Whom each need and each offer wants, best first, and how many an offer takes."""

    lists: list[list[int]]
    asking: list[list[int]]
    quotas: list[int]


def market(count: int, seed: int = 0) -> Market:
    """The needs of the city with their offers, each side in an order of its own."""
    rng, made = random.Random(seed), city(count, seed)
    lists, asking = [], [[] for _ in made.quotas]
    for row in range(count):
        listed = made.columns[made.starts[row] : made.starts[row + 1]]
        rng.shuffle(listed)
        lists.append(listed)
        for column in listed:
            asking[column].append(row)
    for listed in asking:
        rng.shuffle(listed)
    return Market(lists=lists, asking=asking, quotas=made.quotas)


def stable_by_us(made: Market) -> list[int]:
    ranks = [{row: rank for rank, row in enumerate(listed)} for listed in made.asking]
    return deferred_acceptance(made.lists, ranks, made.quotas)


def stable_by_matching(made: Market) -> list[int]:
    from matching.games import HospitalResident  # noqa: PLC0415 - each side loads its own

    solved: list[dict] = []

    def solve() -> None:
        game = HospitalResident.create_from_dictionaries(
            {f"n{row}": [f"o{column}" for column in listed] for row, listed in enumerate(made.lists)},
            {f"o{column}": [f"n{row}" for row in listed] for column, listed in enumerate(made.asking) if listed},
            {f"o{column}": made.quotas[column] for column, listed in enumerate(made.asking) if listed},
        )
        solved.append(game.solve(optimal="resident"))

    # It copies its players one within the other, deeper than Python goes by itself.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 << 20)
    solver = threading.Thread(target=solve)
    solver.start()
    solver.join()
    at = [OUT] * len(made.lists)
    for column, held in solved[0].items():
        for row in held:
            at[int(row.name[1:])] = int(column.name[1:])
    return at


MARKETS: dict[str, Callable[[Market], list[int]]] = {"wis_engine": stable_by_us, "matching": stable_by_matching}


def measure(what: str, side: str, count: int) -> dict[str, object]:
    """Answer one question in this process."""
    make, work = (city, FLOWS[side]) if what == "flow" else (market, MARKETS[side])
    made = make(count)
    work(make(WARM))  # what is loaded is not counted
    start = time.process_time()
    answer = work(made)
    taken = time.process_time() - start
    return {"seconds": taken, "answer": answer, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def measured(what: str, side: str, count: int) -> dict[str, object] | None:
    """Ask in a process of its own; None where the peer is not installed."""
    if side in NEEDED and importlib.util.find_spec(NEEDED[side]) is None:
        print(f"{side} is not installed (group bench)")
        return None
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.assignment", what, side, str(count)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def beside(what: str, count: int, peers: list[str], goals: dict[str, tuple[float, str]]) -> list[Row]:
    ours = measured(what, "wis_engine", count)
    assert ours is not None
    rows = []
    for name in peers:
        peer = measured(what, name, count)
        if peer is None:
            continue
        assert peer["answer"] == ours["answer"], f"{name} has another answer"
        figures = {
            "measure": f"{what} at {count:,} beside {name}",
            "unit": "s",
            "ours": ours["seconds"],
            "peer": peer["seconds"],
        }
        part, goal = goals.get(name, (0, ""))
        rows.append(at_most(part, goal=goal, **figures) if goal else Row(**figures))
    if what == "flow":
        megabytes = ours["megabytes"]
        goal, reached = f"at most {MEGABYTES_MAX}", megabytes <= MEGABYTES_MAX
        rows.append(
            Row(measure=f"flow at {count:,}, the whole process", unit="MB", ours=megabytes, goal=goal, reached=reached)
        )
    return rows


def run(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    rows = []
    for count in sizes:
        peers = [name for name in FLOWS if name != "wis_engine" and count <= LARGEST.get(name, count)]
        rows += beside("flow", count, peers, {"OR-Tools": (4, "at most 4 times")})
    return rows + beside("stable", STABLE, ["matching"], {"matching": (1 / 100, "at most 1/100")})


def main() -> None:
    print(table(run(), peer="peer"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["flow" | "stable" as what, side, count]:
            print(json.dumps(measure(what, side, int(count))))
        case sizes:
            print(table(run(tuple(map(int, sizes)) or SIZES), peer="peer"))
