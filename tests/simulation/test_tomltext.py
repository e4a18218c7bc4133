import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.simulation.tomltext import written

KEYS = st.text('abcXYZ-_ .é"', min_size=1, max_size=6)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
PLAIN = st.dictionaries(
    KEYS,
    st.recursive(
        st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=30,
    ),
    max_size=5,
)


@given(PLAIN)
def test_what_is_written_is_read_as_it_was(data):
    assert tomllib.loads(written(data)) == data


def test_what_is_not_there_is_left_out():
    assert written({"a": None, "b": {"c": None, "d": 1}}) == "b = { d = 1 }\n"


def test_long_tables_get_headings():
    row = {"name": "x" * 60, "title": "y" * 60}
    text = written({"one": row, "many": [row, row], "few": 1})
    assert [line for line in text.splitlines() if line.startswith("[")] == ["[one]", "[[many]]", "[[many]]"]
    assert text.startswith("few = 1\n")


def test_other_data_is_no_toml():
    with pytest.raises(TypeError, match="not plain data"):
        written({"a": 1.5})
