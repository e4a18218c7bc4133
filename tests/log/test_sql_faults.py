"""Whatever is changed behind a log's back is found where it is, by looking through everything."""

import re
from functools import reduce

import attrs
import pytest

from wis_engine.errors import IntegrityError
from wis_engine.facts import Event, HouseholdFormed, NeedExpired, NeedWithdrawn
from wis_engine.jsontext import EVENT_BYTES_MAX
from wis_engine.log import sql_faults
from wis_engine.log.codec import Registry
from wis_engine.log.log import Fault
from wis_engine.log.sqlite import SqliteLog
from wis_engine.network.parties import Member
from wis_engine.values import AgeBand

FAMILY = HouseholdFormed(household="h", holders=("p",), members=(Member(id="m", age_band=AgeBand.ADULT_18_64),), nil=10)

DAMAGES = [
    ("DELETE FROM events WHERE position = 3", {3: "nothing stands at positions 3 to 3"}),
    ("DELETE FROM events WHERE position IN (2, 3)", {2: "nothing stands at positions 2"}),
    ("DELETE FROM batches WHERE first = 3", {3: "no batch begins here; the next one begins at 5"}),
    ("UPDATE batches SET last = 3 WHERE first = 3", {4: "no batch begins here; the next one begins at 5"}),
    ("UPDATE batches SET recorded_at = recorded_at + 1 WHERE first = 1", {3: "recorded before"}),
    ("UPDATE events SET batch = 1 WHERE position = 4", {4: "in no batch, or in another"}),
    ('UPDATE events SET body = \'{"need":"x"}\' WHERE position = 1', {1: "the key of this batch"}),
    ('UPDATE events SET body = \'{"need":"x"}\' WHERE position = 5', {5: "the index does not say"}),
    ('UPDATE events SET body = \'{"need": "e"}\' WHERE position = 5', {5: "not in canonical form"}),
    ("UPDATE events SET body = '{\"need\":7}' WHERE position = 5", {5: "not to be read"}),
    ("UPDATE events SET body = '' WHERE position = 1", {1: "not to be read"}),
    ("UPDATE events SET name = 'need-expired' WHERE position = 1", {1: "the key of this batch"}),
    ("UPDATE events SET name = 'from-the-future' WHERE position = 5", {5: "not to be read"}),
    ("UPDATE events SET version = 9 WHERE position = 5", {5: "not to be read"}),
    ("UPDATE batches SET content = 'other' WHERE first = 1", {1: "the key of this batch"}),
    ("UPDATE batches SET key = 'new' WHERE first = 5", {5: "a key without a digest"}),
    ("UPDATE batches SET key = NULL WHERE first = 1", {1: "or the other way round"}),
    ("UPDATE batches SET key = '' WHERE first = 1", {1: "Batch.key"}),
    ("UPDATE batches SET actor = '' WHERE first = 3", {3: "Batch.actor"}),
    ("UPDATE batches SET cause = 'a' || chr(10) WHERE first = 3", {3: "Batch.cause"}),
    ("UPDATE batches SET occurred_at = 9000000000000000000 WHERE first = 3", {3: "no calendar has"}),
    ("UPDATE batches SET recorded_at = 9000000000000000000 WHERE first = 6", {6: "no calendar has"}),
    ("UPDATE events SET subject = 'h' WHERE position = 2", {2: "of somebody else"}),
    ("UPDATE events SET subject = 'other' WHERE position = 6", {6: "of somebody else"}),
    ("UPDATE events SET subject = NULL WHERE position = 6", {6: "of somebody else"}),
    ("UPDATE events SET chain = subject::bytea WHERE position = 6", {6: "a link of a chain"}),
    ("INSERT INTO mentions VALUES (COMMUNITY 'a', 7)", {7: "an entry of the index where no fact stands"}),
    ("INSERT INTO mentions VALUES (COMMUNITY 'a', 0)", {0: "an entry of the index where no fact stands"}),
    ("INSERT INTO snapshots VALUES (COMMUNITY 7, 0, 'f', 'd', NULL)", {7: "a snapshot where no fact stands"}),
    (
        "INSERT INTO events VALUES (COMMUNITY 0, 0, 'need-withdrawn', 1, '{}', NULL, NULL, NULL)",
        {0: "a fact where no fact stands"},
    ),
    ("INSERT INTO batches VALUES (COMMUNITY 0, 0, 0, 0, 'a', NULL, NULL, NULL)", {0: "a batch where no fact stands"}),
    ("DELETE FROM mentions WHERE id = 'b'", {2: "the index does not say"}),
    (
        "UPDATE mentions SET position = 4 WHERE id = 'b'",
        {2: "the index does not", 4: "the index says what no fact"},
    ),
    ("UPDATE mentions SET id = 'other' WHERE id = 'b'", {2: "the index does not say"}),
    ("INSERT INTO mentions VALUES (COMMUNITY 'other', 3)", {3: "the index says what no fact"}),
]


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request, path):
    """A log of some facts, and a way to write to it behind its back."""
    if request.param == "sqlite":
        edit = request.getfixturevalue("edit")
        log = request.getfixturevalue("opened")(path)
        words = {"COMMUNITY": "", "chr(": "char(", "subject::bytea": "CAST(subject AS BLOB)"}
        return log, lambda statement: edit(
            path, reduce(lambda said, word: said.replace(*word), words.items(), statement)
        )
    edit = request.getfixturevalue("edit_postgres")
    log = request.getfixturevalue("opened_postgres")()

    def write(statement):
        verb, _, where = statement.partition(" WHERE ")
        for table in ("events", "batches", "mentions", "snapshots"):
            verb = re.sub(rf"\b{table}\b", f"wis_engine.{table}", verb)
        name = f"'{log._name}'"
        edit(f"{verb} WHERE {where} AND community = {name}" if where else verb.replace("COMMUNITY", f"{name},"))

    return log, write


