"""All that a store of links has been through, as columns: taken from rows, held to what can be, put in order."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal

import attrs

from wis_engine.errors import IntegrityError
from wis_engine.network.columns import Fold, Order, Vector, sort_key, sorted_order, vector

Row = tuple[str, str, str, int, int | None]
"""A link as (source, relation, target, since, until)."""


@attrs.frozen(kw_only=True)
class Columns:
    """Every node and every link ever, closed ones too, in order of the log.

    Attributes
    ----------
    ids, kinds, entered
        The nodes: id, code of the kind, position from which on.
    source, relation, target, since, until
        The links: rows of nodes, code of the relation, positions; `until` is 0 while it is open.
    """

    ids: list[str]
    kinds: "array[int]"
    entered: "array[int]"
    source: "array[int]"
    relation: "array[int]"
    target: "array[int]"
    since: "array[int]"
    until: "array[int]"


def join_key(relation: int, near_kind: int, far_kind: int) -> int:
    """Pack the code of a relation and the kinds that it joins into one integer."""
    return relation << 16 | near_kind << 8 | far_kind


def columns_of(
    nodes: Iterable[tuple[str, str, int]], rows: Iterable[Row], *, kinds: dict[str, int], relations: dict[str, int]
) -> Columns:
    """Put nodes (id, kind, position) and links into columns.

    Parameters
    ----------
    kinds, relations
        Their codes.

    Raises
    ------
    IntegrityError
        A link names a node or a relation that there is not.
    """
    entered, links = list(nodes), list(rows)
    row_of = {node[0]: row for row, node in enumerate(entered)}
    try:
        return Columns(
            ids=[node[0] for node in entered],
            kinds=array("B", [kinds[node[1]] for node in entered]),
            entered=array("I", [node[2] for node in entered]),
            source=array("i", [row_of[link[0]] for link in links]),
            relation=array("b", [relations[link[1]] for link in links]),
            target=array("i", [row_of[link[2]] for link in links]),
            since=array("I", [link[3] for link in links]),
            until=array("I", [link[4] or 0 for link in links]),
        )
    except KeyError as error:
        raise IntegrityError(f"a link names an unknown node or relation: {error}") from None


def check_history(columns: Columns, *, kinds: int, relations: int) -> Vector:
    """Refuse columns that no sequence of opening and closing links can give; list the rows by link.

    Parameters
    ----------
    kinds, relations
        How many codes there are.

    Raises
    ------
    IntegrityError
        They name a node, kind or relation that there is not, are out of order, or have a link open twice at a time.
    """
    import numpy as np  # noqa: PLC0415 - loaded with the first bulk of links

    entered, since, until = vector(columns.entered), vector(columns.since), vector(columns.until)
    source, relation, target = vector(columns.source), vector(columns.relation), vector(columns.target)
    nodes, links = len(columns.ids), len(source)
    if {nodes} != {len(entered), len(columns.kinds)} or {links} != set(map(len, (relation, target, since, until))):
        raise IntegrityError("columns of different length")
    codes = ((source, nodes), (target, nodes), (relation, relations), (vector(columns.kinds), kinds))
    if any(len(column) and not 0 <= column.min() <= column.max() < count for column, count in codes):
        raise IntegrityError("a link or a node names what there is not")
    backwards = (entered[1:] < entered[:-1]).any() or (since[1:] < since[:-1]).any()
    if backwards or (since < np.maximum(entered[source], entered[target])).any():
        raise IntegrityError("nodes and links do not follow the order of the log")
    if ((until != 0) & (until < since)).any():
        raise IntegrityError("a link closes before it opens")
    key = sort_key(source, relation, target, nodes)
    rows = np.argsort(key)
    if (key[rows[:-1]] == key[rows[1:]]).any():  # opened more than once: in which order matters
        rows = np.argsort(key, kind="stable")
        before, after = rows[:-1], rows[1:]
        again = key[before] == key[after]
        if (again & ((until[before] == 0) | (until[before] > since[after]))).any():
            raise IntegrityError("a link is open twice at a time")
    return rows


def joins_of(columns: Columns, *, kinds: int) -> list[tuple[int, int, int]]:
    """List which relations join which kinds, as codes, each once."""
    import numpy as np  # noqa: PLC0415 - loaded with the first bulk of links

    codes = vector(columns.kinds).astype(np.int64)
    near, far = codes[vector(columns.source)], codes[vector(columns.target)]
    found = np.bincount((vector(columns.relation).astype(np.int64) * kinds + near) * kinds + far)
    return [(join // kinds**2, join // kinds % kinds, join % kinds) for join in np.flatnonzero(found).tolist()]


def folded(
    columns: Columns, outgoing: Vector, incoming: Vector, *, last_closed: int, kind: Literal["stable", "quicksort"]
) -> Fold:
    """Order those of some rows that are open; «stable» is fast where rows stand in order already."""
    import numpy as np  # noqa: PLC0415 - loaded with the first fold

    nodes, links = len(columns.entered), len(columns.until)
    source, relation, target = columns.source, columns.relation, columns.target
    standing = vector(columns.until) == 0
    return Fold(
        links=links,
        nodes=nodes,
        closings=links - int(np.count_nonzero(standing)),
        last=max(0, last_closed, *columns.entered[-1:], *columns.since[-1:]),
        outgoing=sorted_order(outgoing[standing[outgoing]], source, relation, target, nodes, kind),
        incoming=sorted_order(incoming[standing[incoming]], target, relation, source, nodes, kind),
    )


def folded_on(fold: Fold, columns: Columns, *, last_closed: int) -> Fold:
    """Merge the links opened since a fold into its orders, and leave out those closed."""
    import numpy as np  # noqa: PLC0415 - loaded with the first fold

    fresh = np.arange(fold.links, len(columns.until))
    outgoing, incoming = (np.concatenate((vector(order.rows), fresh)) for order in (fold.outgoing, fold.incoming))
    return folded(columns, outgoing, incoming, last_closed=last_closed, kind="stable")


def stood_at(columns: Columns, at: int) -> "tuple[int, tuple[array[int], ...], Order, Order]":
    """Find what stood after the fact at a position: how many nodes, the columns of the open links, their orders."""
    import numpy as np  # noqa: PLC0415 - loaded when a graph is first read

    nodes = bisect_right(columns.entered, at)
    opened = bisect_right(columns.since, at)
    until = vector(columns.until)[:opened]
    rows = np.flatnonzero((until == 0) | (until > at))
    held = tuple(
        array(column.typecode, vector(column)[rows].tobytes())
        for column in (columns.source, columns.relation, columns.target, columns.since)
    )
    source, relation, target, _ = held
    every = np.arange(len(rows))
    outgoing = sorted_order(every, source, relation, target, nodes, "quicksort")
    incoming = sorted_order(every, target, relation, source, nodes, "quicksort")
    return nodes, held, outgoing, incoming
