"""What the links of a network stand in: integer columns, orders over them, pictures of them.

Columns are `array`s, which grow cheaply and read one number fast. numpy sees
the memory of copies when many rows are sorted at once, and is loaded only then.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from copy import copy
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    import numpy as np

Vector: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.signedinteger]]"
RELATION_BITS: Final = 7
NODE_BITS: Final = 31
FEW: Final = 12  # rows that are looked through sooner than searched


@attrs.frozen
class Order:
    """Rows sorted by near node, relation and far node; node n has starts[n] to starts[n + 1]."""

    rows: "array[int]"
    starts: "array[int]"

    def open_ends(
        self, near: int, code: int, until: "array[int]", relation: "array[int]", column: "array[int]"
    ) -> list[int]:
        """List what a column says of the rows of a node and relation that are still open."""
        rows, begin, end = self.rows, self.starts[near], self.starts[near + 1]
        if end - begin > FEW:
            begin = bisect_left(rows, code, begin, end, key=relation.__getitem__)
            end = bisect_right(rows, code, begin, end, key=relation.__getitem__)
        return [column[row] for row in rows[begin:end] if relation[row] == code and not until[row]]

    def span(self, near: int) -> tuple[int, int]:
        """Where the rows of a node begin and end."""
        return self.starts[near], self.starts[near + 1]


class Chains:
    """Rows since the last fold, each chained to the one before it at an end: a node and a relation.

    Attributes
    ----------
    last
        The last row of each end.
    before
        For each row the one before it at its end, -1 when there is none.
    """

    __slots__ = ("_first", "before", "last")

    def __init__(self, first: int) -> None:
        self._first = first
        self.last: dict[int, int] = {}
        self.before = array("i")

    def drop(self, end: int, row: int) -> None:
        """Let an end go back to the row before this one, if this is its last."""
        if self.last.get(end) == row:
            before = self.before[row - self._first]
            if before < 0:
                del self.last[end]
            else:
                self.last[end] = before

    def cut(self, rows: int) -> None:
        """Forget all rows but the first so many of all, which no end has any more."""
        del self.before[rows - self._first :]

    def open_ends(self, end: int, until: "array[int]", column: "array[int]") -> list[int]:
        """List what a column says of the open rows of an end, the last one first."""
        found, before, first = [], self.before, self._first
        row = self.last.get(end, -1)
        while row >= 0:
            if not until[row]:
                found.append(column[row])
            row = before[row - first]
        return found

    def __copy__(self) -> "Chains":
        """Copy what grows."""
        other = Chains(self._first)
        other.last, other.before = self.last.copy(), self.before[:]
        return other

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sys.getsizeof(self.last) + sys.getsizeof(self.before)


@attrs.frozen(kw_only=True)
class Fold:
    """The links that were open at a moment when nothing could be undone, in order; it never changes.

    Attributes
    ----------
    links, nodes, closings
        How many there were of each, ever.
    last
        Position of the last of them.
    outgoing, incoming
        Rows of the links that were open.
    """

    links: int = 0
    nodes: int = 0
    closings: int = 0
    last: int = 0
    outgoing: Order = Order(array("i"), array("i", [0]))
    incoming: Order = Order(array("i"), array("i", [0]))


class Recent:
    """What came after a fold, and the fold: a reader takes hold of both at once.

    Attributes
    ----------
    rows
        The last row of each link that was opened since; whether it is still open shows in its `until`.
    outgoing, incoming
        The rows opened since, chained.
    """

    __slots__ = ("fold", "incoming", "outgoing", "rows")

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.rows: dict[int, int] = {}
        self.outgoing, self.incoming = Chains(fold.links), Chains(fold.links)

    def __copy__(self) -> "Recent":
        """Copy what grows."""
        other = Recent(self.fold)
        other.rows, other.outgoing, other.incoming = self.rows.copy(), copy(self.outgoing), copy(self.incoming)
        return other


@attrs.frozen(kw_only=True)
class Picture:
    """Nodes and open links at one moment, for the networkx face; it never changes.

    Attributes
    ----------
    nodes
        How many of `ids` existed.
    ids, rows_by_id, kinds
        The table of nodes: id by row, row by id, code of the kind by row.
    source, relation, target, since
        Columns of the links; `outgoing` and `incoming` name the rows that belong.
    kind_names, relation_names
        What the codes mean.
    """

    nodes: int
    ids: list[str]
    rows_by_id: dict[str, int]
    kinds: "array[int]"
    source: "array[int]"
    relation: "array[int]"
    target: "array[int]"
    since: "array[int]"
    outgoing: Order
    incoming: Order
    kind_names: list[str]
    relation_names: tuple[str, ...]


def vector(column: "array[int]") -> Vector:
    """View a column as a numpy vector; while the view lasts the column cannot grow, so view what nobody writes to."""
    import numpy as np  # noqa: PLC0415 - loaded with the first fold

    return np.frombuffer(column, dtype=column.typecode)


def sorted_order(  # noqa: PLR0917 - three columns in the order of the key
    rows: Vector,
    near: "array[int]",
    relation: "array[int]",
    far: "array[int]",
    nodes: int,
    kind: Literal["stable", "quicksort"],
) -> Order:
    """Sort rows by near node, relation and far node; no two agree in all three."""
    import numpy as np  # noqa: PLC0415 - loaded with the first fold

    first = vector(near)[rows]
    key = sort_key(first, vector(relation)[rows], vector(far)[rows], nodes)
    starts = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(first, minlength=nodes), out=starts[1:])
    return Order(array("i", rows[np.argsort(key, kind=kind)].astype(np.int32).tobytes()), array("i", starts.tobytes()))


def sort_key(near: Vector, relation: Vector, far: Vector, nodes: int) -> Vector:
    """Pack a link into one integer; 63 bits do for half a thousand million nodes."""
    return (near.astype("q") << RELATION_BITS | relation) * max(nodes, 1) + far
