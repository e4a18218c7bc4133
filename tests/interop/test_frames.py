import datetime as dt

import pandas as pd
import polars as pl
import pytest
from hamlet import year

from wis_engine.errors import Malformed
from wis_engine.interop import frame
from wis_engine.measures import Measures, Table

TABLE = Table.of("t", ("day", "cents", "who"), [(dt.date(2025, 9, 1), 5, "a"), (None, None, None)])


def test_a_table_becomes_a_frame_of_polars():
    made = frame(TABLE, "polars")
    assert made.schema == {"day": pl.Date, "cents": pl.Int64, "who": pl.String}
    assert made.rows() == [(dt.date(2025, 9, 1), 5, "a"), (None, None, None)]


def test_a_table_becomes_a_frame_of_pandas():
    made = frame(TABLE)
    assert made["day"].dtype.kind == "M"
    assert made["day"][0] == pd.Timestamp("2025-09-01")
    assert made["cents"].tolist()[0] == 5
    assert made.isna().sum().tolist() == [1, 1, 1]


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_every_table_of_the_measures_can_be_a_frame(backend):
    measures = Measures(year().community)
    for name in ("needs", "pools", "months", "weeks", "budget", "groups", "lorenz", "flows", "growth"):
        table = getattr(measures, name)
        assert frame(table, backend).shape == (len(table), len(table.names))


def test_rows_and_columns_become_frames_too():
    rows = year().community.records("pools")
    assert frame(rows, "polars").height == len(rows)
    assert frame(year().columns(), "polars").columns == list(year().columns())
    assert frame([{"a": 1}, {"b": 2}], "polars").rows() == [(1, None), (None, 2)]
    assert frame([], "polars").shape == (0, 0)


@pytest.mark.parametrize("told", ["text", 5, [1, 2], {"a": [1], "b": [1, 2]}])
def test_what_is_no_table_is_told(told):
    with pytest.raises(Malformed):
        frame(told, "polars")


@pytest.mark.parametrize("backend", ["abacus", "pyarrow"])
def test_a_library_that_is_not_there_is_told(backend, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(Malformed, match=backend):
        frame(TABLE, backend)
