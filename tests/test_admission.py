"""Callers that come together share a commit: each in its turn, each with its own answer."""

import threading

import pytest
import stories
from stories import START, pilot

from wis_engine.admission import Request
from wis_engine.community import Community
from wis_engine.errors import Conflict, Full, IntegrityError, KeyReused, Malformed, OutcomeUnknown, Refused
from wis_engine.facts import NeedWithdrawn
from wis_engine.log.log import Batch


class Slow:
    """A log whose next append waits until others stand in line, and whose commits can be made to fail."""

    def __init__(self, log):
        self.log = log
        self.line = threading.Event()
        self.line.set()
        self.reached = threading.Event()
        self.locks, self.failures = 0, []

    def append(self, batch, *, after):
        self.reached.set()
        assert self.line.wait(10)
        return self.log.append(batch, after=after)

    def locked(self, work):
        self.locks += 1

        def done():
            answer = work()
            if self.failures and isinstance(self.failures[0], Full):
                raise self.failures.pop()
            return answer

        answer = self.log.locked(done)
        if self.failures:
            raise self.failures.pop()
        return answer

    def __getattr__(self, name):
        return getattr(self.log, name)


class Line:
    """Callers that are all in line before the first of them is answered."""

    def __init__(self, log, community):
        self.log, self.community = log, community
        self.answers = {}

    def record(self, *batches):
        """Record the first batch slowly; the others come meanwhile, in their order, and are served together."""
        log, waiting = self.log, self.community._admission._line._waiting
        log.line.clear()
        log.reached.clear()
        threads = []
        for place, (facts, options) in enumerate(batches):
            threads.append(threading.Thread(target=self._one, args=(place, facts, options)))
            threads[-1].start()
            assert log.reached.wait(10)
            while place and len(waiting) < place:
                pass
        log.line.set()
        for thread in threads:
            thread.join(10)
        return [self.answers[place] for place in range(len(batches))]

    def _one(self, place, facts, options):
        try:
            self.answers[place] = self.community.record(*facts, **options)
        except Exception as error:  # noqa: BLE001 - an answer like any other
            self.answers[place] = error


@pytest.fixture
def line(any_log):
    """A line of callers before a community that holds the pilot."""
    log = Slow(any_log)
    community = Community(log, clock=lambda: START)
    community.record(*pilot())
    log.locks = 0
    return Line(log, community)


def meetings(*names):
    return [([stories.meeting(name)], {}) for name in names]


def replayed(line):
    return Community(line.log.log, clock=lambda: START).network.digest()


@pytest.mark.parametrize("callers", [2, 3, 9])
def test_who_comes_while_another_commits_shares_the_next_commit(line, callers):
    first = len(pilot()) + 1
    answers = line.record(*meetings(*(f"m-{n}" for n in range(callers))))
    assert [answer.first for answer in answers] == list(range(first, first + callers))
    assert line.log.locks == (callers > 2)
    assert line.community.network.digest() == replayed(line)


def test_a_refusal_in_a_group_keeps_nobody_else_out(line):
    withdrawn = ([NeedWithdrawn(need="n1")], {})
    _, out, again, other = line.record(*meetings("m-0"), withdrawn, withdrawn, *meetings("m-1"))
    assert isinstance(again, Refused)
    assert again.fact == 0
    assert other.first == out.last + 1
    assert line.log.locks == 1
    assert line.community.network.digest() == replayed(line)


def test_a_refused_batch_of_a_group_leaves_nothing_of_itself(line):
    half = ([stories.meeting("m-half"), NeedWithdrawn(need="nobody")], {})
    _, refused, other = line.record(*meetings("m-0"), half, *meetings("m-1"))
    assert isinstance(refused, Refused)
    assert "m-half" not in line.community.network.meetings
    assert other.first == len(pilot()) + 2
    assert line.community.network.digest() == replayed(line)


def test_a_key_in_a_group_is_answered_once(line):
    keyed = ([stories.meeting("m-1")], {"key": "k"})
    _, once, twice, reused = line.record(*meetings("m-0"), keyed, keyed, ([stories.meeting("m-2")], {"key": "k"}))
    assert (once.first, once.repeated) == (len(pilot()) + 2, False)
    assert (twice.first, twice.repeated) == (once.first, True)
    assert isinstance(reused, KeyReused)
    assert line.community.position == once.last


def test_who_asked_for_a_still_world_hears_of_those_before_it(line):
    position = len(pilot())
    _, stale, fresh = line.record(
        *meetings("m-0"),
        ([stories.meeting("m-1")], {"after": position}),
        ([stories.meeting("m-2")], {"after": position + 1}),
    )
    assert isinstance(stale, Conflict)
    assert (stale.after, stale.head) == (position, position + 1)
    assert fresh.first == position + 2


def test_when_a_commit_writes_nothing_each_tries_again_alone(line):
    line.log.failures = [Full("no space is left")]
    withdrawn = ([NeedWithdrawn(need="n1")], {})
    answers = line.record(*meetings("m-0", "m-1"), withdrawn, withdrawn)
    assert [getattr(answer, "first", None) for answer in answers[:3]] == [len(pilot()) + n for n in (1, 2, 3)]
    assert isinstance(answers[3], Refused)
    assert line.community.network.digest() == replayed(line)