@pytest.fixture
def written(kept, batch):
    log, write = kept
    log.append(batch(NeedWithdrawn(need="a"), NeedWithdrawn(need="b"), key="k"), after=0)
    log.append(batch(NeedWithdrawn(need="c"), NeedExpired(need="d")), after=2)
    log.append(batch(NeedWithdrawn(need="e")), after=4)
    log.append(batch(FAMILY, key="family"), after=5)
    return log, write


def test_a_log_as_it_was_written_has_none(written):
    log, _ = written
    assert list(log.faults()) == []


@pytest.mark.parametrize(("damage", "expected"), DAMAGES)
@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_damage_is_found_where_it_is(written, damage, expected, page, monkeypatch):
    monkeypatch.setattr(sql_faults, "PAGE", page)
    log, write = written
    write(damage)
    found = list(log.faults())
    assert [one.position for one in found] == sorted(one.position for one in found)
    for position, what in expected.items():
        assert any(one.position == position and what in one.what for one in found), found
    assert all(isinstance(one, Fault) and "per" not in one.what.split() for one in found)


def test_a_personal_piece_that_is_gone_is_no_fault(written):
    log, write = written
    write("UPDATE events SET personal = NULL WHERE position = 6")
    assert list(log.faults()) == []


def test_a_personal_piece_of_somebody_else_is_one(written):
    log, write = written
    other = b'{"holders":["q"],"members":[{"age_band":"adult-18-64","id":"m"}],"nil":10}'.hex()
    literal = f"x'{other}'" if hasattr(log, "_path") else f"'\\x{other}'"
    write(f"UPDATE events SET personal = {literal} WHERE position = 6")
    assert [one.position for one in log.faults()] == [6]


@pytest.mark.parametrize("damage", ["recorded_at = 0", "recorded_at = 9000000000000000000"])
def test_a_community_that_says_another_instant_than_its_last_batch_is_told(
    filled_postgres, edit_postgres, batch, damage
):
    edit_postgres(f"UPDATE wis_engine.communities SET {damage} WHERE community = '{filled_postgres._name}'")
    assert list(filled_postgres.faults()) == [
        Fault(position=3, what="the community says another instant of its last fact")
    ]


def test_a_community_that_says_another_head_than_its_last_batch_is_told(filled_postgres, edit_postgres):
    edit_postgres(f"UPDATE wis_engine.communities SET head = 2 WHERE community = '{filled_postgres._name}'")
    assert "position 3: a fact where no fact stands" in map(str, filled_postgres.faults())
    edit_postgres(f"UPDATE wis_engine.communities SET head = 4 WHERE community = '{filled_postgres._name}'")
    assert "position 3: the community says that its last fact stands at 4" in map(str, filled_postgres.faults())


def test_a_fact_recorded_at_no_instant_is_an_error_of_integrity(filled_postgres, edit_postgres, batch):
    name = filled_postgres._name
    edit_postgres(f"UPDATE wis_engine.communities SET recorded_at = 9000000000000000000 WHERE community = '{name}'")
    for write in (
        lambda: filled_postgres.append(batch(NeedWithdrawn(need="d")), after=3),
        lambda: filled_postgres.load([batch(NeedWithdrawn(need="d"))]),
    ):
        with pytest.raises(IntegrityError):
            write()
    edit_postgres(f"UPDATE wis_engine.batches SET recorded_at = 9000000000000000000 WHERE community = '{name}'")
    with pytest.raises(IntegrityError):
        filled_postgres.append(batch(NeedWithdrawn(need="a"), NeedWithdrawn(need="b"), key="k"), after=0)


@pytest.mark.parametrize("table", ["events SET body", "events SET name", "batches SET actor", "mentions SET id"])
def test_what_is_no_text_is_named_by_its_position_and_not_quoted(opened, batch, edit, path, table):
    log = opened(path)
    log.append(batch(NeedWithdrawn(need="a")), after=0)
    log.append(batch(NeedWithdrawn(need="b")), after=1)
    where = "first" if "batches" in table else "position"
    edit(path, f"UPDATE {table} = CAST(x'7365637265742dff' AS TEXT) WHERE {where} = 1")
    found = list(log.faults())
    assert {one.position for one in found} == {1}
    assert "secret" not in "".join(one.what for one in found if "name" not in table)
    assert log.head() == 2
    if "body" in table:
        with pytest.raises(IntegrityError) as caught:
            list(log.read())
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__


@attrs.frozen(kw_only=True)
class Long(Event):
    name = "long"
    words: str


@pytest.mark.parametrize("space", ["", " "])
def test_a_fact_beyond_the_limit_is_held_to_its_form_too(clock, path, batch, edit, space):
    log = SqliteLog(path, registry=Registry([Long]), clock=clock)
    log.append(batch(Long(words="x" * EVENT_BYTES_MAX)), after=0)
    edit(path, f"UPDATE events SET body = replace(body, ':', ':{space}')")
    assert [one.position for one in log.faults()] == ([1] if space else [])
    log.close()


def test_a_damaged_file_is_told(opened, batch, edit, path):
    log = opened(path)
    log.append(batch(NeedWithdrawn(need="a"), key="k"), after=0)
    stricter = "UPDATE sqlite_schema SET sql = replace(sql, 'key TEXT UNIQUE', 'key TEXT NOT NULL UNIQUE')"
    edit(path, "PRAGMA writable_schema = ON", stricter)
    log.append(batch(NeedWithdrawn(need="b")), after=1)
    log.close()
    assert any("the file" in one.what for one in opened(path).faults())
