"""The contract of a log, first half: what is appended stands, whole and in one order."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from wis_engine.errors import Conflict, KeyReused, Malformed
from wis_engine.facts.base import Event, Receipt, Recorded, redacted
from wis_engine.log.log import Batch, Log
from wis_engine.testing.bench import (
    ENDS,
    PATIENCE_SECONDS,
    START,
    LogBench,
    ManualClock,
    Mood,
    Namesake,
    Noted,
    NoteId,
    Opened,
    Part,
    Stranger,
    Unguarded,
    Weighed,
    batch,
    confided,
    note,
    noted,
    read,
    struck,
    undone,
)
from wis_engine.values import Period, WeekSlots

BRIEF_SECONDS = 0.05
"""How long somebody who has to wait is watched waiting."""


class Appending(LogBench):
    """Positions, envelopes, keys, the lock, loads, writers in threads."""

    def test_a_new_log_stands_at_zero(self, log: Log, clock: ManualClock) -> None:
        """Nothing is in a new log."""
        assert log.head() == 0
        assert read(log) == []
        assert log.position_at(clock.now) == 0
        assert log.receipt("k", "content") is None

    def test_positions_are_dense_and_a_batch_stands_together(self, log: Log, clock: ManualClock) -> None:
        """Facts take the positions after the head, in their order."""
        assert log.append(batch(*noted("a", "b")), after=0) == Receipt(first=1, last=2, recorded_at=clock.now)
        assert log.append(batch(*noted("c")), after=2) == Receipt(first=3, last=3, recorded_at=clock.now)
        assert log.head() == 3
        assert read(log) == list(enumerate(noted("a", "b", "c"), 1))

    def test_two_logs_know_nothing_of_each_other(self, opened: Opened) -> None:
        """Each has its own positions, keys and facts."""
        one, other = opened("one"), opened("other")
        one.append(batch(*noted("a", "b"), key="k"), after=0)
        other.append(batch(*noted("c"), key="k"), after=0)
        one.append(batch(*noted("d")), after=2)
        assert read(one) == list(enumerate(noted("a", "b", "d"), 1))
        assert read(other) == [(1, note("c"))]
        assert read(other, about=["a", "d"]) == []

    def test_a_fact_comes_back_as_it_was(self, log: Log) -> None:
        """Whatever a field may hold is read as it was appended, and so is its absence."""
        full = Weighed(
            note=NoteId("a"),
            grams=(1 << 63) - 1,
            mood=Mood.GLAD,
            final=True,
            day=dt.date(2026, 2, 28),
            period=Period.parse("2026-01-01/2026-02-01"),
            slots=WeekSlots.parse("mon-fri 16:00-19:00"),
            parts=(Part(words="«perché» \\ \" ' 日本 🎈", cents=0), Part(words="", cents=7)),
            beside=frozenset({"z", "b", "a"}),
            words="",
        )
        bare = Weighed(
            note=NoteId("b"),
            grams=0,
            mood=Mood.CALM,
            final=False,
            day=dt.date.max,
            period=Period.parse("2026-01-01/2026-01-02"),
            slots=WeekSlots(0),
        )
        facts = (full, bare, note("a"), confided("h", "p"))
        log.append(batch(*facts), after=0)
        assert [fact for _, fact in read(log)] == list(facts)

    def test_what_is_personal_may_be_gone(self, log: Log) -> None:
        """A fact whose personal fields are redacted is kept so."""
        whole = confided("h", "p")
        log.append(batch(whole, redacted(whole)), after=0)
        assert read(log) == [(1, whole), (2, redacted(whole))]

    def test_the_envelope_comes_back_with_each_fact(self, log: Log, clock: ManualClock) -> None:
        """Instants to the microsecond, in UTC; texts as they were; no key and no cause as none."""
        happened = dt.datetime(2025, 6, 1, 8, 30, 0, 123_457, tzinfo=dt.timezone(dt.timedelta(hours=2)))
        actor, cause, key = "wm «è» 日本", "call 🎈", "K-" + "7" * 198
        log.append(batch(*noted("a", "b"), at=happened, actor=actor, cause=cause, key=key), after=0)
        log.append(batch(*noted("c"), actor="x"), after=2)
        first, second, third = log.read()
        for one in (first, second):
            assert (one.occurred_at, one.recorded_at, one.index, one.batch) == (happened, clock.now, 0, 1)
            assert (one.actor, one.cause, one.key, one.batch) == (actor, cause, key, 1)
            assert one.occurred_at.utcoffset() == one.recorded_at.utcoffset() == dt.timedelta()
        assert third == Recorded(
            position=3,
            fact=note("c"),
            occurred_at=START,
            recorded_at=clock.now,
            actor="x",
            cause=None,
            key=None,
            batch=3,
        )

    @pytest.mark.parametrize("instant", ENDS)
    def test_a_fact_may_have_happened_at_any_time(self, log: Log, instant: dt.datetime) -> None:
        """From the first instant that Python can name to the last."""
        log.append(batch(*noted("a"), at=instant), after=0)
        assert [one.occurred_at for one in log.read()] == [instant]

    @pytest.mark.parametrize("after", [0, 1, 3, -1])
    def test_appending_elsewhere_than_at_the_head_is_a_conflict(self, log: Log, after: int) -> None:
        """Nothing is appended, and the error says where the log stands."""
        log.append(batch(*noted("a", "b")), after=0)
        with pytest.raises(Conflict) as caught:
            log.append(batch(*noted("c")), after=after)
        assert (caught.value.after, caught.value.head) == (after, 2)
        assert read(log) == list(enumerate(noted("a", "b"), 1))

    def test_a_key_with_the_same_content_gives_the_first_receipt(self, log: Log, clock: ManualClock) -> None:
        """However long after, whoever asks, whatever came between, and whatever `after` says."""
        first = log.append(batch(*noted("a", "b"), key="k"), after=0)
        log.append(batch(*noted("c")), after=2)
        clock.move(60)
        again = batch(*noted("a", "b"), key="k", actor="somebody-else", at=clock.now)
        repeated = Receipt(first=1, last=2, recorded_at=first.recorded_at, repeated=True)
        assert [log.append(again, after=after) for after in (0, 3, 99)] == [repeated] * 3
        assert log.receipt("k", again.content) == repeated
        assert log.head() == 3

    def test_a_key_with_other_content_is_refused(self, log: Log) -> None:
        """Nothing is appended, and the error says where the key stands."""
        log.append(batch(*noted("a")), after=0)
        log.append(batch(*noted("b"), key="k"), after=1)
        for facts in (noted("c"), noted("b", "b"), [struck("b")]):
            other = batch(*facts, key="k")
            with pytest.raises(KeyReused) as caught:
                log.append(other, after=2)
            assert (caught.value.key, caught.value.first) == ("k", 2)
            with pytest.raises(KeyReused):
                log.receipt("k", other.content)
        assert log.head() == 2

    def test_keys_are_told_apart_to_the_letter(self, log: Log) -> None:
        """Neither case nor spaces nor accents are taken for one another."""
        keys = ["k", "K", "k ", " k", "è", "e\u0300", "e"]
        for position, key in enumerate(keys):
            assert not log.append(batch(*noted("a"), key=key), after=position).repeated
        assert [one.key for one in log.read()] == keys

    def test_a_refused_append_does_not_use_up_its_key(self, log: Log) -> None:
        """After a conflict the key is as new as before."""
        with pytest.raises(Conflict):
            log.append(batch(*noted("a"), key="k"), after=5)
        assert log.receipt("k", batch(*noted("a")).content) is None
        assert not log.append(batch(*noted("b"), key="k"), after=0).repeated

    @pytest.mark.parametrize("stranger", [Stranger(), Namesake()])
    def test_a_type_that_the_log_was_not_opened_with_is_refused(self, log: Log, stranger: Event) -> None:
        """No fact of its batch is appended, and its key is free."""
        with pytest.raises(Malformed):
            log.append(batch(*noted("a"), stranger, key="k"), after=0)
        with pytest.raises(Malformed):
            log.load([batch(*noted("a")), batch(stranger)])
        assert log.head() == 0
        assert not log.append(batch(*noted("a"), key="k"), after=0).repeated

    @pytest.mark.parametrize(
        "wrong", [{"words": "\0"}, {"words": "\ud800"}, {"words": 7}, {"grams": 0.5}, {"grams": 1 << 63}]
    )
    def test_a_fact_that_could_not_be_read_again_is_refused(self, log: Log, wrong: dict[str, Any]) -> None:
        """A fact of somebody's own type, whose fields hold what they do not say; nothing of its batch is appended."""
        log.append(batch(Unguarded(words="è", grams=-1)), after=0)
        with pytest.raises(Malformed):
            log.append(batch(*noted("a"), Unguarded(**wrong)), after=1)
        assert read(log) == [(1, Unguarded(words="è", grams=-1))]

    def test_recorded_time_never_goes_backwards(self, log: Log, clock: ManualClock) -> None:
        """A clock set back stamps the instant of the fact before."""
        early = log.append(batch(*noted("a")), after=0)
        clock.move(-3_600)
        late = log.append(batch(*noted("b")), after=1)
        assert late.recorded_at == early.recorded_at == START
        clock.move(7_200)
        assert log.append(batch(*noted("c")), after=2).recorded_at == clock.now
        assert [one.recorded_at for one in log.read()] == [START, START, clock.now]

    def test_what_was_recorded_before_keeps_its_instant(self, log: Log) -> None:
        """An instant that comes with a batch stands for the clock's, and does not go backwards either."""
        hour = dt.timedelta(hours=1)
        given = [None, START - hour, START + hour, None, START]
        for position, instant in enumerate(given):
            log.append(batch(*noted("a"), recorded_at=instant), after=position)
        log.load([batch(*noted("b"), recorded_at=START + 2 * hour), batch(*noted("c"), recorded_at=START + hour)])
        stamped = [START, START, *[START + hour] * 3, START + 2 * hour, START + 2 * hour]
        assert [one.recorded_at for one in log.read()] == stamped

    def test_a_log_begins_with_the_instant_of_what_was_recorded_before(self, log: Log) -> None:
        """The first batch may have been recorded elsewhere long before this log was made."""
        long_ago = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
        assert log.append(batch(*noted("a"), recorded_at=long_ago), after=0).recorded_at == long_ago
        assert log.position_at(long_ago) == 1

    def test_what_is_appended_under_the_lock_stays(self, log: Log) -> None:
        """Inside it is seen at once; outside once the lock is given back, and what the work answers comes out."""

        def work() -> Receipt:
            assert log.head() == 0
            first = log.append(batch(*noted("a"), key="k"), after=0)
            assert read(log) == [(1, note("a"))]
            assert log.append(batch(*noted("a"), key="k"), after=0).repeated
            log.append(batch(*noted("b")), after=1)
            return first

        first = log.locked(work)
        assert log.head() == 2
        again = log.append(batch(*noted("a"), key="k"), after=0)
        assert (again.first, again.last, again.repeated) == (first.first, first.last, True)

    def test_what_is_appended_under_a_lock_that_raises_goes(self, log: Log, clock: ManualClock) -> None:
        """Facts, keys, what the ids were found by, the instant: all as if it had never been."""
        log.append(batch(*noted("a", "b"), key="first"), after=0)
        clock.move(60)

        def work() -> None:
            log.append(batch(*noted("a", "c"), key="k"), after=2)
            assert read(log, about=["c"]) == [(4, note("c"))]
            log.append(batch(*noted("a")), after=4)

        undone(log, work)
        clock.move(-30)
        assert read(log) == list(enumerate(noted("a", "b"), 1))
        assert (read(log, about=["c"]), read(log, about=["a"])) == ([], [(1, note("a"))])
        receipt = log.append(batch(*noted("c"), key="k"), after=2)
        assert receipt == Receipt(first=3, last=3, recorded_at=clock.now)
        assert read(log, about=["c"]) == [(3, note("c"))]

    def test_the_error_of_what_is_done_under_the_lock_comes_out_of_it(self, log: Log) -> None:
        """The lock takes back, and hides nothing."""

        def work() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            log.locked(work)

    def test_a_refusal_under_the_lock_leaves_the_rest(self, log: Log) -> None:
        """A conflict that is caught inside takes nothing else with it."""

        def work() -> None:
            log.append(batch(*noted("a")), after=0)
            with pytest.raises(Conflict):
                log.append(batch(*noted("b")), after=0)
            with pytest.raises(Malformed):
                log.append(batch(Stranger()), after=1)
            log.append(batch(*noted("c")), after=1)

        log.locked(work)
        assert read(log) == list(enumerate(noted("a", "c"), 1))

    def test_locks_nest(self, log: Log) -> None:
        """Inner work that raises takes back its own; the outer one decides about all."""

        def work() -> None:
            log.append(batch(*noted("a"), key="a"), after=0)
            log.locked(lambda: log.append(batch(*noted("b")), after=1))
            undone(log, lambda: log.append(batch(*noted("c"), key="c"), after=2))
            assert log.head() == 2
            log.append(batch(*noted("d"), key="c"), after=2)

        log.locked(work)
        undone(log, lambda: log.locked(lambda: log.append(batch(*noted("e")), after=3)))
        assert read(log) == list(enumerate(noted("a", "b", "d"), 1))

    def test_other_threads_wait_for_the_lock(self, log: Log) -> None:
        """Who appends meanwhile does so after the lock is given back."""
        with ThreadPoolExecutor() as threads:

            def slowly() -> Future[Receipt]:
                other = threads.submit(log.append, batch(*noted("b")), after=1)
                assert not wait([other], timeout=BRIEF_SECONDS).done
                log.append(batch(*noted("a")), after=0)
                return other

            assert log.locked(slowly).result(PATIENCE_SECONDS).first == 2
        assert read(log) == list(enumerate(noted("a", "b"), 1))

    def test_nobody_else_sees_what_the_lock_may_take_back(self, log: Log) -> None:
        """A reader meanwhile sees the log as it was, or waits."""
        log.append(batch(*noted("a")), after=0)
        content = batch(*noted("b")).content
        asked: tuple[Callable[[], object], ...] = (
            log.head,
            lambda: read(log),
            lambda: log.receipt("k", content),
            lambda: log.position_at(START),
        )
        answers: list[Future[object]] = []
        with ThreadPoolExecutor() as threads:

            def work() -> None:
                log.append(batch(*noted("b"), key="k"), after=1)
                answers.extend(map(threads.submit, asked))
                wait(answers, timeout=BRIEF_SECONDS)

            undone(log, work)
            assert [one.result(PATIENCE_SECONDS) for one in answers] == [1, [(1, note("a"))], None, 1]

    def test_threads_append_one_after_the_other(self, log: Log) -> None:
        """Writers that try again lose nothing, and no batch is torn."""
        writers, count = "abcd", 15
        start = threading.Barrier(len(writers))

        def work(name: str) -> None:
            start.wait(PATIENCE_SECONDS)
            for number in range(count):
                append_again(log, batch(*noted(f"{name}-{number}", "x"), key=f"{name}-{number}"))

        with ThreadPoolExecutor() as threads:
            for done in [threads.submit(work, name) for name in writers]:
                done.result(PATIENCE_SECONDS)
        facts = read(log)
        notes = [fact.note for _, fact in facts if isinstance(fact, Noted)]
        assert [position for position, _ in facts] == list(range(1, 2 * count * len(writers) + 1))
        assert notes[1::2] == ["x"] * count * len(writers)
        for name in writers:
            assert [one for one in notes if one.startswith(name)] == [f"{name}-{number}" for number in range(count)]

    def test_threads_with_one_key_append_once(self, log: Log) -> None:
        """Of retries that run at the same time one is the first, and the others get its receipt."""
        start = threading.Barrier(4)

        def work() -> Receipt:
            start.wait(PATIENCE_SECONDS)
            return append_again(log, batch(*noted("a", "b"), key="k"))

        with ThreadPoolExecutor() as threads:
            receipts = [one.result(PATIENCE_SECONDS) for one in [threads.submit(work) for _ in range(4)]]
        assert sorted(receipt.repeated for receipt in receipts) == [False, True, True, True]
        assert {(receipt.first, receipt.last) for receipt in receipts} == {(1, 2)}
        assert read(log) == list(enumerate(noted("a", "b"), 1))

    def test_load_appends_wherever_the_log_stands(self, log: Log) -> None:
        """It passes over keys that are there with the same content, of earlier and of this load."""
        log.append(batch(*noted("a"), key="k"), after=0)
        kept = [batch(*noted("b", "c")), batch(*noted("a"), key="k"), batch(*noted("d"), key="d", actor="x")]
        answers = log.load([*kept, kept[-1]])
        assert [(one.first, one.last, one.repeated) for one in answers] == [
            (2, 3, False),
            (1, 1, True),
            (4, 4, False),
            (4, 4, True),
        ]
        assert log.load(iter(())) == []
        assert read(log) == list(enumerate(noted("a", "b", "c", "d"), 1))
        assert [one.actor for one in log.read()] == ["wm-1", "wm-1", "wm-1", "x"]
        assert log.receipt("d", kept[-1].content) == Receipt(first=4, last=4, recorded_at=START, repeated=True)

    def test_load_appends_all_or_none(self, log: Log) -> None:
        """Whatever stops it, a key with other content or the source of the batches itself."""
        log.append(batch(*noted("a"), key="k"), after=0)
        with pytest.raises(KeyReused):
            log.load([batch(*noted("e"), key="e"), batch(*noted("f"), key="k")])
        with pytest.raises(ZeroDivisionError):
            log.load(batch(*noted("g" * (1 // number))) for number in (1, 0))
        assert read(log) == [(1, note("a"))]
        assert not log.append(batch(*noted("b"), key="e"), after=1).repeated

    def test_a_batch_of_a_thousand_facts(self, log: Log) -> None:
        """A large batch is one batch."""
        names = [f"n-{number}" for number in range(1_000)]
        receipt = log.append(batch(*noted(*names), key="k"), after=0)
        assert (receipt.first, receipt.last) == (1, 1_000)
        assert read(log) == list(enumerate(noted(*names), 1))
        assert read(log, about=["n-617"]) == [(618, note("n-617"))]
        assert log.append(batch(*noted(*names), key="k"), after=0).repeated

    def test_a_large_fact(self, log: Log) -> None:
        """A fact of 64 KiB, the largest that is taken from outside."""
        large = Weighed(
            note=NoteId("a"),
            grams=1,
            mood=Mood.CALM,
            final=False,
            day=dt.date(2026, 1, 1),
            period=Period.parse("2026-01-01/2026-01-02"),
            slots=WeekSlots.ALWAYS,
            beside=frozenset(f"n-{number:06}" for number in range(1_000)),
            words="è" * 25_000,
        )
        log.append(batch(large, *noted("b")), after=0)
        assert read(log) == [(1, large), (2, note("b"))]


def append_again(log: Log, one: Batch) -> Receipt:
    """Append wherever the log stands, again and again until nobody was faster."""
    while True:
        try:
            return log.append(one, after=log.head())
        except Conflict:
            continue
