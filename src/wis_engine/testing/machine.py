"""Any history of a log, drawn by Hypothesis, against plain lists that say what a log is."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from wis_engine.errors import Conflict, KeyReused, WisError
from wis_engine.facts.base import Event, Receipt, Recorded, redacted
from wis_engine.log.codec import Registry
from wis_engine.log.log import Batch, Log, Snapshot
from wis_engine.testing.bench import EVENTS, START, Confided, Left, ManualClock, Noted, OpenLog, Struck

T = TypeVar("T")

_FEW: Final = st.sampled_from(["a", "b", "c"])
_CONFIDED: Final = st.builds(Confided, household=_FEW, person=_FEW, words=_FEW)
_FACTS: Final = st.one_of(
    st.builds(Noted, note=_FEW, beside=st.none() | _FEW),
    st.builds(Struck, note=_FEW),
    _CONFIDED,
    _CONFIDED.map(redacted),
)
_INSTANTS: Final = st.integers(-20, 20).map(lambda seconds: START + dt.timedelta(seconds=seconds))
_BATCHES: Final = st.builds(
    Batch,
    facts=st.lists(_FACTS, min_size=1, max_size=3).map(tuple),
    occurred_at=_INSTANTS,
    actor=_FEW,
    cause=st.none() | _FEW,
    key=st.none() | _FEW,
    recorded_at=st.none() | _INSTANTS,
)
_SHIFTS: Final = st.sampled_from([0, 0, 0, 0, -1, 1])
Step: TypeAlias = tuple[Batch, int]
_STEPS: Final = st.lists(st.tuples(_BATCHES, _SHIFTS), max_size=3)
_HANDLES: Final = st.integers(0, 1)


class PlainLog:
    """What a log is, in plain lists: slow, and short enough to be read as the definition."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._told: list[Recorded] = []
        self._keys: dict[str, tuple[tuple[Event, ...], Receipt]] = {}
        self._snapshots: dict[int, Snapshot] = {}

    def head(self) -> int:
        """Count the facts."""
        return len(self._told)

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append, or say why not."""
        if batch.key in self._keys:
            facts, first = self._keys[batch.key]
            if facts != batch.facts:
                raise KeyReused(batch.key, first.first)
            return first
        if after != self.head():
            raise Conflict(after, self.head())
        stamped = max([self._clock() if batch.recorded_at is None else batch.recorded_at, *self._instants()[-1:]])
        for position, fact in enumerate(batch.facts, after + 1):
            self._told.append(
                Recorded(
                    position=position,
                    fact=fact,
                    occurred_at=batch.occurred_at,
                    recorded_at=stamped,
                    actor=batch.actor,
                    cause=batch.cause,
                    key=batch.key,
                    batch=after + 1,
                )
            )
        receipt = Receipt(first=after + 1, last=self.head(), recorded_at=stamped)
        if batch.key is not None:
            self._keys[batch.key] = (batch.facts, attrs.evolve(receipt, repeated=True))
        return receipt

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        about: Iterable[str] | None = None,
    ) -> Iterator[Recorded]:
        """Look at every fact."""
        names, ids = (None if asked is None else set(asked) for asked in (types, about))
        found = [
            one
            for one in self._told
            if one.fact is not None
            and after < one.position <= (self.head() if until is None else until)
            and (names is None or one.fact.name in names)
            and (ids is None or ids & set(one.fact.about()))
        ]
        return iter(found)

    def position_at(self, instant: dt.datetime) -> int:
        """Count what was recorded by then."""
        return bisect_right(self._instants(), instant)

    def locked(self, work: Callable[[], T]) -> T:
        """Put everything back when the work raises."""
        told, keys = list(self._told), dict(self._keys)
        try:
            return work()
        except BaseException:
            self._told, self._keys = told, keys
            raise

    def load(self, batches: Iterable[Batch]) -> list[Receipt]:
        """Append one after the other."""
        return self.locked(lambda: [self.append(batch, after=self.head()) for batch in batches])

    def put(self, snapshot: Snapshot) -> None:
        """Keep it."""
        self._snapshots[snapshot.position] = snapshot

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest."""
        found = [position for position in self._snapshots if until is None or position <= until]
        return self._snapshots[max(found)] if found else None

    def drop(self, position: int) -> None:
        """Forget it."""
        self._snapshots.pop(position, None)

    def _instants(self) -> list[dt.datetime]:
        return [one.recorded_at for one in self._told]


class _Asked(Protocol):
    """What the machine asks of both, the log and the lists."""

    def __call__(self, log: Log | PlainLog) -> object: ...


