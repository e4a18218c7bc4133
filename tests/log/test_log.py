"""Batches and snapshots, whatever keeps them; what every log does with them is said by `wis_engine.testing`."""

import datetime as dt

import attrs
import pytest

from wis_engine.errors import Malformed
from wis_engine.facts import Event, NeedExpired, NeedWithdrawn
from wis_engine.facts.base import redacted
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch, Snapshot, from_microseconds, to_microseconds
from wis_engine.log.memory import MemoryLog
from wis_engine.log.postgres import PostgresLog


@attrs.frozen(kw_only=True)
class Unheard(Event):
    name = "unheard-of"


@attrs.frozen(kw_only=True)
class HeardAgain(Event):
    name = "unheard-of"
    version = 2


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def log(request, clock, opened):
    """An empty log of each kind in turn."""
    match request.param:
        case "memory":
            yield MemoryLog(registry=known_events(), clock=clock)
        case "sqlite":
            yield opened()
        case "postgres":
            url, name = (request.getfixturevalue(asked) for asked in ("postgres_server", "community_name"))
            made = PostgresLog(url, name=name, registry=known_events(), clock=clock)
            yield made
            made.close()


def test_every_type_of_fact_is_read_as_it_was_appended(log, batch, examples):
    facts = [*examples.values(), *map(redacted, examples.values())]
    log.append(batch(*facts), after=0)
    assert [one.fact for one in log.read()] == facts
    for name, fact in examples.items():
        assert [one.fact for one in log.read(types=[name])] == [fact, redacted(fact)]
        for named in fact.about():
            assert fact in [one.fact for one in log.read(about=[named])]


@pytest.mark.parametrize(
    "wrong",
    [
        {"facts": ()},
        {"facts": [NeedWithdrawn(need="a")]},
        {"facts": ("need-withdrawn",)},
        {"actor": ""},
        {"actor": None},
        {"actor": "a\nb"},
        {"key": "\ud800"},
        {"key": 7},
        {"cause": "x" * 201},
        {"occurred_at": dt.date(2026, 1, 1)},
        {"occurred_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001 - an instant without a zone is what is tested
        {"recorded_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001 - same
    ],
)
def test_a_batch_has_a_shape(clock, wrong):
    good = {"facts": (NeedWithdrawn(need="a"),), "occurred_at": clock.now, "actor": "wm-1"}
    Batch(**good)
    with pytest.raises(Malformed):
        Batch(**(good | wrong))


def test_content_is_of_the_facts_alone(clock, batch):
    a, b = NeedWithdrawn(need="a"), NeedWithdrawn(need="b")
    one = batch(a, b)
    assert one.content == batch(a, b, key="k", actor="x", at=clock.now).content
    assert len({one.content, batch(b, a).content, batch(a).content}) == 3
    assert batch(a).content != batch(NeedExpired(need="a")).content
    assert batch(Unheard()).content != batch(HeardAgain()).content


def test_a_microsecond_is_kept(clock):
    for instant in (clock.now, clock.now.replace(microsecond=1), dt.datetime(1969, 12, 31, 23, 59, tzinfo=dt.UTC)):
        assert from_microseconds(to_microseconds(instant)) == instant
    east = dt.timezone(dt.timedelta(hours=3))
    assert to_microseconds(clock.now.astimezone(east)) == to_microseconds(clock.now)
    with pytest.raises(Malformed):
        to_microseconds(clock.now.replace(tzinfo=None))


def test_a_snapshot_shows_damage():
    sound = Snapshot.of(7, "form", [b"ab", b"c"])
    assert sound.whole
    for wrong in ({"position": 8}, {"format": "other"}, {"parts": (b"a", b"bc")}, {"parts": (b"ab",)}, {"digest": ""}):
        assert not attrs.evolve(sound, **wrong).whole
    assert "ab" not in repr(sound)
