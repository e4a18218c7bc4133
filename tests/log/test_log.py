"""What every log does, whatever keeps it."""

import datetime as dt
import threading

import pytest

from wis_engine.errors import Conflict, KeyReused, Malformed
from wis_engine.facts import Event, NeedExpired, NeedWithdrawn, PersonLeft, Receipt, VoucherRedeemed
from wis_engine.log.log import Batch


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def read(log, **how):
    return [(one.position, one.fact) for one in log.read(**how)]


def test_a_new_log_stands_at_zero(log, clock):
    assert log.head() == 0
    assert read(log) == []
    assert log.position_at(clock.now) == 0
    assert log.receipt("k", "content") is None


def test_positions_are_dense_and_a_batch_stands_together(log, clock, batch):
    first = log.append(batch(*withdrawn("a", "b")), after=0)
    second = log.append(batch(*withdrawn("c")), after=2)
    assert first == Receipt(first=1, last=2, recorded_at=clock.now)
    assert (second.first, second.last, log.head()) == (3, 3, 3)
    assert read(log) == list(enumerate(withdrawn("a", "b", "c"), 1))


def test_every_type_of_fact_is_read_as_it_was_appended(log, batch, example):
    log.append(batch(example), after=0)
    assert read(log) == [(1, example)]


def test_the_envelope_comes_back_with_each_fact(log, clock):
    happened = dt.datetime(2025, 6, 1, 8, 30, 0, 123_457, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    log.append(
        Batch(facts=tuple(withdrawn("a", "b")), occurred_at=happened, actor="wm-1", cause="call-7", key="k"), after=0
    )
    for one in log.read():
        assert one.occurred_at == happened
        assert one.occurred_at.utcoffset() == dt.timedelta()
        assert (one.recorded_at, one.actor, one.cause, one.key) == (clock.now, "wm-1", "call-7", "k")


@pytest.mark.parametrize("after", [0, 1, 3, -1])
def test_appending_elsewhere_than_at_the_head_is_a_conflict(log, batch, after):
    log.append(batch(*withdrawn("a", "b")), after=0)
    with pytest.raises(Conflict) as caught:
        log.append(batch(*withdrawn("c")), after=after)
    assert (caught.value.after, caught.value.head) == (after, 2)
    assert log.head() == 2


def test_a_key_with_the_same_content_gives_the_first_receipt(log, clock, batch):
    first = log.append(batch(*withdrawn("a", "b"), key="k"), after=0)
    log.append(batch(*withdrawn("c")), after=2)
    clock.move(60)
    again = batch(*withdrawn("a", "b"), key="k", actor="somebody-else", at=clock.now)
    repeated = Receipt(first=1, last=2, recorded_at=first.recorded_at, repeated=True)
    assert log.append(again, after=0) == repeated
    assert log.receipt("k", again.content) == repeated
    assert log.head() == 3


def test_a_key_with_other_content_is_refused(log, batch):
    log.append(batch(*withdrawn("a")), after=0)
    log.append(batch(*withdrawn("b"), key="k"), after=1)
    for facts in (withdrawn("c"), withdrawn("b", "b"), [NeedExpired(need="b")]):
        other = batch(*facts, key="k")
        with pytest.raises(KeyReused) as caught:
            log.append(other, after=2)
        assert (caught.value.key, caught.value.first) == ("k", 2)
        with pytest.raises(KeyReused):
            log.receipt("k", other.content)
    assert log.head() == 2


def test_a_conflict_does_not_use_up_its_key(log, batch):
    with pytest.raises(Conflict):
        log.append(batch(*withdrawn("a"), key="k"), after=5)
    assert not log.append(batch(*withdrawn("b"), key="k"), after=0).repeated


def test_reading_takes_a_range_of_positions(log, batch):
    log.append(batch(*withdrawn("a", "b", "c")), after=0)
    log.append(batch(*withdrawn("d", "e")), after=3)

    def positions(**how):
        return [one.position for one in log.read(**how)]

    assert positions(after=1, until=4) == [2, 3, 4]
    assert positions(after=4) == [5]
    assert positions(after=5) == positions(after=9) == positions(until=0) == positions(after=3, until=2) == []
    assert positions(after=-3, until=99) == [1, 2, 3, 4, 5]


def test_reading_by_type(log, batch):
    log.append(batch(NeedWithdrawn(need="a"), NeedExpired(need="b"), PersonLeft(person="p", firm="f")), after=0)
    assert read(log, types=["need-expired", "person-left"]) == read(log)[1:]
    assert read(log, types=[]) == read(log, types=["no-such-type"]) == []


def test_reading_by_what_facts_name(log, batch):
    log.append(batch(NeedWithdrawn(need="a"), VoucherRedeemed(voucher="v", engagement="e", amount_cents=1)), after=0)
    log.append(batch(NeedExpired(need="b"), NeedExpired(need="a"), NeedWithdrawn(need="a")), after=2)
    everything = read(log)

    def taken(*numbers):
        return [everything[number - 1] for number in numbers]

    assert read(log, about=["a"]) == taken(1, 4, 5)
    assert read(log, about=["e", "b", "v"]) == taken(2, 3)
    assert read(log, about=["a"], types=["need-withdrawn"], after=1) == taken(5)
    assert read(log, about=["a"], until=4) == taken(1, 4)
    assert read(log, about=["a"], after=1, until=4) == taken(4)
    assert read(log, about=[]) == read(log, about=["nobody"]) == read(log, about=["v"], after=2) == []


def test_what_is_personal_is_not_to_be_found_by(log, batch, examples):
    log.append(batch(examples["household-formed"]), after=0)
    assert read(log, about=["h-1"])
    assert not read(log, about=["per-1"])


def test_a_reader_sees_the_log_as_it_stood_when_it_began(log, batch):
    log.append(batch(*withdrawn("a")), after=0)
    reading = log.read()
    log.append(batch(*withdrawn("b")), after=1)
    assert [one.position for one in reading] == [1]


def test_a_long_log_is_read_across_its_pages(log, batch):
    names = [f"n-{number}" for number in range(1_001)]
    log.load(batch(*withdrawn(*names[start : start + 77])) for start in range(0, 1_001, 77))
    assert read(log) == list(enumerate(withdrawn(*names), 1))
    assert read(log, about=names) == read(log)


def test_recorded_time_never_goes_backwards(log, clock, batch):
    early = log.append(batch(*withdrawn("a")), after=0)
    clock.move(-3_600)
    late = log.append(batch(*withdrawn("b")), after=1)
    assert late.recorded_at == early.recorded_at
    clock.move(7_200)
    assert log.append(batch(*withdrawn("c")), after=2).recorded_at == clock.now


def test_the_position_at_an_instant(log, clock, batch):
    start = clock.now
    for number in range(5):
        log.append(batch(*withdrawn("a", "b")), after=2 * number)
        clock.move(10)

    def at(seconds):
        return log.position_at(start + dt.timedelta(seconds=seconds))

    assert [at(seconds) for seconds in (-1, 0, 9, 10, 39, 40, 1_000)] == [0, 2, 2, 4, 8, 10, 10]
    with pytest.raises(Malformed):
        log.position_at(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - an instant without a zone is what is tested


def test_what_is_appended_under_the_lock_stays(log, batch):
    with log.locked():
        assert log.head() == 0
        log.append(batch(*withdrawn("a"), key="k"), after=0)
        assert read(log) == [(1, NeedWithdrawn(need="a"))]
        log.append(batch(*withdrawn("b")), after=1)
    assert log.head() == 2
    assert log.append(batch(*withdrawn("a"), key="k"), after=0).repeated


def test_what_is_appended_under_a_lock_that_raises_goes(log, batch):
    log.append(batch(*withdrawn("a", "b"), key="first"), after=0)

    def half_way():
        with log.locked():
            log.append(batch(*withdrawn("a", "c"), key="k"), after=2)
            log.append(batch(*withdrawn("a")), after=4)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert read(log) == list(enumerate(withdrawn("a", "b"), 1))
    assert read(log, about=["c"]) == []
    assert read(log, about=["a"]) == [(1, NeedWithdrawn(need="a"))]
    assert not log.append(batch(*withdrawn("c"), key="k"), after=2).repeated
    assert read(log, about=["c"]) == [(3, NeedWithdrawn(need="c"))]


def test_a_refusal_under_the_lock_leaves_the_rest(log, batch):
    with log.locked():
        log.append(batch(*withdrawn("a")), after=0)
        with pytest.raises(Conflict):
            log.append(batch(*withdrawn("b")), after=0)
        log.append(batch(*withdrawn("c")), after=1)
    assert read(log) == list(enumerate(withdrawn("a", "c"), 1))


def test_others_wait_for_the_lock(log, batch):
    order = []

    def other():
        log.append(batch(*withdrawn("b")), after=1)
        order.append("other")

    with log.locked():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        log.append(batch(*withdrawn("a")), after=0)
        order.append("holder")
    thread.join()
    assert order == ["holder", "other"]
    assert read(log) == list(enumerate(withdrawn("a", "b"), 1))


def test_threads_append_one_after_the_other(log, batch):
    def work(name):
        for number in range(20):
            while True:
                try:
                    log.append(batch(*withdrawn(f"{name}-{number}", "x")), after=log.head())
                    break
                except Conflict:
                    continue

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    facts = [fact.need for _, fact in read(log)]
    assert len(facts) == 160
    assert facts[1::2] == ["x"] * 80
    for name in "abcd":
        assert [one for one in facts if one.startswith(name)] == [f"{name}-{number}" for number in range(20)]


def test_load_appends_all_or_none(log, batch):
    log.append(batch(*withdrawn("a"), key="k"), after=0)
    assert log.load([batch(*withdrawn("b", "c")), batch(*withdrawn("a"), key="k"), batch(*withdrawn("d"))]) == 4
    assert log.load([]) == 4
    with pytest.raises(KeyReused):
        log.load([batch(*withdrawn("e")), batch(*withdrawn("f"), key="k")])
    assert read(log) == list(enumerate(withdrawn("a", "b", "c", "d"), 1))


class Unheard(Event):
    name = "unheard-of"


class HeardAgain(Event):
    name = "unheard-of"
    version = 2


class Impostor(Event):
    name = "need-withdrawn"


@pytest.mark.parametrize("stranger", [Unheard(), Impostor()])
def test_a_type_that_the_log_does_not_know_is_malformed(log, batch, stranger):
    with pytest.raises(Malformed):
        log.append(batch(*withdrawn("a"), stranger), after=0)
    assert log.head() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"facts": ()},
        {"facts": [NeedWithdrawn(need="a")]},
        {"facts": ("need-withdrawn",)},
        {"actor": ""},
        {"actor": "a\nb"},
        {"key": "\ud800"},
        {"key": 7},
        {"cause": "x" * 201},
        {"occurred_at": dt.date(2026, 1, 1)},
        {"occurred_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001 - an instant without a zone is what is tested
    ],
)
def test_a_batch_has_a_shape(clock, wrong):
    good = {"facts": tuple(withdrawn("a")), "occurred_at": clock.now, "actor": "wm-1"}
    Batch(**good)
    with pytest.raises(Malformed):
        Batch(**(good | wrong))


def test_content_is_of_the_facts_alone(clock, batch):
    one = batch(*withdrawn("a", "b"))
    assert one.content == batch(*withdrawn("a", "b"), key="k", actor="x", at=clock.now).content
    assert len({one.content, batch(*withdrawn("b", "a")).content, batch(*withdrawn("a")).content}) == 3
    assert batch(NeedWithdrawn(need="a")).content != batch(NeedExpired(need="a")).content
    assert batch(Unheard()).content != batch(HeardAgain()).content
