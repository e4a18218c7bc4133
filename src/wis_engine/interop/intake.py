"""Taking lines in: a CloudEvent at the place that its fact had, or not at all; a fact without a place after the others.

Nothing that a line may hold raises. What is wrong is said with the number of
its line, in words that hold nothing of it; what can be taken in is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from wis_engine.community import Community
from wis_engine.errors import Conflict, FormatError, IntegrityError, KeyReused, Malformed, Refused
from wis_engine.facts.base import Recorded, holds_redacted, redacted
from wis_engine.interop.cloudevents import CloudEvent, last_of, numbered
from wis_engine.interop.factlines import FactBatches, FactLine, is_fact_line
from wis_engine.log.limits import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX, check_batch
from wis_engine.log.log import Batch
from wis_engine.plain import load

ENVELOPE_BYTES_MAX: Final = 8 * 1024
"""Most bytes of a line that are not its fact."""
TRUSTED_EVENTS_MAX: Final = 1_000_000
"""Most facts in one batch of one's own."""
DIAGNOSTICS_MAX: Final = 1_000
"""Most lines at fault that are listed."""

_CHUNK_BATCHES: Final = 500
_CHUNK_BYTES: Final = BATCH_BYTES_MAX
_LINES_A_STEP: Final = 500
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_DATA: Final = (Refused, Malformed, KeyReused, Conflict, IntegrityError, FormatError)
"""Errors for which the lines, not the store, are to blame."""


@attrs.frozen(kw_only=True)
class Diagnostic:
    """A line that was not taken in, and why."""

    line: int
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"line {self.line}: {self.what}"


@attrs.frozen(kw_only=True)
class Imported:
    """What became of the lines.

    Attributes
    ----------
    taken
        Facts that are in the log now.
    passed
        Facts that were there before, at the same place or under the same key.
    left
        Facts that are in order and could not be taken in because of what
        stands before them.
    diagnostics
        What is wrong, by line; at most `DIAGNOSTICS_MAX`.
    more
        Lines at fault beyond those.
    """

    taken: int
    passed: int
    left: int
    diagnostics: tuple[Diagnostic, ...]
    more: int

    @property
    def ok(self) -> bool:
        """Say whether all is in the log."""
        return not self.diagnostics


@runtime_checkable
class Reads(Protocol):
    """A binary file, as far as lines are read from it."""

    def readline(self, size: int, /) -> bytes:
        """Read up to the end of a line, and no more than so many bytes."""


def longest_line(*, trusted: bool) -> int:
    """Most bytes of a line, without its end."""
    return (BATCH_BYTES_MAX if trusted else EVENT_BYTES_MAX) + ENVELOPE_BYTES_MAX


def read_lines(file: Reads, *, trusted: bool = False) -> Iterator[bytes]:
    """Read the lines of a file; of one that is too long only so much that it shows."""
    enough = longest_line(trusted=trusted) + len(b"\r\n") + 1
    while line := file.readline(enough):
        yield line
        while len(line) == enough and not line.endswith(b"\n"):
            line = file.readline(enough)


