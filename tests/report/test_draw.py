import itertools
import re

import attrs
import pytest
from lived import summary

from wis_engine import territory
from wis_engine.facts.matches import PlanLevel
from wis_engine.report import page
from wis_engine.report.draw_map import _bounds, _shade, _shapes


def section(read, name):
    return re.search(rf'<section id="{name}">.*?</section>', read.html, re.DOTALL)[0]


def test_the_map_draws_every_zone_twice(pages):
    drawn = section(pages["en", False], "map")
    assert len(re.findall(r'<path id="z\d+"', drawn)) == territory.NILS
    for nil in range(1, territory.NILS + 1):
        assert drawn.count(f'<use href="#z{nil}"/>') == 2
    for zone in summary().zones:
        assert f"<title>{zone.nil} {zone.name.replace(chr(39), '&#x27;')}, municipio {zone.municipio}: " in drawn


def corners(path):
    """Undo the steps of a path: the rings of its dots."""
    for ring in path.removesuffix("z").split("z"):
        (x, y), *steps = [tuple(map(int, pair)) for pair in re.findall(r"(-?\d+)\s*(-?\d+)", ring)]
        dots = [(x, y)]
        for east, south in steps:
            dots.append((dots[-1][0] + east, dots[-1][1] + south))
        yield dots


def test_shapes_lie_on_the_sheet_and_turn_at_every_dot():
    paths, width, height = _shapes()
    for path in paths:
        for ring in corners(path):
            assert len(ring) > 2
            assert all(0 <= x <= width and 0 <= y <= height for x, y in ring)
            assert all(here != after for here, after in itertools.pairwise(ring))
    assert sum(map(len, paths)) < 40_000


def test_the_area_of_a_shape_is_that_of_its_zone():
    paths, _, _ = _shapes()
    whole = sum(abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(r, r[1:] + r[:1], strict=True))) // 2
                for path in paths for r in list(corners(path))[:1])  # fmt: skip
    assert 180_000_000 < whole * 25 * 25 < 184_000_000  # the city has 181.8 square kilometres


def test_shades_grow_with_what_they_show():
    shades = [_shade(count, 23) for count in range(24)]
    assert shades[0] == "#ffffff"
    assert list(dict.fromkeys(shades)) == sorted(set(shades), key=lambda shade: -int(shade[1:3], 16))
    for count in range(24):
        place = list(dict.fromkeys([_shade(0, 23), *shades])).index(shades[count])
        least, last = _bounds(place, 23)
        assert least <= count <= last
    assert _shade(0, 0) == "#ffffff"


@pytest.mark.parametrize("most", [1, 2, 5, 20, 25])
def test_the_bounds_of_shades_part_the_counts(most):
    assert [count for place in range(6) for count in range(_bounds(place, most)[0], _bounds(place, most)[1] + 1)] == [
        *range(most + 1)
    ]


def test_a_certificate_says_value_bound_and_gap():
    first = summary().plans[0]
    levels = (
        PlanLevel(level="covered_minutes", value=60, bound=100),
        PlanLevel(level="public_cents", value=1_234, bound=1_234),
        PlanLevel(level="of-mine", value=7, bound=9),
    )
    drawn = page(attrs.evolve(summary(), plans=(attrs.evolve(first, levels=levels),)), language="en")
    assert "<div>60</div><div>bound 100</div><div>gap 40</div>" in drawn
    assert "<div>12.34</div><div>bound 12.34</div><div>proved best</div>" in drawn
    assert "of-mine" in drawn


def test_pools_say_what_they_save(pages):
    together = [pool for pool in summary().pools if pool.together]
    saved = sum(pool.saved_cents for pool in together)
    drawn = section(pages["en", False], "pools")
    assert f"{saved // 100:,}.{saved % 100:02d}" in drawn
    assert section(pages["en", True], "pools").count("<tr>") > len(together) > drawn.count("<tr>")


def test_the_months_are_drawn_as_bars_and_as_rows(pages):
    drawn = section(pages["it", False], "growth")
    assert drawn.count("<rect") == len(summary().months)
    for row in summary().months:
        assert f"{row.first_day:%m/%y}" in drawn
    assert "atteso 80" in drawn


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("selector", "paper"), [("body", "#ffffff"), (".quiet", "#ffffff"), ("nav a", "#ffffff"), (".mark", "#fff3cd"),
                            ("caption", "#ffffff"), (".id", "#ffffff"), ("body", "#eef3f3")]
)  # fmt: skip
def test_words_stand_out_from_their_paper(pages, selector, paper):
    style = re.search(r"<style>(.*?)</style>", pages["it", False].html, re.DOTALL)[1]
    colour = re.search(rf"^{re.escape(selector)} {{[^}}]*?[ {{]color: (#\w{{6}})", style, re.MULTILINE)[1]
    lighter, darker = sorted([luminance(colour), luminance(paper)], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
