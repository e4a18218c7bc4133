"""The networkx face: what it shows, what it refuses, what it keeps."""

import copy

import networkx as nx
import pytest

from wis_engine.network.graph import Graph
from wis_engine.network.links import Links, Relation

RELATIONS = (
    Relation("joins", "need", "pool", "pool-formed", "pool-member-left"),
    Relation("awaits", "need", "pool", "need-declared"),
    Relation("serves", "offer", "pool", "pool-formed"),
)
UNTIL_NOW = {"relation": "joins", "since": 6, "until": None}


@pytest.fixture
def links():
    """Two needs in a pool that an offer serves; one of them waits twice, and a pool is empty."""
    links = Links(RELATIONS)
    for since, (node, kind) in enumerate([("n1", "need"), ("n2", "need"), ("p1", "pool"), ("o1", "offer")], 1):
        links.node(node, kind, since)
    links.open("n1", "awaits", "p1", 5)
    links.open("n1", "joins", "p1", 6)
    links.open("n2", "joins", "p1", 7)
    links.open("o1", "serves", "p1", 8)
    links.node("p2", "pool", 9)
    links.close("n2", "joins", "p1", 10)
    links.open("n2", "joins", "p2", 10)
    links.settle()
    return links


@pytest.fixture
def graph(links):
    return Graph(links)


def edges(graph):
    return sorted(graph.edges(keys=True, data="since"))


def test_nodes_come_with_their_kind_in_order_of_entering(graph):
    kinds = [("n1", "need"), ("n2", "need"), ("p1", "pool"), ("o1", "offer"), ("p2", "pool")]
    assert list(graph.nodes(data="kind")) == kinds
    assert graph.nodes["n1"] == {"kind": "need"}
    assert len(graph) == graph.order() == graph.number_of_nodes() == 5


def test_edges_have_the_relation_as_key_and_since_and_until_as_data(graph):
    assert edges(graph) == [
        ("n1", "p1", "awaits", 5),
        ("n1", "p1", "joins", 6),
        ("n2", "p2", "joins", 10),
        ("o1", "p1", "serves", 8),
    ]
    assert graph.edges["n1", "p1", "joins"] == UNTIL_NOW
    assert graph["n1"]["p1"]["joins"] == UNTIL_NOW
    assert graph.get_edge_data("n1", "p1", "joins") == UNTIL_NOW
    assert graph.number_of_edges() == graph.size() == len(graph.edges) == 4
    assert graph.number_of_edges("n1", "p1") == 2
    assert graph.size(weight="since") == 29


def test_neighbours_in_both_directions(graph):
    assert list(graph.successors("n1")) == ["p1"]
    assert sorted(graph.predecessors("p1")) == ["n1", "o1"]
    assert len(graph.succ["n1"]) == 1
    assert list(graph.succ["o1"].values()) == [{"serves": {"relation": "serves", "since": 8, "until": None}}]
    assert graph.degree("n1") == 2
    assert graph.in_degree("p1") == 3
    assert list(graph.successors("p1")) == []
    assert graph.has_edge("n1", "p1")
    assert graph.has_edge("n1", "p1", "joins")
    assert not graph.has_edge("n1", "p1", "serves")
    assert not graph.has_edge("n1", "n2")
    assert not graph.has_edge("p1", "n1")
    assert "nobody" not in graph.succ["n1"]
    assert 3 not in graph.succ["n1"]
    assert len(graph.succ) == 5
    assert list(graph.succ) == list(graph)


def test_what_is_not_there(graph):
    assert "nobody" not in graph
    assert 3 not in graph
    assert [] not in graph
    assert "nobody" not in graph.succ
    with pytest.raises(KeyError):
        graph.nodes["nobody"]
    with pytest.raises(KeyError):
        graph["nobody"]
    with pytest.raises(KeyError):
        graph["n1"]["n2"]
    with pytest.raises(KeyError):
        graph["n1"]["nobody"]
    with pytest.raises(nx.NetworkXError):
        graph.successors("nobody")


