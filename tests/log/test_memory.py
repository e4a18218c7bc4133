import datetime as dt

from wis_engine.facts import NeedWithdrawn
from wis_engine.log import memory
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.memory import MemoryLog


def test_a_fact_is_kept_as_it_is(clock, batch, example):
    log = MemoryLog(registry=known_events(), clock=clock)
    log.append(batch(example), after=0)
    (one,) = log.read()
    assert one.fact is example


def test_facts_of_a_batch_share_its_envelope(clock):
    log = MemoryLog(registry=known_events(), clock=clock)
    facts = tuple(NeedWithdrawn(need="n-1") for _ in range(1_000))
    log.append(Batch(facts=facts, occurred_at=clock.now, actor="wm-1"), after=0)
    assert len(log._firsts) == len(log._actors) == 1


def test_it_may_begin_after_a_past_that_is_elsewhere(clock, batch):
    later = clock.now + dt.timedelta(hours=1)
    log = MemoryLog(registry=known_events(), clock=clock, start=7, recorded_at=later)
    assert (log.head(), log.position_at(later)) == (7, 7)
    a, b = NeedWithdrawn(need="a"), NeedWithdrawn(need="b")
    receipt = log.append(batch(a, b, key="k"), after=7)
    assert (receipt.first, receipt.last, receipt.recorded_at) == (8, 9, later)
    assert [(one.position, one.fact) for one in log.read()] == [(8, a), (9, b)]
    assert [one.position for one in log.read(after=3, about=["b"])] == [9]
    assert log.append(batch(a, b, key="k"), after=0).first == 8
    assert (log.position_at(clock.now), log.position_at(later)) == (7, 9)


def test_who_waits_beyond_the_head_waits(clock, monkeypatch):
    log = MemoryLog(registry=known_events(), clock=clock)
    waits = []
    monkeypatch.setattr(log._grown, "wait", waits.append)
    for seen in (0, 7):
        log.wait(seen)
    assert waits == [memory.WAIT_SECONDS] * 2
