"""Somebody else is faster: between what a community has seen and what it appends."""

import attrs
import pytest
import stories
from stories import APRIL, START, pilot

from wis_engine.admission import TRIES
from wis_engine.community import Community
from wis_engine.errors import Conflict, KeyReused, Refused
from wis_engine.facts import NeedWithdrawn


class Raced:
    """A log to which something else happens just before an append: each of `meanwhile` once, the last one first."""

    def __init__(self, log):
        self.log = log
        self.meanwhile, self.locks = [], 0

    def append(self, batch, *, after):
        if self.meanwhile:
            waiting, self.meanwhile = self.meanwhile, []
            happens = waiting.pop()
            happens()
            self.meanwhile = waiting
        return self.log.append(batch, after=after)

    def locked(self, work):
        self.locks += 1
        return self.log.locked(work)

    def __getattr__(self, name):
        return getattr(self.log, name)


@pytest.fixture
def raced(any_log):
    """Give a log and two communities on it, the pilot in both."""
    log = Raced(any_log)
    one, other = (Community(log, clock=lambda: START) for _ in range(2))
    one.record(*pilot())
    return log, one, other


@pytest.mark.parametrize("races", range(TRIES + 1))
def test_a_lost_race_is_run_again_and_after_three_the_lock_is_taken_first(raced, races):
    log, one, other = raced
    log.meanwhile = [lambda name=f"m-{race}": other.record(stories.meeting(name)) for race in range(races)]
    receipt = one.record(stories.need("n9"))
    assert receipt.first == len(pilot()) + races + 1
    assert log.locks == (races >= TRIES)
    assert len(one.network.meetings) == races
    assert one.network.digest() == other.network.digest()


def test_who_asked_for_a_still_world_hears_of_the_first_lost_race(raced):
    log, one, other = raced
    log.meanwhile = [lambda: other.record(stories.meeting())]
    with pytest.raises(Conflict):
        one.record(stories.need("n9"), after=one.position)
    assert log.locks == 0
    assert "n9" not in one.network.needs
    assert "m1" in one.network.meetings


def test_what_somebody_else_recorded_may_be_why_a_fact_is_refused(raced):
    log, one, other = raced
    log.meanwhile = [lambda: other.record(NeedWithdrawn(need="n1"))]
    with pytest.raises(Refused):
        one.record(NeedWithdrawn(need="n1"))
    assert one.network.digest() == other.network.digest()


def test_a_retry_that_overtakes_its_first_try_is_answered_once(raced):
    log, one, other = raced
    first = []
    log.meanwhile = [lambda: first.append(other.record(stories.meeting(), key="k-1"))]
    again = one.record(stories.meeting(), key="k-1")
    assert again == attrs.evolve(first[0], repeated=True)
    assert one.network.digest() == other.network.digest()
    assert one.position == len(pilot()) + 1


def test_a_key_taken_meanwhile_for_something_else_is_reused(raced):
    log, one, other = raced
    log.meanwhile = [lambda: other.record(stories.meeting("m9"), key="k-1")]
    with pytest.raises(KeyReused):
        one.record(stories.meeting(), key="k-1")
    assert one.network.digest() == other.network.digest()


def test_time_that_somebody_else_let_pass_passes_once(raced):
    log, one, other = raced
    log.meanwhile = [lambda: other.advance(APRIL)]
    assert one.advance(APRIL) == ()
    assert len(one.network.needs) == 4
    assert one.network.opened("need") == []
    assert one.network.digest() == other.network.digest()


def test_a_log_that_fails_leaves_the_network_as_it_was(raced):
    log, one, _ = raced
    digest = one.network.digest()

    def fail(_batch, *, after):
        raise OSError(after)

    log.append = fail
    with pytest.raises(OSError, match=str(len(pilot()))):
        one.record(stories.need("n9"))
    assert one.network.digest() == digest
