"""Stopped anywhere (Ctrl-C), a community is as it was or as it was to be, and goes on while the error is alive."""

import contextlib
import threading
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import stories
from stopping import stopped
from stories import START, pilot

import wis_engine
from wis_engine.community import Community
from wis_engine.errors import OutcomeUnknown
from wis_engine.log.log import Batch

ROOT = Path(wis_engine.__file__).parent
COMMIT = (*(str(ROOT / name) for name in ("admission.py", "line.py", "log")), contextlib.__file__)
"""Where a batch gets in: tried at every point with others in line, where a trial takes longest."""
CALLERS = 3
OFTEN = 20
"""Points after which a stored community keeps a snapshot: whoever is stopped has it built again."""
PATIENCE_SECONDS = 30
LATELY = 20
"""Facts at the end of the log among which one is looked for that was just recorded."""


@pytest.fixture(params=["memory", "sqlite"])
def community(request, tmp_path):
    """A community that holds the pilot, and a reader of its log."""
    url = "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'log.db'}"
    with Community.open(url, clock=lambda: START) as one:
        one.record(*pilot())
        yield one


@pytest.fixture
def step(community, tmp_path):
    """Of how many points one is tried: files are slow, and their log alone is tried at every one."""
    return 11 if (tmp_path / "log.db").exists() else 1


@pytest.fixture
def seen(community, tmp_path):
    """Read what stands under a key by somebody else's eyes, where there is somebody else."""
    path = tmp_path / "log.db"
    with Community.open(f"sqlite:///{path}", mode="r") if path.exists() else contextlib.nullcontext(community) as other:
        yield lambda key: [one.fact for one in other.events(after=other.position - LATELY) if one.key == key]


def meetings(name):
    return [stories.meeting(name), stories.meeting(f"{name}-too")]


def record(community, name):
    return community.record(*meetings(name), key=name)


def load(community, name):
    batches = [
        Batch(facts=(meeting,), occurred_at=START, actor="wm-1", key=f"{name}-{number}")
        for number, meeting in enumerate(meetings(name))
    ]
    return list(community.load(batches))


def look(community, _name):
    return community.position


@pytest.mark.parametrize("ask", [record, load, look])
def test_who_is_stopped_anywhere_leaves_a_sound_community(community, seen, step, ask):
    def go_on(place):
        before = community.position
        receipt = record(community, f"further-{place}")
        assert (receipt.first, receipt.last) == (before + 1, before + 2)
        assert seen(f"further-{place}") == meetings(f"further-{place}")
        assert len(community.network.meetings) == receipt.last - len(pilot()), "half a batch"
        community.record(stories.meeting(f"last-{place}"), stories.meeting(f"least-{place}"))

    for place in count(1, step):
        if not stopped(place, partial(ask, community, f"m-{place}"), partial(go_on, place)):
            break
        if place % OFTEN < step:
            community.snapshot()
    assert place > 10
    found = community.verify(deep=True)
    assert found.ok, str(found)
    assert community.position == len(pilot()) + len(community.network.meetings)


class Callers:
    """Others who stand in line before whoever serves has begun, each in a thread, and what each was answered."""

    def __init__(self, community, line, place):
        self.community, self.line, self.place = community, line, place
        self.threads, self.answers = [], {}

    def come(self, _pause):
        """Take the place of the pause in which a group gathers."""
        if self.threads:
            return
        self.threads = [threading.Thread(target=self._ask, args=(f"c-{n}-{self.place}",)) for n in range(1, CALLERS)]
        for place, thread in enumerate(self.threads, 1):
            thread.start()
            while len(self.line._waiting) <= place and thread.is_alive():
                pass

    def go(self):
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

    def _ask(self, name):
        try:
            self.answers[name] = record(self.community, name)
        except OutcomeUnknown as error:
            self.answers[name] = error


def test_who_is_stopped_serving_others_leaves_them_an_answer_and_the_line_moving(community, seen, step, monkeypatch):
    line, grouped = community._admission._line, 0

    def go_on(callers, place):
        record(community, f"further-{place}")
        assert seen(f"further-{place}") == meetings(f"further-{place}")
        callers.go()

    for place in count(1, step):
        callers = Callers(community, line, place)
        with monkeypatch.context() as gathering:
            gathering.setattr("wis_engine.line.time", SimpleNamespace(sleep=callers.come))
            line._company = CALLERS
            ask, then = partial(record, community, f"m-{place}"), partial(go_on, callers, place)
            went_on = stopped(place, ask, then, within=COMMIT)
        callers.go()
        for name, answer in callers.answers.items():
            again = record(community, name)
            assert seen(name) == meetings(name)
            assert isinstance(answer, OutcomeUnknown) or answer.first == again.first
        assert len(callers.answers) == len(callers.threads)
        grouped += bool(callers.threads)
        if not went_on:
            break
        if place % OFTEN < step:
            community.snapshot()
    assert grouped > place // step // 2
    found = community.verify(deep=True)
    assert found.ok, str(found)
