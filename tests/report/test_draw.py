import re

import attrs
import pytest
from lived import summary

from wis_engine import territory
from wis_engine.facts.matches import PlanLevel
from wis_engine.report import page


def section(read, name):
    return re.search(rf'<section id="{name}">.*?</section>', read.html, re.DOTALL)[0]


def test_the_map_draws_every_zone_twice(pages):
    drawn = section(pages["en", False], "map")
    assert len(re.findall(r'<path id="z\d+"', drawn)) == territory.NILS
    for nil in range(1, territory.NILS + 1):
        assert drawn.count(f'<use href="#z{nil}"/>') == 2
    for zone in summary().zones:
        assert f"<title>{zone.nil} {zone.name.replace(chr(39), '&#x27;')}, municipio {zone.municipio}: " in drawn


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
