"""What the tests of a log stand on: facts of small account, a clock moved by hand, logs that are closed afterwards."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from enum import StrEnum
from typing import ClassVar, Final, NewType, NoReturn, Protocol, TypeVar

import attrs
import pytest
from attrs import field

from wis_engine.errors import WisError
from wis_engine.facts.base import Event, id_field, personal
from wis_engine.log.codec import Registry
from wis_engine.log.log import Batch, Clock, Log
from wis_engine.shapes import checked_id, exactly, frozenset_of, natural, text, tuple_of
from wis_engine.values import HouseholdId, Period, PersonId, WeekSlots

T = TypeVar("T")
NoteId = NewType("NoteId", str)
ENDS: Final = (dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC))
"""The first and the last instant that Python can name."""
START: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
PATIENCE_SECONDS: Final = 60
"""How long a thread may take before its test is given up; none that passes comes near it."""


@attrs.frozen(kw_only=True)
class Noted(Event):
    """A note was made."""

    name: ClassVar[str] = "test-noted"

    note: NoteId = id_field()
    beside: NoteId | None = id_field(default=None)


@attrs.frozen(kw_only=True)
class Struck(Event):
    """A note was struck out."""

    name: ClassVar[str] = "test-struck"

    note: NoteId = id_field()


class Mood(StrEnum):
    """How a note was weighed."""

    CALM = "calm"
    GLAD = "glad"


@attrs.frozen(kw_only=True)
class Part:
    """A part of a fact that is a value with fields of its own."""

    words: str = field(validator=text(200))
    cents: int = field(validator=natural)


@attrs.frozen(kw_only=True)
class Weighed(Event):
    """A note was weighed; a field of each kind that facts have."""

    name: ClassVar[str] = "test-weighed"

    note: NoteId = id_field()
    grams: int = field(validator=natural)
    mood: Mood = field(validator=exactly(Mood))
    final: bool = field(validator=exactly(bool))
    day: dt.date = field(validator=exactly(dt.date))
    period: Period = field(validator=exactly(Period))
    slots: WeekSlots = field(validator=exactly(WeekSlots))
    parts: tuple[Part, ...] = field(default=(), validator=tuple_of(exactly(Part)))
    beside: frozenset[str] = field(default=frozenset(), validator=frozenset_of(checked_id))
    words: str | None = field(default=None, validator=attrs.validators.optional(text(50_000)))


@attrs.frozen(kw_only=True)
class Confided(Event):
    """A household confided something: what it says, and of whom, is personal."""

    name: ClassVar[str] = "test-confided"

    household: HouseholdId = id_field()
    person: PersonId = personal(subject="household", validator=checked_id)
    words: str = personal(subject="household", validator=text(200))


@attrs.frozen(kw_only=True)
class Unguarded(Event):
    """A fact whose fields are held to nothing."""

    name: ClassVar[str] = "test-unguarded"

    words: str = ""
    grams: int = 0


EVENTS: Final = (Noted, Struck, Weighed, Confided, Unguarded)


class Stranger(Event):
    """A type of fact that no log of these tests is opened with."""

    name: ClassVar[str] = "test-stranger"


class Namesake(Event):
    """A type of fact that goes by the name of another one."""

    name: ClassVar[str] = "test-noted"


def note(name: str, *, beside: str | None = None) -> Noted:
    """Make a note, perhaps beside another one."""
    return Noted(note=NoteId(name), beside=None if beside is None else NoteId(beside))


def struck(name: str) -> Struck:
    """Strike out a note."""
    return Struck(note=NoteId(name))


def confided(household: str, person: str) -> Confided:
    """Have a household confide something of a person."""
    return Confided(household=HouseholdId(household), person=PersonId(person), words="«in confidence»")


def noted(*names: str) -> list[Event]:
    """Make a note of each name."""
    return [note(name) for name in names]


def batch(
    *facts: Event,
    key: str | None = None,
    actor: str = "wm-1",
    cause: str | None = None,
    at: dt.datetime = START,
    recorded_at: dt.datetime | None = None,
) -> Batch:
    """Make a batch of facts with an envelope of small account."""
    return Batch(facts=facts, occurred_at=at, actor=actor, cause=cause, key=key, recorded_at=recorded_at)


def read(
    log: Log,
    *,
    after: int = 0,
    until: int | None = None,
    types: Iterable[str] | None = None,
    about: Iterable[str] | None = None,
) -> list[tuple[int, Event | None]]:
    """Read positions and facts."""
    return [(one.position, one.fact) for one in log.read(after=after, until=until, types=types, about=about)]


class Left(Exception):
    """Leaves what is done under the lock."""


def undone(log: Log, work: Callable[[], object]) -> None:
    """Do something under the lock of a log, and leave it by an error when that is done."""

    def leave() -> NoReturn:
        work()
        raise Left

    with suppress(Left):
        log.locked(leave)


def raises(expected: type[WisError], call: Future[T]) -> bool:
    """Say whether what runs in a thread ends with an error."""
    return isinstance(call.exception(PATIENCE_SECONDS), expected)


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        """Answer the present instant."""
        return self.now

    def move(self, seconds: int) -> None:
        """Go forward, or back."""
        self.now += dt.timedelta(seconds=seconds)


class OpenLog(Protocol):
    """What a test suite must be given: a way to open a log.

    Within one test, the same `name` is the same log, made when it is new;
    other names are other logs. For a log that does not outlive its object
    every call makes a new one.
    """

    def __call__(self, name: str, *, registry: Registry, clock: Clock, zone: str = ...) -> Log:
        """Open a log; without a `zone` it has the one it was made with, or «Europe/Rome» when it is new."""


class Edit(Protocol):
    """What a suite may be given for a log that outlives its object: a way to write to it behind its back."""

    def __call__(self, name: str, old: str, new: str) -> None:
        """Put a text for another one, of the same length, in the public pieces of what the log of a name keeps."""


class Opened(Protocol):
    """Opens logs that are closed when the test is over."""

    def __call__(self, name: str = ..., *, events: Registry = ..., **options: str) -> Log:
        """Open a log, by default the one that the test is about."""


class LogBench:
    """The fixtures of the suite; `open_log` is the user's."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        """Stand still until told otherwise."""
        return ManualClock()

    @pytest.fixture
    def opened(self, open_log: OpenLog, clock: ManualClock) -> Iterator[Opened]:
        """Open logs that are closed when the test is over."""
        logs: list[Log] = []

        def open_one(name: str = "log", *, events: Registry | None = None, **options: str) -> Log:
            logs.append(open_log(name, registry=events or Registry(EVENTS), clock=clock, **options))
            return logs[-1]

        yield open_one
        for log in logs:
            log.close()

    @pytest.fixture
    def log(self, opened: Opened) -> Log:
        """An empty log."""
        return opened()
