"""The study's tables are worked out from what was lived, and fit on its page."""

import re
from functools import cache

from benchmarks import study

SIZES = (3, 10)


@cache
def lived():
    return study.lived(2, SIZES, None, None)


def test_the_tables_of_the_study_have_a_row_for_each_community():
    found = study.tables(lived())
    assert found["seeds"] == "48 runs: 6 communities, 4 strategies, 2 seeds."
    assert [line.split(" | ")[0] for line in found["paying"].splitlines()[2:]] == ["| 3", "| 10"]
    rows = [line.split(" | ")[0] for line in found["coverage"].splitlines()[2:]]
    assert rows == [f"| {name}" for name in ("town-3", "town-10", "wide-10", "strangers-10", "dear-10")]


def test_every_strategy_meets_the_same_needs():
    runs = lived().runs
    for name in lived().scenarios:
        for seed in (0, 1):
            assert len(set(runs.where(scenario=name, seed=seed)["demand"])) == 1


def test_a_table_takes_its_place_on_the_page_and_no_other():
    page = "a\n<!-- x -->\n<!-- end -->\nb\n<!-- y -->\nold\n<!-- end -->\n"
    once = study.written(page, {"x": "1", "y": "2"})
    assert once == "a\n<!-- x -->\n1\n<!-- end -->\nb\n<!-- y -->\n2\n<!-- end -->\n"
    assert study.written(once, {"x": "1", "y": "2"}) == once


def test_the_page_has_a_place_for_every_table_and_shows_every_picture():
    page = study.PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- (\w+) -->", page)) - {"end"} == set(study.tables(lived()))
    for picture in re.findall(r"\]\((study/\w+\.png)\)", page):
        assert (study.PAGE.parent / picture).stat().st_size < 60_000


def test_pictures_are_drawn(tmp_path):
    study.pictures(lived(), tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"saving", "paired", "frontier"}
