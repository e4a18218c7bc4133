"""Following a log: catch up, then wait for more, in one iterator."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from wis_engine.errors import StorageUnavailable
from wis_engine.facts.base import Recorded

WAIT_SECONDS: Final = 0.25
"""Longest wait before a follower looks again, and asks whether to stop."""


def followed(
    read: Callable[[int], Iterator[Recorded]],
    wait: Callable[[int], None],
    *,
    after: int,
    stop: Callable[[], bool],
    failures_max: int = 0,
) -> Iterator[Recorded]:
    """Read from a position on, for ever.

    Parameters
    ----------
    read
        Reads in order what stands after a position, up to the head.
    wait
        Comes back when something may stand after a position, or after `WAIT_SECONDS`.
    failures_max
        How often in a row the store may be away, `WAIT_SECONDS` from one look to the next.
    """
    failures = 0
    while True:
        try:
            for recorded in read(after):
                yield recorded
                after = recorded.position
            failures = 0
        except StorageUnavailable as error:
            failures += 1
            if not error.retryable or failures > failures_max:
                raise
        if stop():
            return
        if failures:
            time.sleep(WAIT_SECONDS)
        else:
            wait(after)
