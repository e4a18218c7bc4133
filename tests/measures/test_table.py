import datetime as dt
import pickle

import pytest

from wis_engine.errors import Malformed
from wis_engine.measures import Table

TABLE = Table.of("ages", ("who", "years"), [("a", 3), ("b", None), ("a", 5)])


def test_rows_become_columns_and_come_back():
    assert TABLE["years"] == (3, None, 5)
    assert TABLE.rows() == [("a", 3), ("b", None), ("a", 5)]
    assert Table.from_records("ages", TABLE.names, TABLE.records()) == TABLE
    assert TABLE.columns == {"who": ("a", "b", "a"), "years": (3, None, 5)}
    assert pickle.loads(pickle.dumps(TABLE)) == TABLE


def test_rows_are_kept_by_value():
    assert TABLE.where(who="a")["years"] == (3, 5)
    assert TABLE.where(who="a", years=5).rows() == [("a", 5)]
    assert len(TABLE.where(who="c")) == 0
    assert TABLE.where() == TABLE


def test_numbers_leave_out_what_is_none():
    assert TABLE.numbers("years") == (3, 5)


def test_an_empty_table_has_its_columns():
    empty = Table.of("none", ("a", "b"), [])
    assert (len(empty), empty["b"], empty.rows(), empty.records()) == (0, (), [], [])
    assert "<th>b</th>" in empty._repr_html_()


def test_it_is_drawn_for_a_notebook():
    drawn = Table.of("«days» & more", ("day", "cents", "mean"), [(dt.date(2025, 9, 1), 5, 1 / 3)] * 101)._repr_html_()
    assert "2025-09-01" in drawn
    assert "0.3333" in drawn
    assert "the first 100 of 101" in drawn
    assert "&amp;" in drawn


def test_what_does_not_fit_is_told():
    for names, data in ((("a", "a"), ((1,), (2,))), (("a",), ()), (("a", "b"), ((1,), (1, 2)))):
        with pytest.raises(Malformed):
            Table(title="t", names=names, data=data)
    with pytest.raises(Malformed, match="no column 'size'"):
        TABLE["size"]
    with pytest.raises(Malformed):
        TABLE.where(size=3)
