"""Links between nodes, each with the interval of the log in which it held.

A link is (source, relation, target) and holds in [since, until), two positions
of the log; it is open at most once at a time and is never deleted. Links are
rows of a few integer columns, at less than a tenth of the memory of a graph of
dicts. Writing appends a row and chains it to its nodes' earlier ones; `settle`
folds what is final into sorted orders, where a question is a binary search. A
question of a guard costs a few microseconds in either state, and never a fold.

One thread writes at a time; others may read meanwhile. A row is known to an
index after it is whole in all columns, and leaves the indexes before the
columns; only the writer folds, and puts the fold in use at one blow; whoever
reads many rows reads copies. Such a reader may see a part of an open batch.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import count
from operator import attrgetter, itemgetter
from typing import Final

from wis_engine.errors import IntegrityError, Malformed
from wis_engine.network.columns import (
    FEW,
    NODE_BITS,
    RELATION_BITS,
    Fold,
    Order,
    Picture,
    Recent,
    vector,
)
from wis_engine.network.history import (
    Columns,
    Row,
    check_history,
    columns_of,
    folded,
    folded_on,
    join_key,
    joins_of,
    stood_at,
)
from wis_engine.network.relations import Relation

UNFOLDED_MIN: Final = 4096  # below this many changes a fold costs more than it saves
_COLUMNS: Final = ("_ids", "_kinds", "_node_since", "_source", "_relation", "_target", "_since", "_until", "_closed")
_every_column: Final = attrgetter(*_COLUMNS)
_link_columns: Final = attrgetter(*_COLUMNS[2:])
_whole: Final = itemgetter(slice(None))

Mark = tuple[int, int, int]
"""How many links, nodes and closings there were."""


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
    What was done since a mark is undone at once, back to the last `settle` at
    most; only what is settled is ever folded, so undoing costs no more than
    doing. An operation that was stopped half way is undone like one that was
    not. Positions never go backwards, and stay below 2**32: they take a third
    of the memory of a link.
    """

    __slots__ = (
        "_allowed",
        "_closed",
        "_codes",
        "_drawn",
        "_ids",
        "_kind_codes",
        "_kind_names",
        "_kinds",
        "_last_closed",
        "_node_since",
        "_recent",
        "_relation",
        "_relation_names",
        "_rows_by_id",
        "_settled",
        "_since",
        "_source",
        "_target",
        "_undone",
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
        self._closed = array("i")  # rows closed since the last settle, for undo
        self._recent = Recent(Fold())
        self._drawn = self._recent.fold  # a fold that is as new or newer, for the pictures of readers
        self._settled: Mark = 0, 0, 0
        self._last_closed = 0  # position of the last settled closing
        self._undone = 0  # how often something was undone

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
        self._node_since.append(since)
        self._kinds.append(code)
        self._ids.append(node_id)
        row = self._rows_by_id[node_id] = len(self._ids) - 1
        return row

    def kind(self, node_id: str) -> str | None:
        """Kind of a node; None when there is no such node."""
        undone = self._undone
        row = self._rows_by_id.get(node_id)
        if row is None:
            return None
        try:
            kind = self._kind_names[self._kinds[row]]
        except IndexError:  # it was undone between the two lines
            return self.kind(node_id)
        return kind if undone == self._undone else self.kind(node_id)

    def nodes(self) -> Iterator[tuple[str, str, int]]:
        """List every node as (id, kind, since), in order of entering."""
        held = self.columns
        for node_id, kind, since in zip(held.ids, held.kinds, held.entered, strict=True):
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
        recent = self._recent
        row = recent.rows.get(link)
        if row is None and near < recent.fold.nodes > far:
            row = self._folded_row(recent.fold, near, code, far)
        if row is not None and not self._until[row]:
            return False
        row = len(self._until)
        self._since.append(since)  # the one that can fail, when the position is too large
        self._source.append(near)
        self._relation.append(code)
        self._target.append(far)
        self._until.append(0)
        into, outgoing, incoming = far << RELATION_BITS | code, recent.outgoing, recent.incoming
        outgoing.before.append(outgoing.last.get(out, -1))
        outgoing.last[out] = row
        incoming.before.append(incoming.last.get(into, -1))
        incoming.last[into] = row
        recent.rows[link] = row
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
        self._closed.append(row)
        self._until[row] = until
        return True

    def mark(self) -> Mark:
        """Mark where things stand, to come back here."""
        return len(self._until), len(self._ids), self._settled[2] + len(self._closed)

    def undo(self, mark: Mark) -> None:
        """Take back everything since a mark; to do so again, or once more from the start, does no harm."""
        links, nodes, closings = mark
        first = closings - self._settled[2]
        assert links >= self._settled[0], "a link after the mark is settled"
        assert nodes >= self._settled[1], "a node after the mark is settled"
        assert first >= 0, "a closing after the mark is settled"
        recent = self._recent
        for row in reversed(range(links, len(self._until))):
            out = self._source[row] << RELATION_BITS | self._relation[row]
            link = out << NODE_BITS | self._target[row]
            if recent.rows.get(link) == row:
                del recent.rows[link]
            recent.outgoing.drop(out, row)
            recent.incoming.drop(self._target[row] << RELATION_BITS | self._relation[row], row)
        for row in reversed(self._closed[first:]):
            if row < links:
                self._until[row] = 0
                if row >= recent.fold.links:
                    # The link may have been opened again meanwhile, which hid this row.
                    out = self._source[row] << RELATION_BITS | self._relation[row]
                    recent.rows[out << NODE_BITS | self._target[row]] = row
        for column in (self._until, self._target, self._relation, self._source, self._since):
            del column[links:]
        recent.outgoing.cut(links)
        recent.incoming.cut(links)
        del self._closed[first:]
        for node_id in self._ids[nodes:]:
            self._rows_by_id.pop(node_id, None)
        del self._ids[nodes:]
        del self._kinds[nodes:], self._node_since[nodes:]
        self._undone += 1  # from here on rows are given again to others

    def settle(self) -> None:
        """Make everything so far final; fold it when enough has changed."""
        links, _, closings = self._settled = self.mark()
        if self._closed:
            self._last_closed = self._until[self._closed[-1]]
            del self._closed[:]
        fold = self._recent.fold
        changes = links - fold.links + closings - fold.closings
        if changes > UNFOLDED_MIN and changes > len(fold.outgoing.rows) // 8:
            self._use(folded_on(fold, self.columns, last_closed=self._last_closed))

    def _use(self, fold: Fold) -> None:
        self._recent, self._drawn = Recent(fold), fold
        self._settled = fold.links, fold.nodes, fold.closings

    def is_open(self, source: str, relation: str, target: str) -> bool:
        """Say whether a link is open."""
        undone, code = self._undone, self._codes[relation]
        near = self._rows_by_id.get(source)
        far = self._rows_by_id.get(target)
        try:
            found = near is not None and far is not None and self._open_row(near, code, far) is not None
        except IndexError:  # the row was undone on the way to it: another one says what holds
            return self.is_open(source, relation, target)
        return found if undone == self._undone else self.is_open(source, relation, target)

    def targets(self, source: str, relation: str) -> list[str]:
        """Nodes that open links of a relation lead to, sorted by id."""
        return self._far_ids(source, relation, outgoing=True)

    def sources(self, target: str, relation: str) -> list[str]:
        """Nodes that open links of a relation come from, sorted by id."""
        return self._far_ids(target, relation, outgoing=False)

    def __len__(self) -> int:
        """How many links there are, closed ones among them."""
        return len(self._until)

    def rows(self) -> Iterator[Row]:
        """List every link ever as (source, relation, target, since, until), in order of opening.

        `until` is None while the link is open.
        """
        held, names = self.columns, self._relation_names
        ids = held.ids
        for near, code, far, since, until in zip(
            held.source, held.relation, held.target, held.since, held.until, strict=True
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
        """Everything held, copied at one moment."""
        # No other thread has its turn within a call that runs no Python code.
        ids, kinds, entered, *links, _ = tuple(map(_whole, _every_column(self)))
        del kinds[len(ids) :], entered[len(ids) :]
        return _whole_rows(ids, kinds, entered, links)

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
        self._last_closed = int(vector(columns.until).max(initial=0))
        self._use(folded(columns, rows, rows, last_closed=self._last_closed, kind="quicksort"))

    def copy(self) -> "Links":
        """Make independent links that are equal to these; what only ever is replaced is shared.

        Nobody may write meanwhile.
        """
        other = copy(self)
        for name in ("_kind_names", "_kind_codes", "_rows_by_id", "_recent", *_COLUMNS):
            setattr(other, name, copy(getattr(self, name)))
        return other

    @property
    def nbytes(self) -> int:
        """Bytes held, with the table of nodes and without the texts of the ids."""
        recent = self._recent
        folds = {id(fold): fold for fold in (recent.fold, self._drawn)}.values()
        orders = [order for fold in folds for order in (fold.outgoing, fold.incoming)]
        held = (*_every_column(self), self._rows_by_id, recent.rows, *(order.rows for order in orders))
        starts = (order.starts for order in orders)
        return sum(map(sys.getsizeof, (*held, *starts))) + recent.outgoing.nbytes + recent.incoming.nbytes

    def picture(self, at: int | None = None) -> Picture:
        """Nodes and open links now, or as they stood after the fact at a position."""
        fold, settled = self._drawn, self._settled
        if self.mark() != (fold.links, fold.nodes, fold.closings):
            # As in `columns`; who only orders links has no use for the ids.
            entered, *links, closed = tuple(map(_whole, _link_columns(self)))
            if closed or (len(links[0]), len(entered)) != settled[:2]:
                return self._picture_of(self.columns, at, settled)
            held = _whole_rows(self._ids, self._kinds, entered, links)
            fold = self._drawn = folded_on(fold, held, last_closed=self._last_closed)
        if at is not None and at < fold.last:
            return self._picture_of(self.columns, at, settled)
        columns = (self._source, self._relation, self._target, self._since)
        return self._pictured(fold.nodes, self._shared_nodes(), columns, fold.outgoing, fold.incoming)

    def _picture_of(self, held: Columns, at: int | None, settled: Mark) -> Picture:
        nodes, columns, outgoing, incoming = stood_at(held, sys.maxsize if at is None else at)
        if nodes <= settled[1]:
            return self._pictured(nodes, self._shared_nodes(), columns, outgoing, incoming)
        # A node that may yet be undone must not vanish from a picture that was taken.
        ids = held.ids[:nodes]
        table = ids, dict(zip(ids, count(), strict=False)), held.kinds[:nodes]
        return self._pictured(nodes, table, columns, outgoing, incoming)

    def _shared_nodes(self) -> "tuple[list[str], dict[str, int], array[int]]":
        return self._ids, self._rows_by_id, self._kinds

    def _pictured(
        self,
        nodes: int,
        table: "tuple[list[str], dict[str, int], array[int]]",
        columns: "tuple[array[int], ...]",
        outgoing: Order,
        incoming: Order,
    ) -> Picture:
        ids, rows_by_id, kinds = table
        source, relation, target, since = columns
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

    def _open_row(self, near: int, code: int, far: int) -> int | None:
        recent = self._recent
        row = recent.rows.get((near << RELATION_BITS | code) << NODE_BITS | far)
        # What came after the fold says of a link is the last word: it was closed before it was opened again.
        if row is None and near < recent.fold.nodes > far:
            row = self._folded_row(recent.fold, near, code, far)
        return None if row is None or self._until[row] else row

    def _folded_row(self, fold: Fold, near: int, code: int, far: int) -> int | None:
        """Find the row of a link that was open at the last fold, from that end of it which has fewer links."""
        order, other = fold.outgoing, fold.incoming
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

    def _far_ids(self, node_id: str, relation: str, *, outgoing: bool) -> list[str]:
        undone, code = self._undone, self._codes[relation]
        near = self._rows_by_id.get(node_id)
        if near is None:
            return []
        until, recent = self._until, self._recent
        fold = recent.fold
        if outgoing:
            chains, order, column = recent.outgoing, fold.outgoing, self._target
        else:
            chains, order, column = recent.incoming, fold.incoming, self._source
        try:
            far = chains.open_ends(near << RELATION_BITS | code, until, column)
            if near < fold.nodes:
                far += order.open_ends(near, code, until, self._relation, column)
            names = list(map(self._ids.__getitem__, far))
        except IndexError:  # rows that this thread was about to read were undone
            return self._far_ids(node_id, relation, outgoing=outgoing)
        if undone != self._undone:  # rows that it did read may have become those of others meanwhile
            return self._far_ids(node_id, relation, outgoing=outgoing)
        names.sort()
        return names


def _whole_rows(ids: list[str], kinds: "array[int]", entered: "array[int]", links: "Sequence[array[int]]") -> Columns:
    """Leave out the link that was on its way into copies of the columns of links: the last one had it not yet."""
    source, relation, target, since, until = links
    for column in (source, relation, target, since):
        del column[len(until) :]
    return Columns(
        ids=ids, kinds=kinds, entered=entered, source=source, relation=relation, target=target, since=since, until=until
    )
