"""Following a log: catch up, then wait for more, in one iterator."""

from collections.abc import Callable, Iterator
from typing import Final

from wis_engine.facts.base import Recorded

WAIT_SECONDS: Final = 0.25
"""Longest wait before a follower looks again, and asks whether to stop."""


def followed(
    read: Callable[[int], Iterator[Recorded]],
    wait: Callable[[int], None],
    *,
    after: int,
    stop: Callable[[], bool],
) -> Iterator[Recorded]:
    """Read from a position on, for ever.

    Parameters
    ----------
    read
        Reads in order what stands after a position, up to the head.
    wait
        Comes back when something may stand after a position, or after `WAIT_SECONDS`.
    """
    while True:
        for recorded in read(after):
            yield recorded
            after = recorded.position
        if stop():
            return
        wait(after)
