"""Callers in line: who finds nobody serving serves everybody who waits, then asks the next to.

There is no thread of our own. Whoever serves takes all who stand in line at
that moment; those who come meanwhile are the next group. A caller that is
stopped (Ctrl-C) leaves the line, and the others go on.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, Generic, TypeVar

import attrs

from wis_engine.errors import OutcomeUnknown

GROUP: Final = 256
"""Most callers that are served together."""
PAUSES: Final = 4
PAUSE_SECONDS: Final = 0.000_05
"""How often and how long a group waits for those who were in the last one: a tenth of what a commit takes."""

A = TypeVar("A")


@attrs.define(eq=False, kw_only=True)
class Asked(Generic[A]):
    """What a caller asks for, and the answer when it is there.

    Attributes
    ----------
    alone
        Whether it has to be served without company.
    turn
        Held until its caller, who waits for it, is answered or has to serve.
    """

    alone: bool = False
    answer: A | None = None
    error: Exception | None = None
    turn: "threading.Lock | None" = None

    @property
    def done(self) -> bool:
        """Say whether there is an answer."""
        return self.answer is not None or self.error is not None

    def result(self) -> A:
        """Give the answer, or raise what came instead."""
        if self.error is not None:
            raise self.error
        assert self.answer is not None
        return self.answer


R = TypeVar("R", bound=Asked[Any])


class Line(Generic[R]):
    """A line before something that one at a time can do, for itself and for others.

    Parameters
    ----------
    serve
        Answers a group of callers, each by its `answer` or its `error`.
    """

    def __init__(self, serve: Callable[[list[R]], None]) -> None:
        self._serve = serve
        self._door = threading.Lock()  # of all that follows
        self._waiting: deque[R] = deque()
        self._leader: R | None = None
        self._group: list[R] = []  # of the leader, while it is served
        self._company = 1  # callers that are to be expected

    def wait_for(self, asked: R) -> None:
        """Stand in line until there is an answer; serve everybody when it is one's turn."""
        try:
            self._stand(asked)
            if asked.turn is not None:
                asked.turn.acquire()
            if not asked.done:
                self._lead(asked)
        except BaseException:
            self._leave(asked)
            raise

    def _stand(self, asked: R) -> None:
        with self._door:
            self._waiting.append(asked)
            if self._leader is None:
                self._leader = asked
            else:
                asked.turn = threading.Lock()
                asked.turn.acquire()

    def _lead(self, mine: R) -> None:
        # Those who were answered a moment ago are about to come back.
        for _ in range(PAUSES):
            if len(self._waiting) >= self._company:
                break
            time.sleep(PAUSE_SECONDS)
        try:
            with self._door:
                self._group = self._together()
                for _ in self._group:
                    self._waiting.popleft()
            self._company = max(len(self._group), self._company // 2)
            self._serve(self._group)
        finally:
            with self._door:
                self._dismiss(mine)

    def _together(self) -> list[R]:
        """Find those at the head of the line who can be served together."""
        group = [self._waiting[0]]
        for one in islice(self._waiting, 1, GROUP):
            if group[0].alone or one.alone:
                break
            group.append(one)
        return group

    def _dismiss(self, mine: R) -> None:
        """Let those who were served go, and ask the next in line to serve; done twice, it does no harm."""
        for one in self._group:
            if one in self._waiting:
                self._waiting.remove(one)
            if one is mine:
                continue
            if not one.done:
                # The thread that served it is stopped, perhaps while it committed: nobody knows what became of it.
                one.error = OutcomeUnknown("the thread that served this batch was stopped")
            if one.turn is not None and one.turn.locked():
                one.turn.release()
        self._group = []
        self._appoint()

    def _appoint(self) -> None:
        """Ask the next in line to serve, if somebody waits."""
        self._leader = self._waiting[0] if self._waiting else None
        if self._leader is not None and self._leader.turn is not None and self._leader.turn.locked():
            self._leader.turn.release()

    def _leave(self, asked: R) -> None:
        """Take a caller that was stopped out of the line, and make sure that somebody else serves."""
        with self._door:
            if asked in self._waiting:
                self._waiting.remove(asked)
            if self._leader is asked:
                self._dismiss(asked)
            elif self._leader is not None and self._leader.turn is not None and self._leader.turn.locked():
                # It may have been appointed and not told; told twice does no harm.
                self._leader.turn.release()