CHANGES = {
    "add a node": lambda graph: graph.add_node("x"),
    "add nodes": lambda graph: graph.add_nodes_from(["x"]),
    "add an edge": lambda graph: graph.add_edge("n1", "p2"),
    "add edges": lambda graph: graph.add_edges_from([("n1", "p2")]),
    "update": lambda graph: graph.update(edges=[("n1", "p2")]),
    "remove a node": lambda graph: graph.remove_node("n1"),
    "remove an edge": lambda graph: graph.remove_edge("n1", "p1"),
    "clear": lambda graph: graph.clear(),
    "clear edges": lambda graph: graph.clear_edges(),
    "set node attributes": lambda graph: nx.set_node_attributes(graph, {"n1": "offer"}, "kind"),
    "set edge attributes": lambda graph: nx.set_edge_attributes(graph, {("n1", "p1", "joins"): {"since": 0}}),
    "clear data": lambda graph: graph.nodes["n1"].clear(),
    "pop data": lambda graph: graph.nodes["n1"].pop("kind"),
    "pop an item": lambda graph: graph.nodes["n1"].popitem(),
    "set a default": lambda graph: graph.nodes["n1"].setdefault("colour", "red"),
    "merge data": lambda graph: graph.nodes["n1"].__ior__({"colour": "red"}),
    "delete data": lambda graph: graph.nodes["n1"].__delitem__("kind"),
    "update data": lambda graph: graph.edges["n1", "p1", "joins"].update(since=0),
    "add to a subgraph": lambda graph: graph.subgraph(["n1"]).add_node("x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_graph_cannot_be_changed(graph, change):
    before = edges(graph), list(graph.nodes(data="kind"))
    with pytest.raises(nx.NetworkXError):
        change(graph)
    assert (edges(graph), list(graph.nodes(data="kind"))) == before
    assert nx.is_frozen(graph)


def test_a_copy_is_a_plain_multidigraph_that_can_be_changed(graph):
    plain = graph.copy()
    assert type(plain) is nx.MultiDiGraph
    assert edges(plain) == edges(graph)
    plain.add_edge("n1", "p2")
    plain.nodes["n1"]["kind"] = "other"
    plain.edges["n1", "p1", "joins"]["since"] = 0
    assert graph.nodes["n1"] == {"kind": "need"}
    assert graph.edges["n1", "p1", "joins"] == UNTIL_NOW
    assert not graph.has_edge("n1", "p2")
    assert type(graph.subgraph(["n1", "p1"]).copy()) is nx.MultiDiGraph
    assert edges(graph.copy(as_view=True)) == edges(graph)


def test_data_copies_are_plain_dicts(graph):
    data = graph.nodes["n1"]
    for other in (data.copy(), copy.deepcopy(data)):
        assert type(other) is dict
        assert other == {"kind": "need"}


def test_a_graph_without_links_is_a_plain_one():
    graph = Graph()
    graph.add_edge("a", "b", "knows")
    assert graph.number_of_edges() == graph.size() == 1
    assert graph.components() == [frozenset("ab")]
    assert Graph([("a", "b")], name="two").number_of_edges() == 1


def test_a_view_counts_its_own_edges(graph):
    part = graph.subgraph(["n1", "p1"])
    assert part.number_of_edges() == 2
    assert part.components() == [frozenset(["n1", "p1"])]
    assert graph.reverse().number_of_edges() == graph.reverse(copy=False).number_of_edges() == 4


def test_components_come_largest_first_then_by_least_id(graph, links):
    assert graph.components() == [{"n1", "p1", "o1"}, {"n2", "p2"}]
    links.node("a", "need", 11)
    links.node("b", "need", 11)
    links.settle()
    assert Graph(links).components() == [{"n1", "p1", "o1"}, {"n2", "p2"}, {"a"}, {"b"}]
    assert Graph(Links(RELATIONS)).components() == []


@pytest.mark.parametrize(
    ("at", "nodes", "shown"),
    [
        (0, 0, []),
        (4, 4, []),
        (6, 4, [("n1", "p1", "awaits", 5), ("n1", "p1", "joins", 6)]),
        (
            9,
            5,
            [
                ("n1", "p1", "awaits", 5),
                ("n1", "p1", "joins", 6),
                ("n2", "p1", "joins", 7),
                ("o1", "p1", "serves", 8),
            ],
        ),
    ],
)
def test_the_graph_at_an_earlier_position(links, at, nodes, shown):
    graph = Graph(links, at=at)
    assert graph.number_of_nodes() == nodes == len(list(graph))
    assert edges(graph) == shown
    assert {until for *_, until in graph.edges(data="until")} <= {None}


def test_a_node_that_came_later_is_not_in_an_earlier_graph(links):
    graph = Graph(links, at=8)
    assert "p2" not in graph
    assert "p2" not in graph.succ["n2"]
    with pytest.raises(KeyError):
        graph.nodes["p2"]


def test_the_graph_of_now_is_that_at_the_last_position_or_later(links):
    for at in (None, 10, 99):
        assert edges(Graph(links, at=at)) == edges(Graph(links))


@pytest.mark.parametrize("settled", [False, True])
def test_a_graph_does_not_change_when_the_network_goes_on(links, settled):
    mark = links.mark()
    if not settled:
        links.node("p9", "pool", 11)
        links.open("n2", "awaits", "p9", 11)
        links.close("n2", "joins", "p2", 11)
    graph = Graph(links)
    before = graph.copy()
    if not settled:
        links.undo(mark)
    links.node("p3", "pool", 11)
    links.open("n1", "joins", "p3", 12)
    links.close("n1", "joins", "p1", 13)
    links.settle()
    assert not Graph(links).has_edge("n1", "p1", "joins")
    assert nx.utils.graphs_equal(graph, before)
    assert graph.number_of_edges() == before.number_of_edges()
    assert graph.components() == Graph(before).components()


def test_a_link_closed_in_an_open_batch_is_out_until_it_is_undone(links):
    mark = links.mark()
    links.close("n1", "joins", "p1", 11)
    assert not Graph(links).has_edge("n1", "p1", "joins")
    assert Graph(links, at=10).has_edge("n1", "p1", "joins")
    links.undo(mark)
    assert Graph(links).has_edge("n1", "p1", "joins")


def test_writing_goes_on_while_the_edges_are_being_read(links, graph):
    reading = iter(graph.edges(keys=True, data=True))
    first = next(reading)
    for number in range(1000):
        links.node(f"x{number}", "pool", 11)
        links.open("n1", "joins", f"x{number}", 11)
    links.settle()
    Graph(links).components()
    assert len([first, *reading]) == 4