def import_events(
    community: Community,
    lines: Iterable[bytes] | Reads,
    *,
    source: str | None = None,
    trusted: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Take in the lines that `export_events` wrote, or anybody else.

    Facts that come as CloudEvents keep their place, batch, envelope and
    instants. What the log holds already is passed over, so that an import can
    be begun again after it was interrupted. A line that is no event of ours is
    left out; where a fact is missing, differs from what the log holds, or is
    refused, nothing after it is taken in, and the rest of the lines are only
    looked at.

    A line that says a name and its data, and no place
    (`wis_engine.interop.factlines`), is recorded where it comes; one that is
    refused is left out with its batch, and the next has its turn.

    Parameters
    ----------
    lines
        An open binary file, which is read line by line within limits, or
        whatever gives lines.
    source
        Take only events of this source; those of the first one that is read,
        when not given.
    trusted
        The facts are one's own: take them without asking their guards, which
        may have changed since, and in batches as large as the engine makes.
    progress
        Called now and then with the number of bytes read.

    Raises
    ------
    StorageUnavailable, OutcomeUnknown
        The log could not be written; begin again.
    """
    intake = _Intake(community, source=source, trusted=trusted)
    bytes_read = 0
    given = read_lines(lines, trusted=trusted) if isinstance(lines, Reads) else lines
    for number, line in enumerate(given, 1):
        if not isinstance(line, bytes):
            raise Malformed(f"lines: {type(line).__name__}, not bytes")
        bytes_read += len(line)
        intake.take(number, line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line)
        if progress is not None and number % _LINES_A_STEP == 0:
            progress(bytes_read)
    found = intake.finish()
    if progress is not None:
        progress(bytes_read)
    return found


class _Intake:
    """The state of one import."""

    def __init__(self, community: Community, *, source: str | None, trusted: bool) -> None:
        self._community = community
        self._source = source
        self._trusted = trusted
        self._longest = longest_line(trusted=trusted)
        self._taken = self._passed = self._left = self._more = 0
        self._diagnostics: list[Diagnostic] = []
        self._stopped = False
        # Where the log stood, by number and by position, and its facts from the first line's on.
        self._begun = False
        self._head = self._position = 0
        self._ours: Iterator[Recorded] = iter(())
        # The last number that had its turn, and when the last fact before the open batch was recorded.
        self._number = 0
        self._stamped: Recorded | None = None
        # The open batch and its lines; then whole batches that wait for a commit, with theirs.
        self._open: list[Recorded] = []
        self._open_lines: list[int] = []
        self._open_bytes = 0
        self._waiting: list[tuple[Batch, list[int]]] = []
        self._waiting_bytes = 0
        # Facts without a place, that share a key.
        self._batches = FactBatches(community)

    def take(self, line: int, text: bytes) -> None:
        """Take a line, if it is one of ours and its turn has come."""
        if not text.strip():
            return
        if len(text.rstrip(b"\r\n")) > self._longest:
            self._say(line, f"more than {self._longest} bytes")
            return
        try:
            held = load(text)
            if is_fact_line(held):
                self._take_fact(line, FactLine.read(held, self._community.registry))
                return
            event = CloudEvent.of(held, self._community.registry)
        except (Malformed, FormatError) as error:
            cut = "" if text.endswith(b"\n") else "; the last line has no end and may be cut"
            self._say(line, f"{error}{cut}")
            return
        self._record()
        if self._source is None:
            self._source = event.source
        if event.source != self._source:
            self._say(line, "of another source")
        elif self._stopped:
            self._left += 1
        else:
            self._place(line, event, len(text))

    def finish(self) -> Imported:
        """Take in what waits, and say what became of all."""
        self._record()
        self._settle()
        return Imported(
            taken=self._taken,
            passed=self._passed,
            left=self._left,
            diagnostics=tuple(sorted(self._diagnostics, key=lambda said: said.line)),
            more=self._more,
        )

    def _take_fact(self, line: int, fact: FactLine) -> None:
        """Let a fact without a place wait for the others of its key, after all that came before it."""
        self._settle()
        if not self._batches.belongs(fact):
            self._record()
        if self._stopped:
            self._left += 1
            return
        self._batches.add(line, fact)
        if fact.key is None:
            self._record()

    def _record(self) -> None:
        """Record the facts without a place that wait; tell the line that is to blame when they are not taken."""
        lines = self._batches.lines
        if not lines:
            return
        try:
            repeated = self._batches.record()
        except _DATA as error:
            index = error.fact if isinstance(error, Refused) and error.fact is not None else 0
            self._say(lines[index], str(error))
            self._left += len(lines)
        else:
            self._taken += 0 if repeated else len(lines)
            self._passed += len(lines) if repeated else 0
        # Where the log stands now, whatever comes next with a place has to find out.
        self._begun = False

    def _settle(self) -> None:
        """Take in the whole batches that wait; an open one can have no end any more."""
        if self._open and not self._stopped:
            self._stop(self._open_lines[0], "the lines end before its batch does")
        self._flush()

    def _place(self, line: int, event: CloudEvent, size: int) -> None:
        """Look where an event belongs: in the log already, after what was taken so far, or nowhere."""
        number = event.recorded.position
        if not self._begun:
            self._begin(number)
            if number > self._head + 1:
                self._left += 1
                self._stop(line, f"the lines begin at fact {number}, the log stands at {self._head}")
                return
        if event.zone != (zone := self._community.network.zone):
            self._left += 1
            self._stop(line, f"of a calendar of another time zone than {zone}, which the log has")
        elif number <= self._number:
            self._say(line, f"fact {number} comes again")
        elif number > self._number + 1:
            self._left += 1
            self._stop(line, f"fact {self._number + 1} is missing before it")
        elif number <= self._head:
            self._compare(line, event)
        else:
            self._add(line, event, size)

    def _begin(self, number: int) -> None:
        """Find out where the log stands, and what it holds from the first line's number on."""
        self._begun = True
        self._position = self._community.position
        self._number = number - 1
        self._stamped = last_of(self._community)
        self._head = 0 if self._stamped is None else self._stamped.position
        self._ours = numbered(self._community, after=number - 1)

    def _compare(self, line: int, event: CloudEvent) -> None:
        ours, theirs = next(self._ours), event.recorded
        if not _are_one(ours, theirs) or (theirs.position == self._head and not event.ends):
            self._left += 1
            self._stop(line, f"the log holds something else as fact {theirs.position}")
            return
        self._number = theirs.position
        self._passed += 1

    def _add(self, line: int, event: CloudEvent, size: int) -> None:
        """Add an event to the open batch, and close it when it is whole."""
        recorded = event.recorded
        self._open.append(recorded)
        self._open_lines.append(line)
        self._open_bytes += size
        if (wrong := self._misfit(recorded)) is not None:
            self._stop(line, wrong)
            return
        self._number = recorded.position
        if event.ends:
            self._close()

    def _misfit(self, recorded: Recorded) -> str | None:
        """Say why an event cannot be the last one in the open batch, if so."""
        first, count = self._open[0], len(self._open)
        most = TRUSTED_EVENTS_MAX if self._trusted else BATCH_EVENTS_MAX
        if recorded.batch != first.position:
            return "its batch does not begin with the first line of it"
        if self._stamped is not None and recorded.recorded_at < self._stamped.recorded_at:
            return "recorded earlier than what stands before it"
        if _envelope(recorded) != _envelope(first):
            return "its envelope is not that of its batch"
        if count > most:
            return f"a batch of more than {most} facts"
        if not self._trusted and self._open_bytes > BATCH_BYTES_MAX + count * ENVELOPE_BYTES_MAX:
            return f"a batch of more than {BATCH_BYTES_MAX} bytes"
        return None

    def _close(self) -> None:
        """Let the open batch wait for a commit, and commit when enough are waiting."""
        first, lines, size = self._open[0], self._open_lines, self._open_bytes
        try:
            batch = Batch(
                facts=tuple(recorded.fact for recorded in self._open if recorded.fact is not None),
                occurred_at=first.occurred_at,
                recorded_at=first.recorded_at,
                actor=first.actor,
                cause=first.cause,
                key=first.key,
            )
            if not self._trusted:
                check_batch(batch.facts, self._community.registry)
        except Malformed as error:
            self._stop(lines[0], str(error))
            return
        if batch.key is not None and any(batch.key == other.key for other, _ in self._waiting):
            # So that the log sees that the key comes again.
            self._flush()
            if self._stopped:
                return
        self._waiting.append((batch, lines))
        self._waiting_bytes += size
        self._stamped = first
        self._clear()
        if len(self._waiting) >= _CHUNK_BATCHES or self._waiting_bytes >= _CHUNK_BYTES:
            self._flush()

    def _clear(self) -> None:
        self._open, self._open_lines, self._open_bytes = [], [], 0

    def _flush(self) -> None:
        """Commit the batches that wait; when that fails, one by one up to the one that cannot be taken."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        try:
            self._load([batch for batch, _ in waiting])
        except _DATA:
            for place, (batch, lines) in enumerate(waiting):
                try:
                    self._load([batch])
                except _DATA as error:
                    index = error.fact if isinstance(error, Refused) and error.fact is not None else 0
                    self._left += sum(len(other.facts) for other, _ in waiting[place:])
                    self._stop(lines[index], str(error))
                    return

    def _load(self, batches: list[Batch]) -> None:
        for position in self._community.load(batches, guarded=not self._trusted, after=self._position):
            self._position = position
        self._taken += sum(len(batch.facts) for batch in batches)

    def _stop(self, line: int, what: str) -> None:
        """Take nothing from here on."""
        self._say(line, f"{what}; nothing from here on is taken in")
        self._stopped = True
        self._left += len(self._open)
        self._clear()

    def _say(self, line: int, what: str) -> None:
        if len(self._diagnostics) < DIAGNOSTICS_MAX:
            self._diagnostics.append(Diagnostic(line=line, what=what))
        else:
            self._more += 1


def _envelope(recorded: Recorded) -> tuple[Any, ...]:
    return recorded.batch, recorded.occurred_at, recorded.recorded_at, recorded.actor, recorded.cause, recorded.key


def _are_one(ours: Recorded, theirs: Recorded) -> bool:
    """Say whether the log holds what a line says; a fact whose personal fields are gone is still that fact."""
    if ours == theirs:
        return True
    mine, yours = ours.fact, theirs.fact
    if mine is None or yours is None or not (holds_redacted(mine) or holds_redacted(yours)):
        return False
    return attrs.evolve(ours, fact=redacted(mine)) == attrs.evolve(theirs, fact=redacted(yours))
