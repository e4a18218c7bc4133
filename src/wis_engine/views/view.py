"""What every view is: it takes recorded facts one by one and answers one question from them.

A view owns its tables and nobody else writes them. It reads the public fields
of facts alone, so that erasing a household never changes a figure.
"""

import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, ClassVar, Self, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from wis_engine.errors import Malformed
from wis_engine.facts import Event, Recorded

Row: TypeAlias = dict[str, int | str | None]
"""One line of a view, ready for a frame."""


@attrs.frozen
class Mark:
    """Where a fact stands: the local date on which it happened, and its position in the log."""

    day: dt.date
    position: int


Handler: TypeAlias = Callable[[Any, Mark], None]


class View(ABC):
    """Base of the views.

    Parameters
    ----------
    zone
        Time zone that turns the instant of a fact into its local date.

    Attributes
    ----------
    READS
        The facts that it reads; all others are passed over.
    position
        Position in the log that it has read up to.
    """

    READS: ClassVar[tuple[type[Event], ...]] = ()

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self._zone = ZoneInfo(zone)
        self._last: tuple[int, float] = (0, math.inf)
        self.position = 0
        self._handlers = self.handlers()

    @abstractmethod
    def handlers(self) -> Mapping[type[Event], Handler]:
        """Say what each fact of `READS` does to the tables."""

    def take(self, recorded: Recorded) -> None:
        """Take the next fact of the log.

        Raises
        ------
        Malformed
            It does not come after the last one: it would be counted twice.
        """
        place = recorded.position, recorded.index
        if place <= self._last:
            raise Malformed(f"a view at {self.position} takes no fact of position {recorded.position}")
        self._last, self.position = place, recorded.position
        if recorded.fact is not None and type(recorded.fact) in self._handlers:
            day = recorded.occurred_at.astimezone(self._zone).date()
            self.handle(recorded.fact, Mark(day, recorded.position))

    def handle(self, fact: Event, at: Mark) -> None:
        """Let a fact of `READS` take effect on the tables."""
        self._handlers[type(fact)](fact, at)

    def read(self, records: Iterable[Recorded], *, position: int | None = None) -> Self:
        """Take every fact that is given, in order of position.

        Parameters
        ----------
        position
            How far the log was read, where facts that no view reads stand at its end.
        """
        for recorded in records:
            self.take(recorded)
        if position is not None and position > self.position:
            self._last, self.position = (position, math.inf), position
        return self

    @abstractmethod
    def records(self) -> list[Row]:
        """List its lines, for a frame."""

    def _repr_html_(self) -> str:
        return html_table(f"{type(self).__name__} at {self.position}", self.records())


def html_table(caption: str, rows: Sequence[Row]) -> str:
    """Draw rows as a table for a notebook; what is None stays empty."""
    head = "".join(f"<th>{escape(name)}</th>" for name in (rows[0] if rows else ()))
    lines = "".join("<tr>" + "".join(map(_cell, row.values())) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: int | str | None) -> str:
    align = ' style="text-align: right"' if isinstance(value, int) else ""
    return f"<td{align}>{'' if value is None else escape(str(value))}</td>"
