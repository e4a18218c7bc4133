"""Opening: the newest snapshot of use, then the facts after it; a snapshot only saves time."""

import datetime as dt
import gc
import logging

import attrs
import pytest
import stories
from stories import START, life, pilot

from wis_engine import replay
from wis_engine.community import Community
from wis_engine.errors import Full, IntegrityError
from wis_engine.facts import Event, NeedWithdrawn
from wis_engine.log.codec import Registry, known_events
from wis_engine.log.log import Batch, Snapshot
from wis_engine.replay import network_at
from wis_engine.snapshots import form_of, is_due, picture


def record(community, history):
    """Live a history in a community: one fact a batch, an instant in it moves the clock."""
    now = START
    for one in history:
        if isinstance(one, Event):
            community.record(one, at=now)
        else:
            now = one


@pytest.fixture
def log(any_log):
    return any_log


@pytest.fixture
def community(log):
    """Give the pilot and a life after it, with a snapshot after the pilot."""
    community = Community(log, clock=lambda: START)
    community.record(*pilot())
    community.snapshot()
    record(community, life())
    return community


class Read:
    """A log that remembers after which position it was read."""

    def __init__(self, log):
        self.log, self.afters = log, []

    def read(self, *, after=0, **options):
        self.afters.append(after)
        return self.log.read(after=after, **options)

    def __getattr__(self, name):
        return getattr(self.log, name)


def opened(log, **options):
    """Open a log; say with the network after which positions facts were read for it."""
    seen = Read(log)
    network, begun = network_at(seen, known_events(), **options)
    assert begun in seen.afters
    return network, seen.afters


def test_opening_begins_at_the_newest_snapshot(log, community):
    network, afters = opened(log)
    assert afters == [len(pilot())]
    assert network.digest() == community.network.digest()
    assert network.latest == community.network.latest


def test_a_picture_of_the_past_begins_at_the_newest_snapshot_before_it(log, community):
    assert opened(log, until=len(pilot()) + 3)[1] == [len(pilot())]
    early, afters = opened(log, until=len(pilot()) - 1)
    assert afters == [0]
    assert early.digest() == community.as_of(len(pilot()) - 1).network.digest()


def damaged(found):
    return attrs.evolve(found, parts=(*found.parts[:-1], found.parts[-1][:-1] + b"?"))


def of_another_form(found):
    return Snapshot.of(found.position, "another", found.parts)


def nonsense(found):
    return Snapshot.of(found.position, found.format, (b"[]", b"\x00"))


def misplaced(found):
    return Snapshot.of(found.position - 1, found.format, found.parts)


@pytest.mark.parametrize("spoil", [damaged, of_another_form, nonsense, misplaced])
def test_a_snapshot_of_no_use_is_dropped_with_a_warning(log, community, spoil, caplog):
    found = log.get()
    log.drop(found.position)
    log.put(spoil(found))
    with caplog.at_level(logging.WARNING, "wis_engine"):
        network, afters = opened(log)
    assert afters == [0]
    assert network.digest() == community.network.digest()
    assert "facts are replayed instead" in caplog.text
    assert log.get() is None


def test_an_older_snapshot_serves_when_the_newest_is_damaged(log, community):
    community.snapshot()
    newest = log.get()
    log.put(damaged(newest))
    network, afters = opened(log)
    assert afters == [len(pilot())]
    assert network.digest() == community.network.digest()
    assert log.get().position == len(pilot())


def test_who_only_reads_leaves_a_damaged_snapshot_alone(log, community):
    log.put(damaged(log.get()))
    opened(log, writable=False)
    assert log.get() is not None


def test_a_snapshot_of_other_facts_is_of_another_form():
    class Own(Event):
        name = "own"

    assert form_of(Registry()) == form_of(known_events())
    assert form_of(Registry((*map(known_events().shape, ()), Own))) != form_of(known_events())


@pytest.mark.parametrize(("position", "last", "due"), [(9, 0, False), (10, 0, True), (69, 60, False), (70, 60, True)])
def test_a_snapshot_is_due_after_so_many_facts(position, last, due):
    assert is_due(position, last, 10) == due


@pytest.mark.parametrize(("position", "due"), [(913, False), (914, True)])
def test_in_a_long_log_a_snapshot_is_due_after_a_share_of_it(position, due):
    assert is_due(position, 800, 10) == due


def test_snapshots_are_kept_as_the_community_grows(log):
    community = Community(log, clock=lambda: START, snapshot_every=10)
    community.record(*pilot()[:4])
    assert log.get() is None
    community.record(*pilot()[4:])
    assert log.get().position == len(pilot())
    for number in range(9):
        community.record(stories.meeting(f"m-{number}"))
    assert log.get().position == len(pilot())
    community.record(stories.meeting("m-9"))
    assert log.get().position == len(pilot()) + 10


def test_opening_keeps_a_snapshot_of_what_it_had_to_replay(log):
    Community(log, clock=lambda: START).record(*pilot())
    assert log.get() is None
    Community(log, clock=lambda: START, snapshot_every=10, writable=False)
    assert log.get() is None
    Community(log, clock=lambda: START, snapshot_every=10)
    assert log.get().position == len(pilot())


def test_a_store_without_room_for_a_snapshot_still_answers(log, caplog):
    def full(_snapshot):
        raise Full("no space is left")

    community = Community(log, clock=lambda: START, snapshot_every=10)
    log.put = full
    with caplog.at_level(logging.WARNING, "wis_engine"):
        receipt = community.record(*pilot())
    assert receipt.last == len(pilot())
    assert "no snapshot was kept" in caplog.text


def test_a_fact_that_cannot_take_effect_is_named_by_its_position(log):
    community = Community(log, clock=lambda: START)
    community.record(*pilot())
    log.append(Batch(facts=(NeedWithdrawn(need="nobody"),), occurred_at=START, actor="wm-1"), after=len(pilot()))
    before = community._admission.network.digest()
    for _ in range(2):
        with pytest.raises(IntegrityError, match=f"position {len(pilot()) + 1}: need-withdrawn does not follow"):
            _ = community.network
        assert community._admission.network.digest() == before


def test_facts_before_one_that_cannot_take_effect_do(log, monkeypatch):
    monkeypatch.setattr(replay, "TOGETHER", 3)
    facts = (stories.meeting("m-1"), NeedWithdrawn(need="nobody"))
    community = Community(log, clock=lambda: START)
    community.record(*pilot())
    log.append(Batch(facts=facts, occurred_at=START + dt.timedelta(days=1), actor="wm-1"), after=len(pilot()))
    with pytest.raises(IntegrityError):
        _ = community.network
    assert community._admission.network.position == len(pilot()) + 1
    assert "m-1" in community._admission.network.meetings


def test_two_pictures_of_one_network_are_the_same(community):
    registry = known_events()
    assert picture(community.network, registry) == picture(community.as_of(community.position).network, registry)


@pytest.mark.parametrize("on", [False, True])
def test_the_collector_of_garbage_is_left_as_it_was(log, community, on):
    (gc.enable if on else gc.disable)()
    try:
        opened(log)
        assert gc.isenabled() is on
        log.read = None
        with pytest.raises(TypeError):
            network_at(log, known_events())
        assert gc.isenabled() is on
    finally:
        gc.enable()
