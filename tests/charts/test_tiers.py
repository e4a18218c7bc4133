from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from wis_engine.charts import network
from wis_engine.charts.tiers import NODES_MAX, _ordered
from wis_engine.errors import Malformed

SVG = "{http://www.w3.org/2000/svg}"


def graph(**nodes):
    made = nx.MultiDiGraph()
    for kind, names in nodes.items():
        made.add_nodes_from(names, kind=kind)
    return made


@pytest.fixture
def hamlet():
    made = graph(firm=["f"], person=["p"], household=["h"], need=["n<"], engagement=["e"], offer=["o"], supplier=["s"])
    made.add_edges_from([("f", "p"), ("p", "h"), ("h", "n<"), ("e", "n<"), ("o", "e"), ("s", "o"), ("f", "s")])
    return made


def test_links_go_through_what_is_not_drawn(hamlet):
    root = ET.fromstring(network(hamlet, language="en"))
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles == ["Who is linked to whom. 4 nodes, 3 links", "f", "h", "n<", "s"]
    lines = [path for path in root.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(lines) == 3
    assert "firms: 1" in [text.text for text in root.iter(f"{SVG}text")]


def test_nodes_stand_where_links_cross_little():
    nodes = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}
    links = {("a", "b"): {"a1": {"b3"}, "a2": {"b2"}, "a3": {"b1"}}}
    order = _ordered(nodes, links)
    places = {name: place for names in order.values() for place, name in enumerate(names)}
    assert all(places[source] == places[target] for source, (target,) in links["a", "b"].items())


@pytest.mark.parametrize("count", [0, NODES_MAX + 1])
def test_a_large_network_is_counted_and_not_drawn(count):
    with pytest.raises(Malformed, match=f"{count} nodes"):
        network(graph(firm=range(count)))


@pytest.mark.parametrize("tiers", [("firm",), ("firm", "firm"), ("firm", "person")])
def test_tiers_are_two_or_more(tiers, hamlet):
    with pytest.raises(Malformed, match="two or more tiers"):
        network(hamlet, tiers)
