from pathlib import Path

import pytest

from wis_engine.errors import Malformed
from wis_engine.interop.columns import TABLES, finished, heading, made_of

DOCS = (Path(__file__).parents[2] / "docs" / "own_data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented_with_its_names_and_example(table):
    _, _, section = DOCS.partition(f"### {table.capitalize()}\n")
    rows = section.partition("\n#")[0].strip().splitlines()[2:]
    told = [row.replace("\\|", "¦").split("|")[1:4] for row in rows]
    assert [[cell.strip().replace("¦", "|") for cell in row] for row in told] == [
        [f"`{column.name}`", ", ".join((column.italian, *column.others)), column.example] for column in TABLES[table]
    ]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_names_of_its_own_and_an_example_that_reads(table):
    headers = [header for column in TABLES[table] for header in column.headers]
    assert len(headers) == len(set(headers))
    assert all(column.fields for column in TABLES[table])


def test_a_header_may_say_euro():
    assert heading("Spesa massima (€)") == heading("spesa_massima EUR") == heading("SPESA MASSIMA in euro")
    assert heading("euro") == "euro"


def test_what_a_table_can_have_is_known_from_its_columns():
    assert made_of(["from", "to", "id"]) == {"period": "to", "id": "id"}
    assert made_of(["steps"]) == {"minutes": "steps", "steps": "steps"}
    assert made_of(["steps", "minutes"])["minutes"] == "minutes"


def test_parts_that_do_not_agree_are_refused():
    with pytest.raises(Malformed, match="minutes: two columns"):
        finished({"minutes": "60", "session_minutes": "60", "sessions": "2"})
    assert finished({"session_minutes": "60", "sessions": "2"}) == {"sessions": "2", "minutes": "120"}
