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


def links() -> Iterator[tuple[str, str, str, int, None]]:
    """Draw rows of links; equal ids are one text, so that neither side is charged for texts."""
    rng = random.Random(0)
    ids = [node for node, _, _ in nodes()]
    made = set()
    while len(made) < LINKS:
        offer = int(LINKS // 10 * rng.random() ** 2) * 5
        need = rng.randrange(LINKS // 10) * 5 + rng.randrange(1, 5)
        link = (ids[offer], rng.choice(["serves", "suits"]), ids[need])
        if link not in made:
            made.add(link)
            yield *link, len(made), None


def build_ours(entered: list, rows: list) -> tuple[Links, Graph]:
    store = Links(RELATIONS)
    store.load(entered, rows)
    return store, Graph(store)


def build_peer(entered: list, rows: list) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((node, {"kind": kind}) for node, kind, _ in entered)
    graph.add_edges_from(
        (source, target, relation, {"relation": relation, "since": since, "until": until})
        for source, relation, target, since, until in rows
    )
    return graph


def memory(build: Callable) -> dict[str, float]:
    """Bytes a link that are still held after the building, those of numpy among them."""
    entered, rows = list(nodes()), list(links())
    build(entered, rows[:1])  # imports are not counted
    tracemalloc.start()
    held = build(entered, rows)
    gc.collect()
    counted = tracemalloc.get_traced_memory()[0]
    del held
    return {"memory": counted / LINKS}


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Best of a few runs."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - start)
        del result  # what it costs to let go is not counted
    return min(taken)


def times(build: Callable, ask: Callable) -> dict[str, float]:
    entered, rows = list(nodes()), list(links())
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


SIDES = {"ours": (build_ours, ask_ours), "peer": (build_peer, ask_peer)}


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
        eighth("memory", f"memory at {LINKS:,} links", "bytes a link"),
        eighth("build", "bulk build from the same rows", "ms"),
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
    build, ask = SIDES[side]
    return memory(build) if what == "memory" else times(build, ask)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])) if sys.argv[1:] else table(run(), peer="networkx"))
