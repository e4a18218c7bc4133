import datetime as dt
from fractions import Fraction

import numpy as np
import pytest

from wis_engine.charts.columns import ROWS_MAX, read, stacked
from wis_engine.errors import Malformed
from wis_engine.measures import Table

COLUMNS = {"who": ["a", 2, None], "much": [1, 2.5, 3], "when": [dt.date(1970, 1, 3), 4, 5]}


class Frame:
    """What pandas and polars have in common."""

    def __init__(self, columns):
        self.columns, self._columns = list(columns), columns

    def __getitem__(self, name):
        return self._columns[name]


@pytest.mark.parametrize("held", [COLUMNS, Frame(COLUMNS)])
def test_columns_are_read_however_they_are_held(held):
    rows = read(held, ("much",), days=("when",), names=("who",), either=("seed",))
    assert (rows["who"], rows["much"], rows["when"], rows["seed"]) == (["a", "2", ""], [1, 2.5, 3], [2, 4, 5], [""] * 3)
    assert len(rows) == 3


def test_a_table_of_measures_is_read():
    table = Table.of("t", ("seed", "share_ppm"), [(1, 10), (2, None), (3, 30)])
    assert read(table, ("share_ppm",), names=("seed",))["share_ppm"] == [10, 30]


def test_numbers_of_other_libraries_become_ours():
    found = read({"x": np.array([1, 2]), "y": [Fraction(1, 2), Fraction(4, 2)]}, ("x", "y"))
    assert [(type(one), one) for one in (*found["x"], *found["y"])] == [(int, 1), (int, 2), (float, 0.5), (int, 2)]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({}, "no column 'much'"),
        ({"much": [1]}, "no column 'when', 'who'"),
        (COLUMNS | {"much": [1]}, "different lengths"),
        (COLUMNS | {"much": [None, float("nan"), None]}, "nothing to draw"),
        ({"who": [], "much": [], "when": []}, "nothing to draw"),
        (COLUMNS | {"much": [1, "2", 3]}, "'much': not all finite numbers"),
        (COLUMNS | {"much": [1, True, 3]}, "'much': not all finite numbers"),
        (COLUMNS | {"much": [1, float("inf"), 3]}, "'much': not all finite numbers"),
        (COLUMNS | {"when": [1, "2025-01-01", 3]}, "'when': not all days"),
        (dict.fromkeys(COLUMNS, range(ROWS_MAX + 1)), "at most 1000000"),
        (3, "no columns"),
        (None, "no columns"),
    ],
)
def test_what_cannot_be_drawn_is_refused(held, said):
    with pytest.raises(Malformed, match=said):
        read(held, ("much",), days=("when",), names=("who",))


def test_rows_are_parted_in_order():
    rows = read({"x": [1, 2, 3], "s": ["b", "a", "b"]}, ("x",), names=("s",))
    assert [(name, part["x"]) for name, part in rows.by("s")] == [("b", [1, 3]), ("a", [2])]


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (({"seed": 1}, {"x": [1]}), ({"seed": 2}, {"y": [1]})),
        (({"seed": 1}, {"x": [1]}), ({"strategy": "a"}, {"x": [1]})),
    ],
)
def test_parts_that_do_not_fit_are_not_stacked(parts):
    with pytest.raises(Malformed, match="stacked"):
        stacked(*parts)
