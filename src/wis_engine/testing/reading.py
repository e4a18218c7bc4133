"""The contract of a log, second half: what stands is found, followed, and left when the log is closed."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from wis_engine.errors import LogClosed, Malformed
from wis_engine.facts.base import Recorded, redacted
from wis_engine.log.log import Log, Snapshot
from wis_engine.testing.appending import append_again
from wis_engine.testing.bench import (
    ENDS,
    PATIENCE_SECONDS,
    START,
    LogBench,
    ManualClock,
    Opened,
    batch,
    confided,
    note,
    noted,
    raises,
    read,
    struck,
    undone,
)

PAGES = 2_100
"""Facts of a log that is read in more than one go by whoever reads a thousand at a time."""


CALLS = (
    pytest.param(lambda log: log.head(), id="head"),
    pytest.param(lambda log: log.append(batch(*noted("b")), after=1), id="append"),
    pytest.param(lambda log: log.append(batch(*noted("a"), key="k"), after=1), id="append again"),
    pytest.param(lambda log: log.load([batch(*noted("b"))]), id="load"),
    pytest.param(lambda log: list(log.read()), id="read"),
    pytest.param(lambda log: list(log.read(about=["a"])), id="read about"),
    pytest.param(lambda log: list(log.follow(stop=lambda: True)), id="follow"),
    pytest.param(lambda log: log.receipt("k", "content"), id="receipt"),
    pytest.param(lambda log: log.position_at(START), id="position_at"),
    pytest.param(lambda log: log.locked(lambda: None), id="locked"),
    pytest.param(lambda log: log.put(Snapshot.of(1, "f", [])), id="put"),
    pytest.param(lambda log: log.get(), id="get"),
    pytest.param(lambda log: log.drop(1), id="drop"),
    pytest.param(lambda log: list(log.faults()), id="faults"),
)
"""Each way to ask something of a log."""


class Reading(LogBench):
    """Reads by position, type and id; followers; snapshots; the calendar's zone; the end."""

    def test_reading_takes_a_range_of_positions(self, log: Log) -> None:
        """The first is left out, the last is in; beyond the ends there is nothing."""
        log.append(batch(*noted("a", "b", "c")), after=0)
        log.append(batch(*noted("d", "e")), after=3)

        def positions(after: int = 0, until: int | None = None) -> list[int]:
            return [one.position for one in log.read(after=after, until=until)]

        assert positions(after=1, until=4) == [2, 3, 4]
        assert positions(after=4) == [5]
        assert positions(after=5) == positions(after=9) == positions(until=0) == positions(after=3, until=2) == []
        assert positions(after=-3, until=99) == [1, 2, 3, 4, 5]

    def test_reading_by_type(self, log: Log) -> None:
        """By names of types; a name of none gives nothing, and so do no names."""
        log.append(batch(note("a"), struck("b"), confided("h", "p")), after=0)
        assert read(log, types=["test-confided", "test-struck"]) == read(log)[1:]
        assert read(log, types=iter(["test-noted"])) == read(log)[:1]
        assert read(log, types=["test-noted"], after=1) == []
        assert read(log, types=[]) == read(log, types=["no-such-type"]) == []

    def test_reading_by_what_facts_name(self, log: Log) -> None:
        """By any of some ids, within a range, by type too; each fact once, in order."""
        log.append(batch(note("a"), note("v", beside="e")), after=0)
        log.append(batch(struck("b"), struck("a"), note("a", beside="a")), after=2)
        everything = read(log)

        def taken(*positions: int) -> list[object]:
            return [everything[position - 1] for position in positions]

        assert read(log, about=["a"]) == taken(1, 4, 5)
        assert read(log, about=iter(["e", "b", "v"])) == taken(2, 3)
        assert read(log, about=["a"], types=["test-noted"], after=1) == taken(5)
        assert read(log, about=["a", "b"], types=["test-struck"], until=3) == taken(3)
        assert read(log, about=["a"], until=4) == taken(1, 4)
        assert read(log, about=["a"], after=1, until=4) == taken(4)
        assert read(log, about=[]) == read(log, about=["nobody"]) == read(log, about=["v"], after=2) == []
        assert read(log, about=["A", "a ", ""]) == []

    def test_what_is_named_later_is_found_too(self, log: Log) -> None:
        """An answer once given does not stand in the way of facts that follow."""
        log.append(batch(*noted("a")), after=0)
        assert read(log, about=["a", "b"]) == [(1, note("a"))]
        log.append(batch(*noted("b", "a")), after=1)
        assert read(log, about=["a", "b"]) == list(enumerate(noted("a", "b", "a"), 1))

    def test_what_is_personal_is_not_to_be_found_by(self, log: Log) -> None:
        """Ids in personal fields are in no index."""
        log.append(batch(confided("h", "p")), after=0)
        assert read(log, about=["h"]) == read(log)
        assert read(log, about=["p"]) == []

    def test_a_text_that_is_no_id_and_a_name_of_no_type_find_nothing(self, log: Log) -> None:
        """Even one that a store could not hold."""
        log.append(batch(*noted("a")), after=0)
        for text in ("", "no id", "\0", "\ud800", "x" * 300):
            assert read(log, about=[text]) == read(log, types=[text]) == []
            assert read(log, about=[text, "a"], types=[text, "test-noted"]) == [(1, note("a"))]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"about": [5]},
            {"about": "a"},
            {"about": 5},
            {"types": [None]},
            {"types": "a"},
            {"after": "0"},
            {"until": 1.0},
        ],
    )
    def test_what_is_no_position_and_no_collection_of_texts_is_malformed(self, log: Log, wrong: dict[str, Any]) -> None:
        """It is said at the call, or at the first step."""
        log.append(batch(*noted("a")), after=0)
        with pytest.raises(Malformed):
            list(log.read(**wrong))

    def test_a_reader_sees_the_log_as_it_stood_when_it_began(self, log: Log) -> None:
        """The head is that of the call, not of the first step nor of the last."""
        log.append(batch(*noted("a", "b")), after=0)
        readers = [log.read(), log.read(about=["a"]), log.read(types=["test-noted"])]
        begun = next(readers[0])
        log.append(batch(*noted("a")), after=2)
        assert [begun.position, *(one.position for one in readers[0])] == [1, 2]
        assert [one.position for one in readers[1]] == [1]
        assert [one.position for one in readers[2]] == [1, 2]

    def test_readers_do_not_disturb_each_other(self, log: Log) -> None:
        """Several go on at the same time, and one that is dropped half way leaves nothing open."""
        log.load(
            batch(*noted(*(f"n-{number}" for number in range(start, start + 100)))) for start in range(0, PAGES, 100)
        )
        dropped = log.read()
        next(dropped)
        del dropped
        pairs = list(zip(log.read(), log.read(after=0, types=["test-noted"]), strict=True))
        assert len(pairs) == PAGES
        assert all(one == other for one, other in pairs)

    def test_a_long_log_is_read_from_end_to_end(self, log: Log) -> None:
        """Whatever the page, by position, by type and by id."""
        names = [f"n-{number}" for number in range(PAGES)]
        log.load(batch(*noted(*names[start : start + 77])) for start in range(0, PAGES, 77))
        everything = list(enumerate(noted(*names), 1))
        assert read(log) == read(log, types=["test-noted"]) == read(log, about=names) == everything
        assert read(log, after=999, until=2_001) == everything[999:2_001]

    def test_the_position_at_an_instant(self, log: Log, clock: ManualClock) -> None:
        """What was recorded at that very instant is in, and a batch is in whole."""
        for number in range(5):
            log.append(batch(*noted("a", "b")), after=2 * number)
            clock.move(10)

        def at(seconds: int) -> int:
            return log.position_at(START + dt.timedelta(seconds=seconds))

        assert [at(seconds) for seconds in (-1, 0, 9, 10, 39, 40, 1_000)] == [0, 2, 2, 4, 8, 10, 10]
        assert log.position_at(START.astimezone(dt.timezone(dt.timedelta(hours=5)))) == 2
        assert [log.position_at(instant) for instant in ENDS] == [0, 10]
        with pytest.raises(Malformed):
            log.position_at(START.replace(tzinfo=None))

    def test_the_last_of_several_batches_at_one_instant(self, log: Log) -> None:
        """Batches that share an instant are all in."""
        for position in range(3):
            log.append(batch(*noted("a")), after=position)
        assert log.position_at(START) == 3

    def test_a_follower_catches_up_and_stops(self, log: Log) -> None:
        """One that may stop ends at the head, with all there is."""
        log.load(batch(*noted(f"n-{number}")) for number in range(PAGES))
        assert list(log.follow(stop=lambda: True)) == list(log.read())
        assert list(log.follow(after=PAGES - 2, stop=lambda: True)) == list(log.read(after=PAGES - 2))
        assert list(log.follow(after=PAGES, stop=lambda: True)) == []

    def test_a_follower_that_has_caught_up_waits_for_more(self, log: Log) -> None:
        """What is appended while it waits comes out of the same iterator."""
        log.append(batch(*noted("a")), after=0)
        with following(log, count=3) as (seen, result):
            assert seen.acquire(timeout=PATIENCE_SECONDS)
            log.append(batch(*noted("b")), after=1)
            assert seen.acquire(timeout=PATIENCE_SECONDS)
            log.load([batch(*noted("c"))])
            assert result.result(PATIENCE_SECONDS) == list(log.read())

    def test_a_follower_misses_nothing_whoever_appends(self, log: Log) -> None:
        """Four writers, locks that raise among them: every fact that stays, once and in order."""
        count = 10

        def write(name: str) -> None:
            for number in range(count):
                append_again(log, batch(*noted(f"{name}-{number}", "x")))
                undone(log, lambda: log.append(batch(*noted("gone")), after=log.head()))

        with ThreadPoolExecutor() as threads, following(log, count=8 * count) as (_, result):
            for done in [threads.submit(write, name) for name in "abcd"]:
                done.result(PATIENCE_SECONDS)
            assert result.result(PATIENCE_SECONDS) == list(log.read())
        assert log.head() == 8 * count

    def test_a_follower_begins_again_where_it_was(self, log: Log) -> None:
        """One that is dropped at any point goes on after the last position it was done with."""
        log.load([batch(*noted("a", "b", "c")), batch(*noted("d", "e"))])
        done: list[Recorded] = []
        while len(done) < log.head():
            done.append(next(log.follow(after=len(done))))
        assert done == list(log.read())

    def test_a_follower_stops_when_it_is_told(self, log: Log) -> None:
        """Also while nothing comes."""
        stop = threading.Event()
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(list, log.follow(stop=stop.is_set))
            stop.set()
            assert waiting.result(PATIENCE_SECONDS) == []

    def test_a_snapshot_comes_back_as_it_was(self, log: Log) -> None:
        """Position, form, digest and every byte; also one that has nothing in it."""
        log.append(batch(*noted("a", "b")), after=0)
        assert log.get() is None
        for position, parts in ((1, ()), (2, (bytes(range(256)), b"", b"\0" * 3_000_000))):
            snapshot = Snapshot.of(position, "form «1»", parts)
            log.put(snapshot)
            assert log.get() == snapshot
            assert snapshot.whole

    def test_the_newest_snapshot_at_or_before_a_position(self, log: Log) -> None:
        """Whatever the order in which they were put."""
        log.append(batch(*noted(*"abcdefghijkl")), after=0)
        held = {position: Snapshot.of(position, "f", [b"%d" % position]) for position in (10, 2, 5)}
        for snapshot in held.values():
            log.put(snapshot)
        assert log.get() == log.get(until=12) == log.get(until=10) == held[10]
        assert log.get(until=9) == log.get(until=5) == held[5]
        assert log.get(until=2) == held[2]
        assert log.get(until=1) is log.get(until=0) is None

    def test_a_snapshot_takes_the_place_of_one_at_its_position(self, log: Log) -> None:
        """With fewer parts or more, nothing is left of the other."""
        log.append(batch(*noted("a")), after=0)
        for parts in ([b"a", b"b", b"c"], [b"d"], [b"e", b"f"]):
            log.put(Snapshot.of(1, "f", parts))
            assert log.get() == Snapshot.of(1, "f", parts)

    def test_a_snapshot_that_is_dropped_is_gone(self, log: Log) -> None:
        """The one before it is the newest then; dropping what is not there does nothing."""
        log.append(batch(*noted("a", "b")), after=0)
        first, second = (Snapshot.of(position, "f", [b"x"]) for position in (1, 2))
        log.put(first)
        log.put(second)
        log.drop(2)
        log.drop(7)
        assert log.get() == first
        log.drop(1)
        assert log.get() is None
        assert read(log) == list(enumerate(noted("a", "b"), 1))

    def test_a_snapshot_is_kept_as_it_is_given(self, log: Log) -> None:
        """The log does not look inside: whether it is whole, its reader asks."""
        log.append(batch(*noted("a")), after=0)
        damaged = Snapshot(position=1, format="f", digest="0" * 64, parts=(b"x",))
        log.put(damaged)
        assert log.get() == damaged
        assert not damaged.whole

    def test_no_snapshot_is_left_of_what_the_lock_took_back(self, log: Log) -> None:
        """Other facts will stand at its position."""
        log.append(batch(*noted("a")), after=0)
        log.put(Snapshot.of(1, "f", [b"a"]))

        def go_on() -> None:
            log.append(batch(*noted("b")), after=1)
            log.put(Snapshot.of(2, "f", [b"b"]))

        undone(log, go_on)
        assert log.get() == Snapshot.of(1, "f", [b"a"])

    def test_a_log_has_the_zone_it_was_made_with(self, opened: Opened) -> None:
        """Without one it is that of the place which the library comes from."""
        assert opened("plain").zone == "Europe/Rome"
        assert opened("other", zone="Atlantic/Azores").zone == "Atlantic/Azores"

    def test_a_sound_log_has_no_faults(self, log: Log, clock: ManualClock) -> None:
        """Whatever was appended, loaded, taken back, and whenever."""
        assert list(log.faults()) == []
        whole = confided("h", "p")
        log.append(batch(note("a", beside="b"), whole, redacted(whole), key="k"), after=0)
        clock.move(-60)
        log.load(batch(*noted(f"n-{number}", "a"), key=f"k-{number}") for number in range(PAGES // 2))
        undone(log, lambda: log.append(batch(struck("a"), key="gone"), after=log.head()))
        log.put(Snapshot.of(2, "f", [b"x"]))
        clock.move(3_600)
        log.append(batch(struck("a"), key="gone"), after=log.head())
        assert list(log.faults()) == []

    @pytest.mark.parametrize("call", CALLS)
    def test_a_closed_log_answers_nothing(self, log: Log, call: Callable[[Log], object]) -> None:
        """Every call says that it is closed; closing it again does nothing."""
        log.append(batch(*noted("a"), key="k"), after=0)
        log.close()
        log.close()
        with pytest.raises(LogClosed):
            call(log)

    def test_a_follower_of_a_log_that_is_closed_ends(self, log: Log) -> None:
        """It does not wait for ever for what cannot come."""
        log.append(batch(*noted("a")), after=0)
        with following(log, count=2) as (seen, result):
            assert seen.acquire(timeout=PATIENCE_SECONDS)
            log.close()
            assert raises(LogClosed, result)


@contextmanager
def following(
    log: Log, *, count: int, after: int = 0
) -> Iterator[tuple[threading.Semaphore, "Future[list[Recorded]]"]]:
    """Follow a log in a thread until so many facts have come, or the block has ended.

    Gives a semaphore that is released for each of them, and the list to come.
    """
    seen = threading.Semaphore(0)
    stop = threading.Event()

    def work() -> list[Recorded]:
        found: list[Recorded] = []
        for recorded in log.follow(after=after, stop=stop.is_set):
            found.append(recorded)
            seen.release()
            if len(found) == count:
                break
        return found

    with ThreadPoolExecutor(max_workers=1) as threads:
        result = threads.submit(work)
        try:
            yield seen, result
        finally:
            stop.set()
