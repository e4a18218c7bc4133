"""How the file of a log is opened, and what is refused without being touched."""

import datetime as dt
import hashlib
import os
import sqlite3
import subprocess
import sys

import pytest

from wis_engine.errors import FormatError, IntegrityError, Malformed, ReadOnly, StorageUnavailable
from wis_engine.facts import NeedWithdrawn
from wis_engine.log import sqlite_file

MODES = pytest.mark.parametrize("mode", ["rw", "r"])


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def needs(log):
    return [one.fact.need for one in log.read()]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_log_outlives_its_object(filled, opened, batch, clock):
    clock.move(-3_600)
    log = opened(filled)
    assert needs(log) == ["a", "b", "c"]
    assert log.append(batch(*withdrawn("a", "b"), key="k"), after=0).repeated
    assert log.append(batch(*withdrawn("d")), after=3).recorded_at == clock.now + dt.timedelta(hours=1)


def test_durability_is_asked_for_and_holds(path, opened):
    log = opened(path)
    asked = {
        name: log._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "trusted_schema", "cell_size_check", "busy_timeout")
    }
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "busy_timeout": 30_000,
    }


def test_durability_that_does_not_hold_is_an_error(path, opened, monkeypatch):
    number = sqlite_file._number
    monkeypatch.setattr(
        sqlite_file, "_number", lambda connection, name: 1 if name == "synchronous" else number(connection, name)
    )
    with pytest.raises(IntegrityError):
        opened(path)


def test_the_file_says_what_it_is(filled):
    header = filled.read_bytes()[:100]
    assert header[68:72] == b"WISE"
    assert int.from_bytes(header[60:64]) == sqlite_file.FORMAT


def test_a_path_may_hold_any_character(tmp_path, opened, batch):
    path = tmp_path / "città 100% #1?.db"
    log = opened(str(path))
    log.append(batch(*withdrawn("a")), after=0)
    log.close()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert needs(opened(path)) == ["a"]


def test_an_empty_file_is_a_new_log(path, opened, batch):
    path.touch()
    log = opened(path)
    log.append(batch(*withdrawn("a")), after=0)
    assert needs(log) == ["a"]


def test_there_is_nothing_to_read_in_an_empty_file(path, opened):
    path.touch()
    with pytest.raises(FormatError):
        opened(path, mode="r")


def test_a_file_that_is_not_there_is_not_made_to_be_read(path, opened):
    with pytest.raises(StorageUnavailable):
        opened(path, mode="r")
    assert not path.exists()


@MODES
@pytest.mark.parametrize("content", [b"hello", b"\0" * 8_192, b"SQLite format 3\0" + b"\7" * 5_000, b"x" * 5_000])
def test_a_file_that_is_no_database_is_left_alone(path, opened, mode, content):
    path.write_bytes(content)
    with pytest.raises(FormatError):
        opened(path, mode=mode)
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == ["log.db"]


@MODES
@pytest.mark.parametrize("pragma", ["journal_mode = wal", "journal_mode = delete", "application_id = 77"])
def test_a_database_of_somebody_else_is_left_alone(path, opened, edit, mode, pragma):
    edit(path, f"PRAGMA {pragma}", "CREATE TABLE events (x)")
    before = digest(path)
    with pytest.raises(FormatError):
        opened(path, mode=mode)
    assert digest(path) == before
    assert [one.name for one in path.parent.iterdir()] == ["log.db"]


@MODES
def test_a_log_of_a_newer_release_is_left_alone(filled, opened, mode, edit):
    edit(filled, f"PRAGMA user_version = {sqlite_file.FORMAT + 1}")
    before = digest(filled)
    with pytest.raises(FormatError, match=f"format {sqlite_file.FORMAT + 1}"):
        opened(filled, mode=mode)
    assert digest(filled) == before
    assert [one.name for one in filled.parent.iterdir()] == ["log.db"]


