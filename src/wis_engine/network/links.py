"""Links between nodes, each with the interval of the log in which it held.

A link is (source, relation, target) and holds in [since, until), two positions
of the log; it is open at most once at a time and is never deleted. Links are
rows of a few integer columns, at less than a tenth of the memory of a graph of
dicts. Writing appends a row and chains it to its nodes' earlier ones; `settle`
folds what is final into sorted orders, where a question is a binary search. A
question of a guard costs a few microseconds in either state, and never a fold.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import count
from typing import Final, Literal

from wis_engine.errors import IntegrityError, Malformed
from wis_engine.network.columns import (
    FEW,
    NODE_BITS,
    RELATION_BITS,
    Chains,
    Order,
    Picture,
    Vector,
    sorted_order,
    vector,
)
from wis_engine.network.history import Columns, Row, check_history, columns_of, join_key, joins_of
from wis_engine.network.relations import Relation

UNFOLDED_MIN: Final = 4096  # below this many changes a fold costs more than it saves
_COLUMNS: Final = ("_kinds", "_node_since", "_source", "_relation", "_target", "_since", "_until", "_closed")


class Links:
    """Links (source, relation, target) with an interval of validity in log positions.

    Parameters
    ----------
    relations
        Which relations there are and which kinds of node they join.
    kinds
        Kinds whose codes are to be their places here.

    Notes
    -----
    Operations are undone in the reverse order of being done, back to the last
    `settle`; only what is settled is ever folded, so undoing costs no more
    than doing. Positions never go backwards, and stay below 2**32: they take a
    third of the memory of a link.
    """

    __slots__ = (
        "_allowed",
        "_changes",
        "_closed",
        "_codes",
        "_folded",
        "_folded_nodes",
        "_ids",
        "_in",
        "_kind_codes",
        "_kind_names",
        "_kinds",
        "_last_closed",
        "_node_since",
        "_out",
        "_relation",
        "_relation_names",
        "_rows_by_id",
        "_settled",
        "_settled_nodes",
        "_since",
        "_source",
        "_tail",
        "_tail_in",
        "_tail_out",
        "_target",
        "_until",
    )

    def __init__(self, relations: Iterable[Relation], kinds: Iterable[str] = ()) -> None:
        table = tuple(relations)
        self._relation_names = tuple(sorted({line.name for line in table}))
        if len(self._relation_names) > 1 << RELATION_BITS:
            raise Malformed(f"more than {1 << RELATION_BITS} relations")
        self._codes = {name: code for code, name in enumerate(self._relation_names)}
        self._kind_names: list[str] = []
        self._kind_codes: dict[str, int] = {}
        for kind in kinds:
            self._kind_code(kind)
        self._allowed = frozenset(
            join_key(self._codes[line.name], self._kind_code(line.source), self._kind_code(line.target))
            for line in table
        )
        self._ids: list[str] = []
        self._rows_by_id: dict[str, int] = {}
        self._kinds = array("B")
        self._node_since = array("I")
        self._source = array("i")
        self._relation = array("b")
        self._target = array("i")
        self._since = array("I")
        self._until = array("I")  # 0 while open: no fact stands at position 0
        # Links open at the last fold, and those opened since; whether one is still open shows in its `until`.
        self._out = self._in = Order(array("i"), array("i", [0]))
        self._tail: dict[int, int] = {}  # last row of a link
        self._tail_out, self._tail_in = Chains(0), Chains(0)
        self._closed = array("i")  # rows closed since the last settle, for undo
        self._folded = self._folded_nodes = self._settled = self._settled_nodes = 0
        self._last_closed = 0  # position of the last settled close
        self._changes = 0  # since the last fold

    def node(self, node_id: str, kind: str, since: int) -> int:
        """Give the row number of a node, entering it when it is new.

        Raises
        ------
        Malformed
            The id already belongs to a node of another kind.
        """
        row = self._rows_by_id.get(node_id)
        code = self._kind_codes.get(kind)
        if code is None:
            code = self._kind_code(kind)
        if row is not None:
            if self._kinds[row] != code:
                raise Malformed(f"{node_id} is a {self._kind_names[self._kinds[row]]}, not a {kind}")
            return row
        row = self._rows_by_id[node_id] = len(self._ids)
        self._ids.append(node_id)
        self._kinds.append(code)
        self._node_since.append(since)
        return row

    def kind(self, node_id: str) -> str | None:
        """Kind of a node; None when there is no such node."""
        row = self._rows_by_id.get(node_id)
        return None if row is None else self._kind_names[self._kinds[row]]

    def nodes(self) -> Iterator[tuple[str, str, int]]:
        """List every node as (id, kind, since), in order of entering."""
        for node_id, kind, since in zip(self._ids, self._kinds, self._node_since, strict=True):
            yield node_id, self._kind_names[kind], since

    def open(self, source: str, relation: str, target: str, since: int) -> bool:
        """Open a link between two nodes; False, and nothing done, when it is open.

        Raises
        ------
        Malformed
            The relation does not join nodes of these kinds.
        KeyError
            No such relation, or no such node.
        """
        code = self._codes[relation]
        near = self._rows_by_id[source]
        far = self._rows_by_id[target]
        kinds = self._kinds
        if code << 16 | kinds[near] << 8 | kinds[far] not in self._allowed:  # join_key, without a call
            raise Malformed(f"«{relation}» does not join a {self.kind(source)} to a {self.kind(target)}")
        out = near << RELATION_BITS | code
        link = out << NODE_BITS | far
        row = self._tail.get(link)
        if row is None and near < self._folded_nodes > far:
            row = self._folded_row(near, code, far)
        if row is not None and not self._until[row]:
            return False
        row = self._tail[link] = len(self._source)
        self._source.append(near)
        self._relation.append(code)
        self._target.append(far)
        self._since.append(since)
        self._until.append(0)
        into, tail_out, tail_in = far << RELATION_BITS | code, self._tail_out, self._tail_in
        tail_out.before.append(tail_out.last.get(out, -1))
        tail_out.last[out] = row
        tail_in.before.append(tail_in.last.get(into, -1))
        tail_in.last[into] = row
        self._changes += 1
        return True

    def close(self, source: str, relation: str, target: str, until: int) -> bool:
        """Close a link; False, and nothing done, when it is not open."""
        code = self._codes[relation]
        near = self._rows_by_id.get(source)
        far = self._rows_by_id.get(target)
        if near is None or far is None:
            return False
        row = self._open_row(near, code, far)
        if row is None:
            return False
        self._until[row] = until
        self._closed.append(row)
        self._changes += 1
        return True

    def undo_node(self, node_id: str) -> None:
        """Take back the entering of the last node; no link may touch it."""
        assert self._ids[-1] == node_id, "not the last node"
        assert len(self._ids) > self._settled_nodes, "the last node is settled"
        del self._rows_by_id[self._ids.pop()]
        self._kinds.pop()
        self._node_since.pop()

    def undo_open(self, source: str, relation: str, target: str) -> None:
        """Take back the last `open` that was done."""
        assert len(self._source) > self._settled, "the last link is settled"
        near, code, far = link = self._source.pop(), self._relation.pop(), self._target.pop()
        assert link == self._link(source, relation, target), "not the last link that was opened"
        self._since.pop()
        self._until.pop()
        out = near << RELATION_BITS | code
        del self._tail[out << NODE_BITS | far]
        self._tail_out.pop(out)
        self._tail_in.pop(far << RELATION_BITS | code)
        self._changes -= 1

    def undo_close(self, source: str, relation: str, target: str) -> None:
        """Take back the last `close` that was done."""
        row = self._closed.pop()
        near, code, far = link = self._source[row], self._relation[row], self._target[row]
        assert link == self._link(source, relation, target), "not the last link that was closed"
        self._until[row] = 0
        if row >= self._folded:
            # The link may have been opened again meanwhile, which hid this row.
            self._tail[(near << RELATION_BITS | code) << NODE_BITS | far] = row
        self._changes -= 1

    def settle(self) -> None:
        """Make everything so far final; fold it when enough has changed."""
        self._settled = len(self._source)
        self._settled_nodes = len(self._ids)
        if self._closed:
            self._last_closed = self._until[self._closed[-1]]
            del self._closed[:]
        if self._changes > UNFOLDED_MIN and self._changes > len(self._out.rows) // 8:
            self._fold()

    def is_open(self, source: str, relation: str, target: str) -> bool:
        """Say whether a link is open."""
        near = self._rows_by_id.get(source)
        far = self._rows_by_id.get(target)
        code = self._codes[relation]
        return near is not None and far is not None and self._open_row(near, code, far) is not None

    def targets(self, source: str, relation: str) -> list[str]:
        """Nodes that open links of a relation lead to, sorted by id."""
        return self._far_ids(source, relation, self._tail_out, self._out, self._target)

    def sources(self, target: str, relation: str) -> list[str]:
        """Nodes that open links of a relation come from, sorted by id."""
        return self._far_ids(target, relation, self._tail_in, self._in, self._source)

    def __len__(self) -> int:
        """How many links there are, closed ones among them."""
        return len(self._source)

    def rows(self) -> Iterator[Row]:
        """List every link ever as (source, relation, target, since, until), in order of opening.

        `until` is None while the link is open.
        """
        ids, names = self._ids, self._relation_names
        for near, code, far, since, until in zip(
            self._source, self._relation, self._target, self._since, self._until, strict=True
        ):
            yield ids[near], names[code], ids[far], since, until or None

    def load(self, nodes: Iterable[tuple[str, str, int]], rows: Iterable[Row]) -> None:
        """Take in what `nodes` and `rows` gave, at once, and settle; for a store that is empty.

        Raises
        ------
        IntegrityError
            This is no history of links: a node twice, an unknown node or
            relation, a link against the table of relations, out of order, or
            open twice at a time. The store is then of no use.
        """
        entered = list(nodes)
        kinds = {kind: self._kind_code(kind) for kind in sorted({node[1] for node in entered})}
        self.restore(columns_of(entered, rows, kinds=kinds, relations=self._codes))

    @property
    def columns(self) -> Columns:
        """Everything held, as it is held: to be read at once, and not to be written."""
        return Columns(
            ids=self._ids,
            kinds=self._kinds,
            entered=self._node_since,
            source=self._source,
            relation=self._relation,
            target=self._target,
            since=self._since,
            until=self._until,
        )

    def restore(self, columns: Columns) -> None:
        """Take over what `columns` gave, and settle; for a store that is empty.

        Raises
        ------
        IntegrityError
            As `load`.
        """
        assert not self._ids, "there are nodes already"
        rows = check_history(columns, kinds=len(self._kind_names), relations=len(self._relation_names))
        self._ids, self._kinds, self._node_since = columns.ids, columns.kinds, columns.entered
        self._rows_by_id = dict(zip(columns.ids, count(), strict=False))
        self._source, self._relation, self._target = columns.source, columns.relation, columns.target
        self._since, self._until = columns.since, columns.until
        if len(self._rows_by_id) < len(columns.ids):
            raise IntegrityError("a node stands twice")
        for code, near, far in joins_of(columns, kinds=len(self._kind_names)):
            if join_key(code, near, far) not in self._allowed:
                names = self._kind_names
                raise IntegrityError(f"«{self._relation_names[code]}» joins a {names[near]} to a {names[far]}")
        self._last_closed = int(vector(self._until).max(initial=0))
        self._settled, self._settled_nodes = len(self._source), len(self._ids)
        self._sort(rows, rows, kind="quicksort")

    def copy(self) -> "Links":
        """Make independent links that are equal to these; what only ever is replaced is shared."""
        other = copy(self)
        for name in ("_kind_names", "_kind_codes", "_ids", "_rows_by_id", "_tail", "_tail_out", "_tail_in", *_COLUMNS):
            setattr(other, name, copy(getattr(self, name)))
        return other

    @property
    def nbytes(self) -> int:
        """Bytes held, with the table of nodes and without the texts of the ids."""
        columns = (self._source, self._relation, self._target, self._since, self._until, self._closed)
        orders = (self._out.rows, self._out.starts, self._in.rows, self._in.starts)
        tables = (self._ids, self._rows_by_id, self._kinds, self._node_since, self._tail)
        return sum(map(sys.getsizeof, (*columns, *orders, *tables))) + self._tail_out.nbytes + self._tail_in.nbytes

    def picture(self, at: int | None = None) -> Picture:
        """Nodes and open links now, or as they stood after the fact at a position."""
        settled = self._settled, self._settled_nodes, 0
        final = settled == (len(self._source), len(self._ids), len(self._closed))
        if final and (at is None or at >= self._last_position()):
            self._fold()
            columns = (self._source, self._relation, self._target, self._since)
            return self._pictured(len(self._ids), columns, self._out, self._in)
        return self._picture_at(sys.maxsize if at is None else at)

    def _last_position(self) -> int:
        entered = self._node_since[-1] if self._node_since else 0
        opened = self._since[-1] if self._since else 0
        closed = self._until[self._closed[-1]] if self._closed else self._last_closed
        return max(entered, opened, closed)

    def _picture_at(self, at: int) -> Picture:
        import numpy as np  # noqa: PLC0415 - loaded when a graph is first read

        nodes = bisect_right(self._node_since, at)
        opened = bisect_right(self._since, at)
        until = vector(self._until)[:opened]
        rows = np.flatnonzero((until == 0) | (until > at))
        del until  # an array whose memory is viewed cannot grow
        columns = tuple(
            array(column.typecode, vector(column)[rows].tobytes())
            for column in (self._source, self._relation, self._target, self._since)
        )
        source, relation, target, _ = columns
        every = np.arange(len(rows))
        outgoing = sorted_order(every, source, relation, target, nodes, "quicksort")
        incoming = sorted_order(every, target, relation, source, nodes, "quicksort")
        return self._pictured(nodes, columns, outgoing, incoming)

    def _pictured(self, nodes: int, columns: "tuple[array[int], ...]", outgoing: Order, incoming: Order) -> Picture:
        source, relation, target, since = columns
        ids, rows_by_id, kinds = self._ids, self._rows_by_id, self._kinds
        if nodes > self._settled_nodes:
            # A node that may yet be undone must not vanish from a picture that was taken.
            ids, rows_by_id, kinds = ids[:nodes], dict(rows_by_id), kinds[:nodes]
        return Picture(
            nodes=nodes,
            ids=ids,
            rows_by_id=rows_by_id,
            kinds=kinds,
            source=source,
            relation=relation,
            target=target,
            since=since,
            outgoing=outgoing,
            incoming=incoming,
            kind_names=self._kind_names,
            relation_names=self._relation_names,
        )

    def _kind_code(self, kind: str) -> int:
        code = self._kind_codes.get(kind)
        if code is None:
            code = self._kind_codes[kind] = len(self._kind_names)
            self._kind_names.append(kind)
        return code

    def _link(self, source: str, relation: str, target: str) -> tuple[int, int, int]:
        return self._rows_by_id[source], self._codes[relation], self._rows_by_id[target]

    def _open_row(self, near: int, code: int, far: int) -> int | None:
        row = self._tail.get((near << RELATION_BITS | code) << NODE_BITS | far)
        # What the tail says of a link is the last word: it was closed before it was opened again.
        if row is None and near < self._folded_nodes > far:
            row = self._folded_row(near, code, far)
        return None if row is None or self._until[row] else row

    def _folded_row(self, near: int, code: int, far: int) -> int | None:
        """Find the row of a link that was open at the last fold, from that end of it which has fewer links."""
        order, other = self._out, self._in
        begin, end, column = order.starts[near], order.starts[near + 1], self._target
        if other.starts[far + 1] - other.starts[far] < end - begin:
            order, begin, end, column = other, other.starts[far], other.starts[far + 1], self._source
            far = near
        relation = self._relation
        if end - begin > FEW:
            rows = order.rows
            begin = bisect_left(rows, (code, far), begin, end, key=lambda row: (relation[row], column[row]))
            end = min(end, begin + 1)
        for row in order.rows[begin:end]:
            if column[row] == far and relation[row] == code:
                return row
        return None

    def _far_ids(self, node_id: str, relation: str, tail: Chains, order: Order, column: "array[int]") -> list[str]:
        code = self._codes[relation]
        near = self._rows_by_id.get(node_id)
        if near is None:
            return []
        until = self._until
        far = tail.open_ends(near << RELATION_BITS | code, until, column)
        if near < self._folded_nodes:
            far += order.open_ends(near, code, until, self._relation, column)
        names = list(map(self._ids.__getitem__, far))
        names.sort()
        return names

    def _fold(self) -> None:
        """Merge the links opened since the last fold into the orders, and leave out those closed."""
        import numpy as np  # noqa: PLC0415 - loaded when there is something to fold

        if not self._changes:
            return
        fresh = np.arange(self._folded, len(self._source))
        outgoing, incoming = (np.concatenate((vector(order.rows), fresh)) for order in (self._out, self._in))
        self._sort(outgoing, incoming, kind="stable")

    def _sort(self, outgoing: Vector, incoming: Vector, kind: Literal["stable", "quicksort"]) -> None:
        """Make the orders of those rows that are open; «stable» is fast where rows stand in order already."""
        until, nodes = vector(self._until), len(self._ids)
        outgoing, incoming = outgoing[until[outgoing] == 0], incoming[until[incoming] == 0]
        self._out = sorted_order(outgoing, self._source, self._relation, self._target, nodes, kind)
        self._in = sorted_order(incoming, self._target, self._relation, self._source, nodes, kind)
        self._folded, self._folded_nodes = len(self._source), nodes
        self._tail = {}
        self._tail_out, self._tail_in = Chains(self._folded), Chains(self._folded)
        self._changes = 0