class LogMachine(RuleBasedStateMachine):
    """A log and plain lists, told the same things, that have to answer the same.

    It appends, also where it may not, repeats keys, loads, leaves the lock
    half way, moves the clock both ways, keeps snapshots, begins to read and
    reads on later. A log that outlives its objects is also told through two
    of them in turn, and closed and opened again at any point.

    Parameters
    ----------
    open_log
        Opens the log; see `OpenLog`.
    name
        Name of a log that does not exist yet: a new one for each run.
    stored
        Whether the log outlives its object, and may be open more than once.

    Examples
    --------
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> from itertools import count
    >>> from wis_engine.log.memory import MemoryLog
    >>> numbers = count()
    >>> run_state_machine_as_test(
    ...     lambda: LogMachine(lambda _, **how: MemoryLog(**how), name=f"log-{next(numbers)}", stored=False)
    ... )
    """

    def __init__(self, open_log: OpenLog, *, name: str, stored: bool) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.model = PlainLog(self.clock)
        self.stored = stored
        self.open: Callable[[], Log] = lambda: open_log(name, registry=Registry(EVENTS), clock=self.clock)
        self.handles = [self.open() for _ in range(2 if stored else 1)]
        self.begun: list[tuple[Log, Iterator[Recorded], list[Recorded]]] = []

    def handle(self, number: int) -> Log:
        """Find one of the objects that the log is told through."""
        return self.handles[number % len(self.handles)]

    def agree(self, number: int, ask: _Asked) -> None:
        """Ask the log and the lists, and compare what comes of it, errors too."""
        assert _outcome(lambda: ask(self.handle(number))) == _outcome(lambda: ask(self.model))

    @rule(number=_HANDLES, batch=_BATCHES, shift=_SHIFTS)
    def append(self, number: int, batch: Batch, shift: int) -> None:
        """Append at the head, or beside it."""
        self.agree(number, lambda log: log.append(batch, after=log.head() + shift))

    @rule(number=_HANDLES, batches=st.lists(_BATCHES, max_size=3))
    def load(self, number: int, batches: list[Batch]) -> None:
        """Append many, or none if a key among them is used."""
        self.agree(number, lambda log: log.load(iter(batches)))

    @rule(number=_HANDLES, before=_STEPS, inner=_STEPS, leaves_inner=st.booleans(), leaves=st.booleans())
    def hold(self, number: int, before: list[Step], inner: list[Step], *, leaves_inner: bool, leaves: bool) -> None:
        """Append under the lock, and under a lock inside it; either may be left by an error."""

        def outside(log: Log | PlainLog) -> object:
            done = _told(log, before)
            done.append(_outcome(lambda: log.locked(lambda: inside(log))))
            done += _told(log, before)
            if leaves:
                raise Left
            return done

        def inside(log: Log | PlainLog) -> object:
            done = _told(log, inner)
            if leaves_inner:
                raise Left
            return done

        self.agree(number, lambda log: log.locked(lambda: outside(log)))

    @rule(seconds=st.integers(-5, 10))
    def wait(self, seconds: int) -> None:
        """Let time pass; clocks go back too."""
        self.clock.move(seconds)

    @precondition(lambda self: self.model.head())
    @rule(number=_HANDLES, data=st.data(), parts=st.lists(st.binary(max_size=5), max_size=3))
    def put(self, number: int, data: st.DataObject, parts: list[bytes]) -> None:
        """Keep a snapshot of some position."""
        position = data.draw(st.integers(1, self.model.head()))
        self.agree(number, lambda log: log.put(Snapshot.of(position, "form", parts)))

    @rule(number=_HANDLES, data=st.data())
    def drop(self, number: int, data: st.DataObject) -> None:
        """Forget one, or none."""
        position = data.draw(st.integers(0, self.model.head()))
        self.agree(number, lambda log: log.drop(position))

    @rule(number=_HANDLES, about=st.none() | st.lists(_FEW, max_size=2))
    def begin_to_read(self, number: int, about: list[str] | None) -> None:
        """Begin to read; it is read on when other things have happened."""
        log = self.handle(number)
        self.begun.append((log, log.read(about=about), list(self.model.read(about=about))))

    @precondition(lambda self: self.begun)
    @rule()
    def read_on(self) -> None:
        """See that what began to be read is as it was then."""
        _, reading, expected = self.begun.pop()
        assert list(reading) == expected

    @precondition(lambda self: self.stored)
    @rule(number=_HANDLES)
    def reopen(self, number: int) -> None:
        """Close one object and open another."""
        closed = self.handle(number)
        self.begun = [one for one in self.begun if one[0] is not closed]
        closed.close()
        self.handles[number % len(self.handles)] = self.open()

    @rule(number=_HANDLES)
    def look(self, number: int) -> None:
        """Ask everything that can be asked."""
        self.agree(number, _everything)
        log, half = self.handle(number), self.model.head() // 2
        assert list(log.follow(after=half, stop=lambda: True)) == list(self.model.read(after=half))

    @invariant()
    def stand_at_one_head(self) -> None:
        """See the same head through every object."""
        assert {log.head() for log in self.handles} == {self.model.head()}

    def teardown(self) -> None:
        """Look once more, through each object, and close them."""
        try:
            for number in range(len(self.handles)):
                self.look(number)
        finally:
            for log in self.handles:
                log.close()


def _outcome(call: Callable[[], T]) -> T | tuple[type[BaseException], str]:
    """Answer of a call, or its error."""
    try:
        return call()
    except (WisError, Left) as error:
        return type(error), str(error)


def _told(log: Log | PlainLog, steps: list[Step]) -> list[object]:
    """Append batches wherever the log stands, or beside, and say all that came of it."""

    def tell(batch: Batch, shift: int) -> object:
        return _outcome(lambda: log.append(batch, after=log.head() + shift))

    return [tell(batch, shift) for batch, shift in steps]


def _everything(log: Log | PlainLog) -> list[Any]:
    head = log.head()
    instants = [START + dt.timedelta(seconds=seconds) for seconds in range(-30, 61, 15)]
    return [
        list(log.read()),
        list(log.read(after=head // 3, until=head // 2)),
        list(log.read(types=["test-struck", "test-confided"])),
        [list(log.read(about=[name], after=1)) for name in "abcd"],
        list(log.read(about=["a", "c"], types=["test-noted"], until=head - 1)),
        [log.position_at(instant) for instant in instants],
        [log.get(until=until) for until in (None, 0, head // 2, head)],
    ]
