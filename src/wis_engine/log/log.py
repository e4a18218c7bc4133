"""What a log is: batches of facts in one order, kept for ever.

A community has one log and one order. Positions are dense from 1, in order of
commit; a batch is whole or absent. Nothing here knows what a fact means.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Protocol, TypeAlias

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.facts.base import Event, Receipt, Recorded
from wis_engine.plain import dump, to_plain
from wis_engine.shapes import short_text

Clock: TypeAlias = Callable[[], dt.datetime]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def to_microseconds(instant: dt.datetime) -> int:
    """Count the microseconds since 1970 of an aware instant.

    Raises
    ------
    Malformed
        The instant has no time zone, so it names no moment.
    """
    if instant.utcoffset() is None:
        raise Malformed("an instant without a time zone")
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> dt.datetime:
    """Find the instant, in UTC, that many microseconds after 1970."""
    return _EPOCH + dt.timedelta(microseconds=count)


def content_of(facts: Iterable[Event]) -> str:
    """Digest of what a batch says (SHA-256, hex).

    Neither clock nor envelope is in it: the same facts handed in again at
    another moment are the same content.
    """
    return sha256(dump([[fact.name, fact.version, to_plain(fact)] for fact in facts])).hexdigest()


def _some_facts(_instance: object, _attribute: object, value: Any) -> None:  # noqa: ANN401 - typed by the field
    if type(value) is not tuple or not value or not all(isinstance(fact, Event) for fact in value):
        raise Malformed("Batch.facts: not a tuple of one fact or more")


def _aware(_instance: object, _attribute: object, value: Any) -> None:  # noqa: ANN401 - typed by the field
    if not isinstance(value, dt.datetime) or value.utcoffset() is None:
        raise Malformed("Batch.occurred_at: not an instant with a time zone")


@attrs.frozen(kw_only=True)
class Batch:
    """Facts to be appended together, and their envelope.

    `occurred_at` is when they happened, `actor` who says so, `cause` what led
    to them, `key` what makes a retry harmless.
    """

    facts: tuple[Event, ...] = field(validator=_some_facts)
    occurred_at: dt.datetime = field(validator=_aware)
    actor: str = field(validator=short_text)
    cause: str | None = field(default=None, validator=v.optional(short_text))
    key: str | None = field(default=None, validator=v.optional(short_text))

    @cached_property
    def content(self) -> str:
        """Digest of the facts, computed when first asked for."""
        return content_of(self.facts)


class Log(Protocol):
    """Where the facts of one community are kept.

    One object may be used from several threads. Its clock stamps
    `recorded_at`, which never goes backwards.
    """

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

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new.

        Raises
        ------
        KeyReused
            The key stands in the log with other content.
        """

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the write lock: nobody else appends until the block ends.

        What this object appends inside is kept when the block ends, all of it
        or, when the block raises, none: a receipt got inside counts from then.
        """

    def load(self, batches: Iterable[Batch]) -> int:
        """Append many batches, all or none, wherever the log stands; answer the new head.

        A batch whose key is there with the same content is passed over.
        """

    def close(self) -> None:
        """Let go of what the log holds; it is of no use afterwards."""
