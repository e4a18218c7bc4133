"""The law: the face of the network equals a plain `MultiDiGraph` made from the same links."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.network import links as module
from wis_engine.network.graph import Graph
from wis_engine.network.links import Links, Relation

KINDS = ("need", "pool")
RELATIONS = tuple(
    Relation(name, source, target, "opened", "closed")
    for name in ("joins", "serves", "awaits")
    for source in KINDS
    for target in KINDS
)
NODE_COUNT = 7
NODES = st.integers(0, NODE_COUNT - 1)


@st.composite
def histories(draw):
    """Draw links that were written while nodes came in, with folds in between, and each row's model."""
    steps = draw(st.lists(st.tuples(NODES, NODES, st.sampled_from(["joins", "serves", "awaits"])), max_size=30))
    verbs = draw(st.lists(st.sampled_from(["write", "write", "settle"]), min_size=len(steps), max_size=len(steps)))
    links = Links(RELATIONS)
    rows = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "UNFOLDED_MIN", draw(st.sampled_from([-1, 3, 4096])))
        for position, ((near, far, relation), verb) in enumerate(zip(steps, verbs, strict=True), NODE_COUNT + 1):
            for node in sorted({near, far}):
                links.node(f"x{node}", KINDS[node % 2], position)
            link = (f"x{near}", relation, f"x{far}")
            if links.open(*link, position):
                rows.setdefault(link, []).append([position, None])
            else:
                links.close(*link, position)
                rows[link][-1][1] = position
            if verb == "settle":
                links.settle()
    return links, rows


def plain_graph(links, rows, at):
    plain = nx.MultiDiGraph()
    plain.add_nodes_from((node, {"kind": kind}) for node, kind, since in links.nodes() if since <= at)
    for (source, relation, target), intervals in rows.items():
        for since, until in intervals:
            if since <= at and (until is None or until > at):
                plain.add_edge(source, target, relation, relation=relation, since=since, until=None)
    return plain


def as_dicts(graph):
    nodes = {node: dict(data) for node, data in graph.nodes(data=True)}
    edges = {(u, v, key): dict(data) for u, v, key, data in graph.edges(keys=True, data=True)}
    return nodes, edges


def assert_same(face, plain):
    """Compare a face with a plain graph in everything an algorithm looks at."""
    assert as_dicts(face) == as_dicts(plain)
    assert nx.utils.graphs_equal(face, plain)
    assert set(face.edges) == set(plain.edges)
    assert set(face.in_edges(keys=True)) == set(plain.in_edges(keys=True))
    assert face.number_of_nodes() == plain.number_of_nodes()
    assert face.number_of_edges() == plain.number_of_edges() == face.size()
    for kind in ("degree", "in_degree", "out_degree"):
        assert dict(getattr(face, kind)) == dict(getattr(plain, kind))
        assert dict(getattr(face, kind)(weight="since")) == dict(getattr(plain, kind)(weight="since"))
    for node in plain:
        assert set(face.successors(node)) == set(plain.successors(node))
        assert set(face.predecessors(node)) == set(plain.predecessors(node))
        assert len(face.succ[node]) == len(plain.succ[node])
        assert len(face.pred[node]) == len(plain.pred[node])
    for u in plain:
        for v in plain:
            assert face.has_edge(u, v) == plain.has_edge(u, v)
            assert face.get_edge_data(u, v) == plain.get_edge_data(u, v)
            assert face.number_of_edges(u, v) == plain.number_of_edges(u, v)


@given(history=histories(), back=st.integers(0, 30))
def test_the_face_equals_a_plain_graph_now_and_earlier(history, back):
    links, rows = history
    head = 99
    past = max(0, NODE_COUNT + 30 - back)
    assert_same(Graph(links), plain_graph(links, rows, head))
    assert_same(Graph(links, at=past), plain_graph(links, rows, past))


@given(history=histories())
def test_algorithms_give_the_same_on_the_face(history):
    links, rows = history
    face, plain = Graph(links), plain_graph(links, rows, 99)
    weak = set(map(frozenset, nx.weakly_connected_components(plain)))
    assert set(map(frozenset, nx.weakly_connected_components(face))) == weak
    assert set(face.components()) == weak
    assert len(face.components()) == len(weak)
    strong = set(map(frozenset, nx.strongly_connected_components(plain)))
    assert set(map(frozenset, nx.strongly_connected_components(face))) == strong
    assert dict(nx.all_pairs_shortest_path_length(face)) == dict(nx.all_pairs_shortest_path_length(plain))
    assert dict(nx.all_pairs_dijkstra_path_length(face, weight="since")) == dict(
        nx.all_pairs_dijkstra_path_length(plain, weight="since")
    )


@given(history=histories(), chosen=st.sets(NODES))
def test_derived_graphs_are_the_same(history, chosen):
    links, rows = history
    face, plain = Graph(links), plain_graph(links, rows, 99)
    names = {f"x{node}" for node in chosen}
    assert_same(face.subgraph(names), plain.subgraph(names))
    assert_same(face.subgraph(names).copy(), plain.subgraph(names).copy())
    assert_same(face.copy(), plain.copy())
    assert_same(face.copy(as_view=True), plain)
    assert_same(face.reverse(), plain.reverse())
    assert_same(face.reverse(copy=False), plain.reverse(copy=False))
    assert_same(face.to_directed(), plain.to_directed())
    assert_same(nx.edge_subgraph(face, list(plain.edges)[:3]), nx.edge_subgraph(plain, list(plain.edges)[:3]))
    assert nx.utils.graphs_equal(face.to_undirected(), plain.to_undirected())
    assert as_dicts(face.to_undirected(as_view=True)) == as_dicts(plain.to_undirected(as_view=True))
    assert nx.utils.graphs_equal(nx.MultiDiGraph(face), plain)
    assert set(nx.DiGraph(face).edges) == set(nx.DiGraph(plain).edges)
    assert nx.is_frozen(face)
    assert nx.is_frozen(nx.freeze(face))


@given(before=histories(), more=st.lists(st.tuples(NODES, NODES), max_size=10))
def test_a_graph_taken_stays_while_the_network_goes_on(before, more):
    links, rows = before
    links.settle()
    taken, plain = Graph(links), plain_graph(links, rows, 99)
    for position, (near, far) in enumerate(more, 100):
        for node in (near, far):
            links.node(f"x{node}", KINDS[node % 2], position)
        link = (f"x{near}", "joins", f"x{far}")
        if not links.open(*link, position):
            links.close(*link, position)
    links.settle()
    links.picture()
    assert_same(taken, plain)
