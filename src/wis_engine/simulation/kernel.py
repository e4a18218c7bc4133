"""The calendar of a simulation: what is due, soonest first.

It knows nothing of communities: an instant is a whole number, what is due is
something to call. Things that are known beforehand come from sorted iterators
(`feed`), of which only the next one waits here, so that the heap stays as
large as what is under way and not as what is to come.
"""

from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from typing import Final

from wis_engine.errors import Malformed

Work = Callable[[], object]
"""Something that is due; it may put more into the calendar."""

FOREVER: Final = 1 << 62


class Calendar:
    """What is due when.

    Things due at one instant come by rank, the lowest first, those of one rank
    in the order in which they were put there.

    Attributes
    ----------
    now
        The instant of what was done last.
    done
        How many things were done.

    Notes
    -----
    A thing costs a push and a pop of a heap of what waits. No clock, no
    threads, no chance: the same calls in the same order do the same.

    Examples
    --------
    >>> calendar, seen = Calendar(), []
    >>> calendar.at(7, lambda: seen.append("later"))
    >>> calendar.feed((when, lambda when=when: seen.append(when)) for when in range(0, 9, 3))
    >>> calendar.run(8)
    >>> seen
    [0, 3, 6, 'later']
    """

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self.done = 0
        self._put = 0
        self._waiting: list[tuple[int, int, int, Work]] = []

    def at(self, when: int, work: Work, rank: int = 0) -> None:
        """Put something into the calendar, not before now."""
        if when < self.now:
            raise Malformed(f"due at {when}, and it is {self.now} already")
        self._put += 1
        heappush(self._waiting, (when, rank, self._put, work))

    def feed(self, arrivals: Iterator[tuple[int, Work]], rank: int = 0) -> None:
        """Let things come from an iterator that is sorted by instant; it is asked for one at a time."""
        for when, work in arrivals:
            self.at(when, partial(self._arrive, work, arrivals, rank), rank)
            return

    def _arrive(self, work: Work, arrivals: Iterator[tuple[int, Work]], rank: int) -> None:
        self.feed(arrivals, rank)
        work()

    def run(self, until: int = FOREVER) -> None:
        """Do what is due before an instant; what comes later waits for another call."""
        waiting = self._waiting
        while waiting and waiting[0][0] < until:
            self.now, _, _, work = heappop(waiting)
            self.done += 1
            work()
