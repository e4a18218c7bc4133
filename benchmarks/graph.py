"""Links beside `networkx.MultiDiGraph` with the same attributes.

Each side is built in a process of its own, so that neither pays for the
other's memory, from the same made-up territory: half as many nodes as links,
and a few offers that serve most of the pools.
"""

import gc
import json
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx

from benchmarks import Row, at_most, table
from wis_engine.network.graph import Graph
from wis_engine.network.links import Links, Relation

LINKS = 100_000
RELATIONS = (Relation("serves", "offer", "need", "made"), Relation("suits", "offer", "need", "made"))
EIGHTH = 1 / 8


def nodes() -> Iterator[tuple[str, str, int]]:
    for number in range(LINKS // 2):
        kind = "offer" if number % 5 == 0 else "need"
        yield f"{kind}-{number}", kind, 1


def links() -> Iterator[tuple[str, str, str]]:
    """Draw links; equal ids are one text, so that neither side is charged for texts."""
    rng = random.Random(0)
    ids = [node for node, _, _ in nodes()]
    made = set()
    while len(made) < LINKS:
        offer = int(LINKS // 10 * rng.random() ** 2) * 5
        need = rng.randrange(LINKS // 10) * 5 + rng.randrange(1, 5)
        link = (ids[offer], rng.choice(["serves", "suits"]), ids[need])
        if link not in made:
            made.add(link)
            yield link


def rows_of_ours() -> list[tuple]:
    return [(*link, since, None) for since, link in enumerate(links(), 1)]


def rows_of_peer() -> list[tuple]:
    return [
        (source, target, relation, {"relation": relation, "since": since, "until": None})
        for since, (source, relation, target) in enumerate(links(), 1)
    ]


def build_ours(entered: list, rows: list) -> tuple[Links, Graph]:
    store = Links(RELATIONS)
    store.load(entered, rows)
    return store, Graph(store)


def build_peer(entered: list, rows: list) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((node, {"kind": kind}) for node, kind, _ in entered)
    graph.add_edges_from(rows)
    return graph


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def memory(build: Callable, rows_of: Callable) -> dict[str, float]:
    """Bytes a link that Python and numpy count, then those that the system gave."""
    entered, rows = list(nodes()), rows_of()
    build(entered, rows[:1])  # imports are not counted
    gc.collect()
    before = resident_bytes()
    held = build(entered, rows)
    gc.collect()
    resident = resident_bytes() - before
    del held
    tracemalloc.start()
    held = build(entered, rows)
    gc.collect()
    counted = tracemalloc.get_traced_memory()[0]
    del held
    return {"counted": counted / LINKS, "resident": resident / LINKS}


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Best of a few runs."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def times(build: Callable, rows_of: Callable, ask: Callable) -> dict[str, float]:
    entered, rows = list(nodes()), rows_of()
    built = build(entered, rows)
    return {"build": seconds(lambda: build(entered, rows), 3) * 1e3, **ask(built)}


def sample_offers() -> list[str]:
    return [f"offer-{number * 5}" for number in random.Random(1).sample(range(LINKS // 10), 2000)]


def ask_ours(built: tuple[Links, Graph]) -> dict[str, float]:
    store, graph = built
    targets, sources = store.targets, store.sources

    def two_hops(offer: str) -> set[str]:
        return {other for need in targets(offer, "serves") for other in sources(need, "serves")}

    return {
        "components": seconds(graph.components) * 1e3,
        "face_components": seconds(lambda: list(nx.weakly_connected_components(graph)), 2) * 1e3,
        **neighbourhoods(graph, lambda offer: targets(offer, "serves"), two_hops),
        "add": one_by_one(lambda link, since: store.open(*link, since), store.settle),
    }


def ask_peer(graph: nx.MultiDiGraph) -> dict[str, float]:
    def targets(offer: str) -> list[str]:
        return sorted(need for need, keys in graph.succ[offer].items() if "serves" in keys)

    def two_hops(offer: str) -> set[str]:
        return {
            other
            for need, keys in graph.succ[offer].items()
            if "serves" in keys
            for other, back in graph.pred[need].items()
            if "serves" in back
        }

    def add(link: tuple[str, str, str], since: int) -> None:
        source, relation, target = link
        graph.add_edge(source, target, relation, relation=relation, since=since, until=None)

    components = seconds(lambda: list(nx.weakly_connected_components(graph))) * 1e3
    return {
        "components": components,
        "face_components": components,
        **neighbourhoods(graph, targets, two_hops),
        "add": one_by_one(add, lambda: None),
    }


def neighbourhoods(graph: nx.MultiDiGraph, targets: Callable, two_hops: Callable) -> dict[str, float]:
    offers = sample_offers()

    def micros(question: Callable) -> float:
        return seconds(lambda: [question(offer) for offer in offers]) / len(offers) * 1e6

    return {
        "targets": micros(targets),
        "two_hops": micros(two_hops),
        "successors": micros(lambda offer: list(graph.successors(offer))),
    }


def one_by_one(add: Callable, settle: Callable) -> float:
    """Microseconds for a link more, settled by hundreds, on top of what is there."""
    fresh = [(f"offer-{5 * number}", "serves", f"need-{5 * number + 1}") for number in range(LINKS // 10)]
    start = time.perf_counter()
    for since, link in enumerate(fresh, LINKS + 1):
        add(link, since)
        if since % 100 == 0:
            settle()
    return (time.perf_counter() - start) / len(fresh) * 1e6


SIDES = {"ours": (build_ours, rows_of_ours, ask_ours), "peer": (build_peer, rows_of_peer, ask_peer)}


def measured(side: str, what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.graph", side, what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run() -> list[Row]:
    """Measure both sides, each in its own process."""
    ours, peer = (measured(side, "memory") | measured(side, "times") for side in SIDES)

    def row(name: str, measure: str, unit: str) -> Row:
        return Row(measure=measure, unit=unit, ours=ours[name], peer=peer[name])

    def eighth(name: str, measure: str, unit: str) -> Row:
        return at_most(EIGHTH, measure=measure, unit=unit, ours=ours[name], peer=peer[name], goal="at most 1/8")

    return [
        eighth("counted", f"memory at {LINKS:,} links, as Python counts it", "bytes a link"),
        eighth("resident", "the same, as the system counts it", "bytes a link"),
        eighth("build", "bulk build with its graph", "ms"),
        row("add", "one link more, settled by hundreds", "us"),
        row("components", "weakly connected components", "ms"),
        row("face_components", "the same, networkx on the face", "ms"),
        row("targets", "targets of an offer by one relation, sorted", "us"),
        row("two_hops", "offers that serve the same needs", "us"),
        row("successors", "successors, networkx on the face", "us"),
    ]


def main() -> None:
    print(table(run(), peer="networkx"))


def measure(side: str, what: str) -> dict[str, float]:
    build, rows_of, ask = SIDES[side]
    return memory(build, rows_of) if what == "memory" else times(build, rows_of, ask)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])) if sys.argv[1:] else table(run(), peer="networkx"))
