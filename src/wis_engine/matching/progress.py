"""How far a search has come, and how somebody stops it.

`solve` hands a `Watch` to a strategy that takes one by the keyword `watch`. At
each step the strategy tells it what it has, and hears whether to end. What was
told last and covers most is what remains when somebody presses Ctrl-C.
"""

from collections.abc import Callable

from attrs import field, frozen

from wis_engine.matching.plan import Proposal
from wis_engine.matching.problem import Problem
from wis_engine.shapes import natural

_MILLION = 1_000_000


@frozen(kw_only=True)
class Progress:
    """Where a search stands.

    Attributes
    ----------
    step
        Steps taken; a strategy that searches more than once may take more than `effort`.
    value, bound
        Covered minutes by their weights: of the best found so far, and what no
        plan covers more than, as far as is known.
    """

    step: int = field(validator=natural)
    effort: int = field(validator=natural)
    value: int = field(validator=natural)
    bound: int = field(validator=natural)

    @property
    def gap_ppm(self) -> int:
        """Distance from the bound, in millionths of it, rounded up."""
        return -(-max(0, self.bound - self.value) * _MILLION // max(1, self.bound))


Listener = Callable[[Progress], object]
"""Called at each step; the search ends where it answers `True`."""


class Watch:
    """What a search tells while it runs.

    Attributes
    ----------
    stopped
        The step at which the search was asked to end; None while it was not.
    fault
        What the listener raised, which is for the caller to see as it is.
    """

    def __init__(self, problem: Problem, effort: int, listener: Listener | None = None) -> None:
        self.stopped: int | None = None
        self.fault: BaseException | None = None
        self._effort = effort
        self._listener = listener
        self._step = 0
        self._bound = sum(map(problem.value, problem.needs))
        self._kept: tuple[int, Callable[[], Proposal]] | None = None

    def tell(self, value: int, best: Callable[[], Proposal], bound: int | None = None) -> bool:
        """Take one step; say whether to end.

        Parameters
        ----------
        value
            Covered minutes, by their weights, of what there is now.
        best
            Makes a proposal of it, whatever the search has done meanwhile.
        bound
            What no plan covers more than, where more is known than before.
        """
        self._step += 1
        if self._kept is None or value >= self._kept[0]:
            self._kept = value, best
        if bound is not None:
            self._bound = min(self._bound, bound)
        if self._listener is not None:
            progress = Progress(step=self._step, effort=self._effort, value=self._kept[0], bound=self._bound)
            try:
                asked = self._listener(progress) is True
            except Exception as error:
                self.fault = error
                raise
            if asked and self.stopped is None:
                self.stopped = self._step
        return self.stopped is not None

    def interrupted(self) -> Proposal | None:
        """End where somebody stopped it: what was kept, or None where there is nothing yet."""
        if self._kept is None:
            return None
        self.stopped = self._step if self.stopped is None else self.stopped
        return self._kept[1]()
