import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from wis_engine import territory
from wis_engine.charts import zone_map
from wis_engine.charts.zones import bounds, shade, shapes
from wis_engine.errors import Malformed


def corners(path):
    """Undo the steps of a path: the rings of its dots."""
    for ring in path.removesuffix("z").split("z"):
        (x, y), *steps = [tuple(map(int, pair)) for pair in re.findall(r"(-?\d+)\s*(-?\d+)", ring)]
        dots = [(x, y)]
        for east, south in steps:
            dots.append((dots[-1][0] + east, dots[-1][1] + south))
        yield dots


def testshapes_lie_on_the_sheet_and_turn_at_every_dot():
    paths, width, height = shapes()
    for path in paths:
        for ring in corners(path):
            assert len(ring) > 2
            assert all(0 <= x <= width and 0 <= y <= height for x, y in ring)
            assert all(here != after for here, after in itertools.pairwise(ring))
    assert sum(map(len, paths)) < 40_000


def test_the_area_of_a_shape_is_that_of_its_zone():
    paths, _, _ = shapes()
    whole = sum(abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(r, r[1:] + r[:1], strict=True))) // 2
                for path in paths for r in list(corners(path))[:1])  # fmt: skip
    assert 180_000_000 < whole * 25 * 25 < 184_000_000  # the city has 181.8 square kilometres


def testshades_grow_with_what_they_show():
    shades = [shade(count, 23) for count in range(24)]
    assert shades[0] == "#ffffff"
    assert list(dict.fromkeys(shades)) == sorted(set(shades), key=lambda one: -int(one[1:3], 16))
    for count in range(24):
        place = list(dict.fromkeys([shade(0, 23), *shades])).index(shades[count])
        least, last = bounds(place, 23)
        assert least <= count <= last
    assert shade(0, 0) == "#ffffff"


@pytest.mark.parametrize("most", [1, 2, 5, 20, 25])
def test_thebounds_ofshades_part_the_counts(most):
    assert [count for place in range(6) for count in range(bounds(place, most)[0], bounds(place, most)[1] + 1)] == [
        *range(most + 1)
    ]


COVERED = {"group": ["1", "2", "88", ""], "coverage_ppm": [0, 250_000, 1_000_000, 5]}


def test_the_map_shades_zones_by_a_measure():
    drawn = zone_map(COVERED, language="en")
    root = ET.fromstring(drawn)
    told = {path[0].text: path.get("fill") for path in root.iter("{http://www.w3.org/2000/svg}path")}
    assert len(told) == territory.NILS
    assert told["1 Duomo: 0\N{NO-BREAK SPACE}%"] == shade(0, 1)
    assert told["2 Brera: 25\N{NO-BREAK SPACE}%"] == shade(25, 100)
    assert sum(fill == "none" for fill in told.values()) == territory.NILS - 3
    assert "<title>Coverage, by zone. 3 of 88 zones</title>" in drawn
    assert "up to 100\N{NO-BREAK SPACE}%" in drawn


def test_two_maps_are_compared_by_the_same_shades():
    assert f'fill="{shade(1, 4)}"' in zone_map({"group": [5], "coverage_ppm": [250_000]}, most=1_000_000)


@pytest.mark.parametrize(
    ("groups", "values", "said"),
    [
        (["1", "1"], [1, 2], "zone 1 stands twice"),
        (["1", "89"], [1, 2], "no NIL"),
        (["1", "Duomo"], [1, 2], "no NIL"),
        (["1", "2"], [1, -2], "below zero"),
        (["", None], [1, 2], "no zone"),
    ],
)
def test_what_is_no_zone_is_refused(groups, values, said):
    with pytest.raises(Malformed, match=said):
        zone_map({"group": groups, "coverage_ppm": values})


def test_values_stay_below_the_most():
    with pytest.raises(Malformed, match="above the most"):
        zone_map(COVERED, most=10)
