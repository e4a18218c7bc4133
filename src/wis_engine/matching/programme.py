"""A small port to a solver of integer programmes.

Whatever comes back is tried by a `Draft`: nothing rests on a solver being
right. It stops by a count of nodes, never by time.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

SPAN: Final = 64.0
ENDLESS: Final = float("inf")


class Programme:
    """Columns from 0 to 1 that are whole, rows with two limits, and what to make small."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def column(self, cost: float) -> int:
        """Add a column; give its number."""
        self.costs.append(cost)
        return len(self.costs) - 1

    def row(self, entries: Sequence[tuple[int, float]], low: float = -ENDLESS, high: float = ENDLESS) -> None:
        """Add a row, scaled to where a solver's tolerances mean the same for minutes, cents and people."""
        number = len(self._low)
        # By a power of two, which loses nothing of whole numbers.
        scale = 2.0 ** -int(max((abs(value) for _, value in entries), default=0.0) / SPAN).bit_length()
        low, high = low * scale, high * scale
        for column, value in entries:
            self._rows.append(number)
            self._columns.append(column)
            self._values.append(value * scale)
        self._low.append(low)
        self._high.append(high)

    def relaxed(self, wanted: Sequence[int]) -> list[float]:
        """Find the best answer in parts of columns, for some of them; nothing where there is none."""
        found = self._answer(np.zeros(len(self.costs), dtype=np.int64), options={})
        return [0.0] * len(wanted) if found is None else [float(found[column]) for column in wanted]

    def solve(self, nodes: int, gap: float, halves: Iterable[int] = ()) -> list[int]:
        """Find an answer in so many nodes, or within a gap: the columns that are 1; none where nothing was found.

        Columns named in `halves` need not be whole.
        """
        whole = np.ones(len(self.costs), dtype=np.int64)
        whole[list(halves)] = 0
        found = self._answer(whole, options={"node_limit": nodes, "mip_rel_gap": gap})
        return [] if found is None else [int(column) for column in np.flatnonzero(found > 0.5)]  # noqa: PLR2004 - rounds to 1

    def _answer(self, whole: Numbers, options: dict[str, float]) -> Floats | None:
        from scipy.optimize import (  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and only `optimal` needs it; no stubs
            Bounds,
            LinearConstraint,
            milp,
        )
        from scipy.sparse import csr_array  # type: ignore[import-untyped]  # noqa: PLC0415 - same

        count = len(self.costs)
        if not count:
            return None
        table = csr_array((self._values, (self._rows, self._columns)), shape=(len(self._low), count), dtype=np.float64)
        found = milp(
            np.array(self.costs),
            integrality=whole,
            bounds=Bounds(0.0, 1.0),
            constraints=LinearConstraint(table, np.array(self._low), np.array(self._high)),
            options=options,
        )
        answer: Floats | None = found.x
        return answer
