"""The calendar of a simulation: what is due, soonest first.

It knows nothing of communities: an instant is a whole number, what is due is
something to call and what to call it with. Things that are known beforehand
come from sorted iterators (`feed`), of which only the next one waits here, so
that the heap stays as large as what is under way and not as what is to come.
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any, Final

from wis_engine.errors import Malformed

Work = Callable[[Any], object]
"""What to do with something that is due; it may put more into the calendar."""

Timed = tuple[int, Work, object]
"""An instant, what to do then, and with what."""

FOREVER: Final = 1 << 62
_PUT_BITS: Final = 48


class Calendar:
    """What is due when.

    Things due at one instant come by rank, the lowest first, those of one rank
    in the order in which they were put there.

    Attributes
    ----------
    now
        The instant of what was done last.

    Notes
    -----
    A thing costs a push and a pop of a heap of what waits, and one tuple: what
    to do and with what stand apart so that nothing else need be made for it.
    No clock, no threads, no chance: the same calls in the same order do the
    same.

    Examples
    --------
    >>> calendar, seen = Calendar(), []
    >>> calendar.at(7, seen.append, "later")
    >>> calendar.feed((when, seen.append, when) for when in range(0, 9, 3))
    >>> calendar.run(8)
    >>> seen
    [0, 3, 6, 'later']
    """

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self._put = 0
        self._waiting: list[tuple[int, int, Work, object]] = []

    def __len__(self) -> int:
        """How many things wait."""
        return len(self._waiting)

    def at(self, when: int, work: Work, about: object, rank: int = 0) -> None:
        """Put something into the calendar, not before now."""
        if when < self.now:
            raise Malformed(f"due at {when}, and it is {self.now} already")
        self._put = put = self._put + 1
        heappush(self._waiting, (when, rank << _PUT_BITS | put, work, about))

    def feed(self, arrivals: Iterator[Timed], rank: int = 0) -> None:
        """Let things come from an iterator that is sorted by instant; it is asked for one at a time."""
        for when, work, about in arrivals:
            self.at(when, self._arrive, (work, about, arrivals, rank), rank)
            return

    def _arrive(self, arrived: tuple[Work, object, Iterator[Timed], int]) -> None:
        work, about, arrivals, rank = arrived
        self.feed(arrivals, rank)
        work(about)

    def run(self, until: int = FOREVER) -> None:
        """Do what is due before an instant; what comes later waits for another call."""
        waiting, pop = self._waiting, heappop
        while waiting and waiting[0][0] < until:
            self.now, _, work, about = pop(waiting)
            work(about)
