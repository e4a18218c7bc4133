import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from wis_engine.charts import flow
from wis_engine.charts.flow import NODES_MAX
from wis_engine.errors import Malformed

ROWS = {
    "action": ["B.1", "B.1", "C.1"],
    "how": ["alone", "pool", "pool"],
    "supplier": ["s&1", "s&1", "s2"],
    "price_cents": [10_000, 20_000, 30_000],
}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg):
    root = ET.fromstring(svg)
    return root, [text.text for text in root.iter(f"{SVG}text")]


def test_each_thing_is_named_with_its_amount():
    _, said = drawn(flow(ROWS, language="en"))
    assert said == [
        "From needs to suppliers: Price (EUR)",
        *("action", "how", "supplier"),
        *("B.1 · 300", "C.1 · 300", "in a pool · 500", "alone · 100", "s&1 · 300", "s2 · 300"),
    ]


def test_bands_are_as_thick_as_what_flows():
    root, _ = drawn(flow(ROWS))
    found = {}
    for path in root.iter(f"{SVG}path"):
        top, foot = re.fullmatch(r"M\S+ (\S+)C.*V(\S+)C.*", path.get("d")).groups()
        begin = float(path.get("d").split("C")[1].split()[3])
        assert float(top) > 0
        found[path.find(f"{SVG}title").text] = float(foot) - begin
    assert found == {
        "B.1 → da soli: 100": pytest.approx(60, abs=0.2),
        "B.1 → insieme: 200": pytest.approx(120, abs=0.2),
        "C.1 → insieme: 300": pytest.approx(180, abs=0.2),
        "da soli → s&1 (B.1): 100": pytest.approx(60, abs=0.2),
        "insieme → s&1 (B.1): 200": pytest.approx(120, abs=0.2),
        "insieme → s2 (C.1): 300": pytest.approx(180, abs=0.2),
    }


def test_names_do_not_collide():
    many = range(1, 101)
    columns = {"how": ["pool"] * 100, "supplier": [f"s{one}" for one in many], "price_cents": list(many)}
    root, said = drawn(flow(columns, ("how", "supplier")))
    places = [float(text.get("y")) for text in root.iter(f"{SVG}text") if text.get("x") == "707"]
    assert len(places) == NODES_MAX
    assert min(below - above for above, below in itertools.pairwise(places)) >= 14
    assert said[-1].startswith("altri 87 · ")


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"price_cents": [1, -1, 2]}, ("action", "how")),
        ({"price_cents": [0, 0, 0]}, ("action", "how")),
        ({}, ("action",)),
        ({}, ("action", "action")),
        ({}, ("action", "place")),
    ],
)
def test_what_does_not_flow_is_refused(change, stages):
    with pytest.raises(Malformed):
        flow(ROWS | change, stages)


def test_the_order_of_rows_changes_nothing():
    turned = {name: column[::-1] for name, column in ROWS.items()}
    assert flow(turned) == flow(ROWS)