@MODES
def test_a_log_of_an_older_format_is_left_alone(filled, opened, mode, edit):
    edit(filled, f"PRAGMA user_version = {sqlite_file.FORMAT - 1}")
    before = digest(filled)
    with pytest.raises(FormatError, match=f"format {sqlite_file.FORMAT - 1}"):
        opened(filled, mode=mode)
    assert digest(filled) == before


def test_a_log_keeps_the_time_zone_that_it_was_made_with(path, filled, opened):
    assert opened(filled).zone == opened(filled, mode="r").zone == "Europe/Rome"
    other = path.with_name("other.db")
    opened(other, zone="Europe/London").close()
    assert opened(other).zone == opened(other, zone="Europe/London").zone == "Europe/London"


@MODES
def test_a_log_made_with_another_time_zone_is_left_alone(filled, opened, mode):
    before = digest(filled)
    with pytest.raises(Malformed, match="Europe/Rome"):
        opened(filled, mode=mode, zone="Europe/London")
    assert digest(filled) == before


@pytest.mark.parametrize("damage", ["DELETE FROM community", "INSERT INTO community VALUES ('Europe/London')"])
def test_a_log_says_its_time_zone_once(filled, opened, edit, damage):
    edit(filled, damage)
    with pytest.raises(IntegrityError):
        opened(filled)


@MODES
def test_places_where_no_file_can_be(tmp_path, opened, mode):
    for place in (tmp_path, tmp_path / "no" / "log.db"):
        with pytest.raises(StorageUnavailable):
            opened(place, mode=mode)


@MODES
@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3_000 + "log.db"], ids=["a name", "a path"])
def test_a_place_too_long_for_any_file_is_unavailable(tmp_path, opened, mode, name):
    with pytest.raises(StorageUnavailable) as caught:
        opened(tmp_path / name, mode=mode)
    assert "too long" in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(tmp_path) not in str(caught.value)


@MODES
@pytest.mark.parametrize("path", ["/tmp/\ud800.db", "/tmp/a\0b.db", 7, None])
def test_what_no_file_system_can_hold_is_no_path(opened, mode, path):
    with pytest.raises(Malformed):
        opened(path, mode=mode)


def test_a_log_opened_for_reading_reads_and_does_not_write(filled, opened, batch):
    before = digest(filled)
    log = opened(filled, mode="r")
    assert needs(log) == ["a", "b", "c"]
    for write in (
        lambda: log.append(batch(*withdrawn("d")), after=3),
        lambda: log.load([batch(*withdrawn("d"))]),
        lambda: log.locked(lambda: None),
    ):
        with pytest.raises(ReadOnly):
            write()
    with pytest.raises(sqlite3.OperationalError):
        log._connection.execute("DELETE FROM events")
    log.close()
    assert digest(filled) == before


def test_a_reader_follows_a_writer(filled, opened, batch):
    reader = opened(filled, mode="r")
    writer = opened(filled)

    def work():
        writer.append(batch(*withdrawn("d")), after=3)
        assert reader.head() == 3

    writer.locked(work)
    assert needs(reader) == ["a", "b", "c", "d"]


def test_a_closed_log_on_a_medium_without_writing_can_be_read(filled, opened, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert needs(opened(filled, mode="r")) == ["a", "b", "c"]
    assert [one.name for one in filled.parent.iterdir()] == ["log.db"]
    with pytest.raises(ReadOnly):
        opened(filled)


def test_a_second_look_at_the_file_does_not_give_up_the_locks_of_the_first(filled, opened):
    script = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE")
except sqlite3.OperationalError as error:
    print(error.sqlite_errorname)
"""
    log = opened(filled)
    assert log.head() == 3
    for mode in ("r", "rw"):
        opened(filled, mode=mode).close()
    ran = subprocess.run([sys.executable, "-c", script, filled], capture_output=True, text=True, check=True)
    assert ran.stdout == "SQLITE_BUSY\n"


def test_without_a_lock_a_log_in_the_making_is_not_judged(filled, opened):
    whole = filled.read_bytes()
    filled.write_bytes(whole[:4_096])
    sqlite_file._look(filled, new=True)
    with pytest.raises(IntegrityError):
        opened(filled)
    assert filled.read_bytes() == whole[:4_096]
