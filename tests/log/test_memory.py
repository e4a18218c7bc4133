import datetime as dt

from wis_engine.facts import NeedWithdrawn
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.memory import MemoryLog


def test_a_fact_is_kept_as_it_is(clock, batch, example):
    log = MemoryLog(registry=known_events(), clock=clock)
    log.append(batch(example), after=0)
    (one,) = log.read()
    assert one.fact is example


def test_what_another_log_recorded_is_remembered_as_it_was(opened, clock, batch, examples):
    source = opened()
    source.append(batch(*examples.values(), key="k"), after=0)
    clock.move(60)
    source.append(batch(NeedWithdrawn(need="n-7"), actor="wm-2"), after=source.head())
    log = MemoryLog(registry=known_events(), clock=clock)
    log.remember(source.read())
    assert list(log.read()) == list(source.read())
    assert log.receipt("k", batch(*examples.values()).content) == source.receipt("k", batch(*examples.values()).content)
    clock.move(-3_600)
    late = log.append(batch(NeedWithdrawn(need="n-8")), after=log.head())
    assert late.recorded_at == clock.now + dt.timedelta(seconds=3_600)


def test_facts_of_a_batch_share_its_envelope(clock):
    log = MemoryLog(registry=known_events(), clock=clock)
    facts = tuple(NeedWithdrawn(need="n-1") for _ in range(1_000))
    log.append(Batch(facts=facts, occurred_at=clock.now, actor="wm-1"), after=0)
    assert len(log._firsts) == len(log._actors) == 1
