"""What a log is: batches of facts in one order, kept for ever.

A community has one log and one order. Positions are dense from 1, in order of
commit; a batch is whole or absent. Nothing here knows what a fact means.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.facts.base import Event, Receipt, Recorded
from wis_engine.plain import dump, to_plain
from wis_engine.shapes import short_text

ZONE: Final = "Europe/Rome"
"""Time zone of a log that is made without one."""
Clock: TypeAlias = Callable[[], dt.datetime]
T = TypeVar("T")

TEXT_MAX: Final = 200
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_microseconds(instant: object) -> int:
    """Count the microseconds since 1970 of an aware instant.

    Raises
    ------
    Malformed
        It is no instant, or has no time zone, so that it names no moment.
    """
    if not isinstance(instant, dt.datetime) or instant.utcoffset() is None:
        raise Malformed("no instant, or an instant without a time zone")
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(count: int) -> dt.datetime:
    """Find the instant, in UTC, that many microseconds after 1970."""
    return _EPOCH + dt.timedelta(microseconds=count)


def content_of(facts: Iterable[Event]) -> str:
    """Digest of what a batch says (SHA-256, hex).

    Neither clock nor envelope is in it: the same facts handed in again at
    another moment are the same content.
    """
    return sha256(dump([[fact.name, fact.version, to_plain(fact)] for fact in facts])).hexdigest()


@attrs.frozen(kw_only=True)
class Batch:
    """Facts to be appended together, and their envelope.

    `occurred_at` is when they happened, `actor` who says so, `cause` what led
    to them, `key` what makes a retry harmless. `recorded_at` is for what
    another log took in before; without it the clock of the log stamps it.
    """

    facts: tuple[Event, ...]
    occurred_at: dt.datetime
    actor: str
    cause: str | None = None
    key: str | None = None
    recorded_at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        """Hold every field to its shape; here and not field by field, since a batch is made for every fact."""
        facts = self.facts
        if type(facts) is not tuple or not facts or not all(isinstance(fact, Event) for fact in facts):
            raise Malformed("Batch.facts: not a tuple of one fact or more")
        for name, instant in (("occurred_at", self.occurred_at), ("recorded_at", self.recorded_at)):
            if instant is None and name == "recorded_at":
                continue
            if not isinstance(instant, dt.datetime) or instant.utcoffset() is None:
                raise Malformed(f"Batch.{name}: not an instant with a time zone")
        for name, text in (("actor", self.actor), ("cause", self.cause), ("key", self.key)):
            if text is None and name != "actor":
                continue
            if type(text) is not str or not 0 < len(text) <= TEXT_MAX or not text.isprintable():
                raise Malformed(f"Batch.{name}: not one line of 1 to {TEXT_MAX} characters")

    @cached_property
    def content(self) -> str:
        """Digest of the facts, computed when first asked for."""
        return content_of(self.facts)


@attrs.frozen(kw_only=True)
class Snapshot:
    """What the facts up to a position added up to, for whoever wants to begin there.

    A log keeps it as it is given and does not look inside; it may be lost at
    any time, since the facts give it again.

    Attributes
    ----------
    position
        Position of the last fact in it.
    format
        What wrote it, and in which form.
    digest
        SHA-256, hex, of the rest: damage shows.
    parts
        Its content, in pieces of moderate size.
    """

    position: int = field(validator=v.instance_of(int))
    format: str = field(validator=short_text)
    digest: str
    parts: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, position: int, form: str, parts: Iterable[bytes]) -> "Snapshot":
        """Make a snapshot with the digest that its content has."""
        held = tuple(parts)
        return cls(position=position, format=form, digest=_digest(position, form, held), parts=held)

    @property
    def whole(self) -> bool:
        """Say whether its content is what its digest says."""
        return self.digest == _digest(self.position, self.format, self.parts)


def _digest(position: int, form: str, parts: Iterable[bytes]) -> str:
    hashed = sha256(dump([position, form]))
    for part in parts:
        hashed.update(sha256(part).digest())
    return hashed.hexdigest()


@attrs.frozen(kw_only=True)
class Fault:
    """Something that is not as it should be, and the position where it shows."""

    position: int
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"position {self.position}: {self.what}"


def never() -> bool:
    """Go on for ever: the `stop` of a follower that is not told otherwise."""
    return False


class Log(Protocol):
    """Where the facts of one community are kept.

    One object may be used from several threads. Its clock stamps
    `recorded_at`, which never goes backwards.
    """

    @property
    def zone(self) -> str:
        """Time zone of the community's calendar, fixed when the log was made."""

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen.

        A key already there is looked at first: with the same content the
        answer is the first receipt, `repeated`, whatever `after` says.

        Raises
        ------
        Conflict
            The log stands elsewhere; nothing was appended.
        KeyReused
            The key stands in the log with other content.
        Malformed
            A fact of a type that the log was not opened with.
        """

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        about: Iterable[str] | None = None,
    ) -> Iterator[Recorded]:
        """Read facts in order, up to the head at the moment of the call.

        Parameters
        ----------
        after, until
            Positions: the first is left out, the last is in.
        types
            Names of event types; None for all.
        about
            Ids: a fact that names any of them in the open. Found by an index:
            the cost follows what is found, not the size of the log.
        """

    def follow(self, *, after: int = 0, stop: Callable[[], bool] = never) -> Iterator[Recorded]:
        """Read facts in order and wait for more, for ever or until `stop` says so.

        None is missed and none comes out of order, whoever appends. The
        caller keeps the last position it is done with, and begins `after` it
        another time. `stop` is asked whenever the follower has caught up, a
        few times a second at least.
        """

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new.

        Raises
        ------
        KeyReused
            The key stands in the log with other content.
        """

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""

    def locked(self, work: Callable[[], T]) -> T:
        """Do something under the write lock, and keep all that it appends, or nothing; answer what it answers.

        Nobody else appends meanwhile. When it raises, nothing of it is kept:
        a receipt that it got counts from its end. Work is handed in, and no
        block entered: who is stopped (Ctrl-C) may be so wherever a function
        begins, as that which leaves a block does.
        """

    def load(self, batches: Iterable[Batch]) -> list[Receipt]:
        """Append many batches, all or none, wherever the log stands; answer each.

        A batch whose key is there with the same content is passed over: its
        answer is the first receipt, `repeated`.
        """

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, in the place of one at the same position."""

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest snapshot at or before a position; None when there is none."""

    def drop(self, position: int) -> None:
        """Forget the snapshot at a position, if there is one."""

    def faults(self) -> Iterator[Fault]:
        """Look through everything stored and say what is not as it was written, in order of position.

        Positions are dense, batches whole, stamps in order, facts readable
        and in canonical form, keys stand for what was recorded with them, the
        index names what the facts name.
        """

    def close(self) -> None:
        """Let go of what the log holds; it is of no use afterwards."""
