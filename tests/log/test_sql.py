"""What the logs in a database have in common, seen on a file."""

import pytest

from wis_engine.errors import IntegrityError, KeyReused
from wis_engine.facts import NeedWithdrawn
from wis_engine.log import sql
from wis_engine.log.log import Snapshot


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def needs(log, **how):
    return [one.fact.need for one in log.read(**how)]


@pytest.fixture
def written(monkeypatch):
    """How many facts were written at once, each time."""
    sizes = []
    add = sql.Rows.add

    def counted(rows, *given, **named):
        last = add(rows, *given, **named)
        sizes.append(len(rows.events))
        return last

    monkeypatch.setattr(sql.Rows, "add", counted)
    return sizes


def test_a_load_holds_no_more_than_a_chunk(opened, batch, written, monkeypatch):
    monkeypatch.setattr(sql, "CHUNK", 5)
    log = opened()
    taken = []

    def handed_in():
        for number in range(6):
            taken.append((number, log.head()))
            yield batch(*withdrawn(f"{number}-a", f"{number}-b"), key=f"k-{number}")

    assert log.load(handed_in())[-1].last == log.head() == 12
    assert written == [2, 4, 6, 2, 4, 6]
    assert taken == [(0, 0), (1, 0), (2, 0), (3, 6), (4, 6), (5, 6)]
    assert needs(log) == [f"{number}-{part}" for number in range(6) for part in "ab"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_key_is_known_in_its_own_chunk_and_in_later_ones(opened, batch, chunk, monkeypatch):
    monkeypatch.setattr(sql, "CHUNK", chunk)
    log = opened()
    one, other = batch(*withdrawn("a"), key="k"), batch(*withdrawn("b"), key="other")
    answers = log.load([one, one, other, one, batch(*withdrawn("a")), other])
    assert [(answer.first, answer.repeated) for answer in answers] == [
        (1, False),
        (1, True),
        (2, False),
        (1, True),
        (3, False),
        (2, True),
    ]
    assert needs(log) == ["a", "b", "a"]
    with pytest.raises(KeyReused):
        log.load([batch(*withdrawn("c"), key="new"), batch(*withdrawn("d"), key="new")])
    assert log.head() == 3


def test_what_is_found_by_id_is_read_across_pages(opened, batch, monkeypatch):
    monkeypatch.setattr(sql, "PAGE", 3)
    monkeypatch.setattr("wis_engine.log.sqlite.PAGE", 3)
    log = opened()
    log.append(batch(*withdrawn(*"abcabcabcabc")), after=0)
    assert needs(log, about=["a"]) == ["a"] * 4
    assert needs(log, about=["a", "b"]) == ["a", "b"] * 4
    assert needs(log, about=["a", "b", "c"], types=["need-withdrawn"], after=2, until=11) == list("cabcabcab")
    assert needs(log) == list("abcabcabcabc")


@pytest.mark.parametrize("parts", [(), (b"",), (b"one",), (b"one", b"", b"three")])
def test_a_snapshot_is_a_row_a_part(opened, parts, path):
    log = opened(path)
    log.put(Snapshot.of(7, "form", parts))
    assert log.get() == Snapshot.of(7, "form", parts)
    assert log.get().whole
    ((rows,),) = log._connection.execute("SELECT count(*) FROM snapshots").fetchall()
    assert rows == max(1, len(parts))


def test_a_snapshot_that_lost_a_part_is_not_whole(opened, edit, path):
    log = opened(path)
    log.put(Snapshot.of(7, "form", (b"one", b"two")))
    edit(path, "DELETE FROM snapshots WHERE part = 1")
    assert not log.get().whole


def test_a_batch_that_is_gone_is_named(filled, opened, edit):
    edit(filled, "DELETE FROM batches WHERE first = 1")
    with pytest.raises(IntegrityError, match="the batch of position 1 is gone"):
        needs(opened(filled))


@pytest.mark.parametrize("form", ["", "two\nlines", "x" * 201])
def test_a_snapshot_whose_format_is_none_is_not_whole(opened, edit, path, form):
    log = opened(path)
    log.put(Snapshot.of(7, "form", (b"one",)))
    edit(path, f"UPDATE snapshots SET format = '{form}'")
    assert (log.get().position, log.get().whole) == (7, False)
