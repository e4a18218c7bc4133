import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import stories

from wis_engine.community import Community
from wis_engine.facts import Event
from wis_engine.interop import export_events

LATER = stories.NEXT_YEAR + dt.timedelta(days=1)
"""When lines are taken in: after all that is in them was recorded."""


def live(community: Community, history: list) -> None:
    """Record a history, some of it in batches; its instants move the clock."""
    now = stories.START
    facts = []

    def record() -> None:
        # The first two of each day together, under a key; then alone, with a cause and without.
        for number, batch in enumerate([facts[:2], *([fact] for fact in facts[2:])]):
            if batch:
                key = None if number else f"day-{community.position}"
                community.record(*batch, at=now, actor="wm-1", key=key, cause="sheet-1" if number % 3 == 1 else None)
        facts.clear()

    for step in history:
        if isinstance(step, Event):
            facts.append(step)
        else:
            record()
            now = step
    record()


@pytest.fixture
def clock() -> Callable[[], dt.datetime]:
    """A clock that goes a little further each time it is asked."""
    now = [stories.NEXT_YEAR]

    def tick() -> dt.datetime:
        now[0] += dt.timedelta(microseconds=1_001)
        return now[0]

    return tick


@pytest.fixture
def lived(clock) -> Community:
    """A community in which every kind of fact has happened."""
    community = Community.open("memory:", clock=clock)
    live(community, [*stories.pilot(), *stories.life()])
    return community


@pytest.fixture
def lines(lived) -> list[bytes]:
    """What it exports."""
    return list(export_events(lived))


@pytest.fixture
def empty(request, tmp_path) -> Iterator[Callable[..., Community]]:
    """Open empty communities; they are closed when the test is over."""
    opened: list[Community] = []

    def url_of(kind):
        if kind == "postgresql":
            return request.getfixturevalue("database")
        return "memory:" if kind == "memory" else f"sqlite:///{tmp_path / f'{len(opened)}.db'}"

    def open_one(kind="memory", **options) -> Community:
        # A clock that stands before all that is imported: whatever is stamped by it shows.
        opened.append(Community.open(url_of(kind), clock=lambda: LATER, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