def test_when_nobody_knows_what_became_of_a_commit_nobody_is_told_it_was_kept(line):
    line.log.failures = [OutcomeUnknown("no answer")]
    withdrawn = ([NeedWithdrawn(need="n1")], {})
    _, one, other, refused = line.record(*meetings("m-0", "m-1"), withdrawn, withdrawn)
    assert isinstance(one, OutcomeUnknown)
    assert isinstance(other, OutcomeUnknown)
    assert one is not other
    # The commit had gone through: the refusal rests on what is now seen in the log.
    assert isinstance(refused, Refused)
    assert "m-1" in line.community.network.meetings
    assert line.community.network.digest() == replayed(line)


def test_a_thread_that_is_stopped_leaves_the_others_without_a_promise(line):
    line.log.failures = [KeyboardInterrupt()]
    hooked, threading.excepthook = threading.excepthook, lambda _args: None
    try:
        log, waiting = line.log, line.community._admission._line._waiting
        log.line.clear()
        threads = [threading.Thread(target=line._one, args=(n, *meetings(f"m-{n}")[0])) for n in range(3)]
        for place, thread in enumerate(threads):
            thread.start()
            assert log.reached.wait(10)
            while place and len(waiting) < place:
                pass
        log.line.set()
        for thread in threads:
            thread.join(10)
    finally:
        threading.excepthook = hooked
    stopped = [n for n in (1, 2) if n not in line.answers]
    told = [answer for answer in line.answers.values() if isinstance(answer, OutcomeUnknown)]
    assert len(stopped) == len(told) == 1
    assert line.community.network.digest() == replayed(line)


def batches(*names, key=None):
    return [Batch(facts=(stories.meeting(name),), occurred_at=START, actor="wm-1", key=key) for name in names]


def test_a_load_is_in_chunk_by_chunk(line, monkeypatch):
    monkeypatch.setattr("wis_engine.admission.CHUNK", 2)
    first = len(pilot())
    assert list(line.community.load(batches(*(f"m-{n}" for n in range(5))))) == [first + n for n in (2, 4, 5)]
    assert line.log.locks == 3
    assert line.community.network.digest() == replayed(line)


def test_a_load_that_is_refused_keeps_the_chunks_before(line, monkeypatch):
    monkeypatch.setattr("wis_engine.admission.CHUNK", 2)
    loading = line.community.load(batches("m-0", "m-1", "m-2", "m-0"))
    assert next(loading) == len(pilot()) + 2
    with pytest.raises(Refused):
        next(loading)
    assert sorted(line.community.network.meetings) == ["m-0", "m-1"]
    assert line.community.network.digest() == replayed(line)


def test_a_load_passes_over_what_is_there_by_its_key(line):
    list(line.community.load(batches("m-0", key="k")))
    assert list(line.community.load([*batches("m-0", key="k"), *batches("m-1")])) == [len(pilot()) + 2]


def test_without_guards_only_what_can_take_effect_gets_in(line):
    with pytest.raises(Refused):
        list(line.community.load(batches("m-0", "m-0")))
    list(line.community.load(batches("m-0", "m-0"), guarded=False))
    before = line.community.network.digest()
    nothing = Batch(facts=(NeedWithdrawn(need="nobody"),), occurred_at=START, actor="wm-1")
    with pytest.raises(IntegrityError, match="need-withdrawn does not follow"):
        list(line.community.load([nothing], guarded=False))
    assert line.community.network.digest() == before == replayed(line)


def test_a_key_twice_in_a_chunk_is_taken_once(line):
    assert list(line.community.load([*batches("m-0", key="k"), *batches("m-0", key="k")])) == [len(pilot()) + 1]
    assert line.community.network.digest() == replayed(line)
    with pytest.raises(KeyReused):
        list(line.community.load([*batches("m-1", key="l"), *batches("m-2", key="l")]))
    assert line.community.position == len(pilot()) + 1


def test_a_load_after_a_position_takes_every_batch_there_or_none(line):
    position = len(pilot())
    assert list(line.community.load(batches("m-0", key="k"), after=position)) == [position + 1]
    with pytest.raises(Conflict):
        list(line.community.load(batches("m-1"), after=position))
    with pytest.raises(Conflict):
        list(line.community.load([*batches("m-0", key="k"), *batches("m-1")], after=position + 1))
    assert line.community.position == position + 1
    assert line.community.network.digest() == replayed(line)


def test_what_serves_a_batch_cannot_record_another(line):
    def build(_network):
        line.community.record(stories.meeting("m-inner"))

    with pytest.raises(Malformed, match="cannot record"):
        line.community._admission.admit(Request(build=build, occurred_at=START, actor="wm-1"))
    assert line.community.record(stories.meeting()).first == len(pilot()) + 1


class Stopped:
    """A lock whose second taker is stopped while it waits."""

    def __init__(self):
        self.taken = 0

    def acquire(self):
        self.taken += 1
        if self.taken > 1:
            raise KeyboardInterrupt

    def release(self):
        pass


def test_who_is_stopped_in_the_line_leaves_it(line, monkeypatch):
    log = line.log
    log.line.clear()
    log.reached.clear()
    first = threading.Thread(target=line._one, args=(0, *meetings("m-0")[0]))
    first.start()
    assert log.reached.wait(10)
    monkeypatch.setattr("wis_engine.line.threading.Lock", Stopped)
    with pytest.raises(KeyboardInterrupt):
        line.community.record(stories.meeting("m-1"))
    monkeypatch.undo()
    log.line.set()
    first.join(10)
    assert line.community.record(stories.meeting("m-2")).first == len(pilot()) + 2
    assert sorted(line.community.network.meetings) == ["m-0", "m-2"]
