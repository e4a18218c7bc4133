"""The networkx face of the network: a read-only `MultiDiGraph` over the columns.

networkx asks a graph for three mappings: data by node, and who follows and who
precedes a node. Here they read the columns instead of nested dicts, so every
algorithm of networkx works at a tenth of the memory.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, NoReturn

import networkx as nx

from wis_engine.network.columns import Order, Picture, vector
from wis_engine.network.links import Links

if TYPE_CHECKING:
    MultiDiGraph = nx.MultiDiGraph[str]
else:
    MultiDiGraph = nx.MultiDiGraph  # takes no parameters at run time


class Data(dict[str, Any]):
    """Data of a node or link: a dict that cannot be changed; copies of it can."""

    __slots__ = ()

    def _fixed(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise nx.NetworkXError("this graph shows the network and cannot be changed; take a copy()")

    __setitem__ = __delitem__ = __ior__ = _fixed
    clear = pop = popitem = setdefault = update = _fixed

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        """Give a plain dict; the values are immutable."""
        return dict(self)


class Nodes(Mapping[str, Data]):
    """Data of each node, in order of entering."""

    __slots__ = ("_kinds", "_picture")

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._kinds = [Data(kind=kind) for kind in picture.kind_names]

    def __getitem__(self, node_id: str) -> Data:
        return self._kinds[self._picture.kinds[_node_row(self._picture, node_id)]]

    def __contains__(self, node_id: object) -> bool:
        return _has_node(self._picture, node_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._picture.ids[: self._picture.nodes])

    def __len__(self) -> int:
        return self._picture.nodes


class Neighbours(Mapping[str, dict[str, Data]]):
    """Who stands at the other end of a node's links, with data by relation."""

    __slots__ = ("_begin", "_end", "_far", "_picture", "_rows")

    def __init__(self, picture: Picture, rows: "array[int]", begin: int, end: int, far: "array[int]") -> None:
        self._picture = picture
        self._rows = rows
        self._begin = begin
        self._end = end
        self._far = far

    def __getitem__(self, node_id: str) -> dict[str, Data]:
        found = self._rows_to(_node_row(self._picture, node_id))
        if not found:
            raise KeyError(node_id)
        return {data["relation"]: data for data in map(self._data, found)}

    def __contains__(self, node_id: object) -> bool:
        return _has_node(self._picture, node_id) and bool(self._rows_to(self._picture.rows_by_id[str(node_id)]))

    def __iter__(self) -> Iterator[str]:
        far, ids = self._far, self._picture.ids
        return iter(dict.fromkeys([ids[far[row]] for row in self._rows[self._begin : self._end]]))

    def __len__(self) -> int:
        far = self._far
        return len({far[row] for row in self._rows[self._begin : self._end]})

    def items(self) -> ItemsView[str, dict[str, Data]]:
        """List neighbours with their data, made in one pass."""
        return self._grouped().items()

    def values(self) -> ValuesView[dict[str, Data]]:
        """List the data of each neighbour, made in one pass."""
        return self._grouped().values()

    def _grouped(self) -> dict[str, dict[str, Data]]:
        far, ids = self._far, self._picture.ids
        grouped: dict[str, dict[str, Data]] = {}
        for row in self._rows[self._begin : self._end]:
            data = self._data(row)
            grouped.setdefault(ids[far[row]], {})[data["relation"]] = data
        return grouped

    def _rows_to(self, node: int) -> list[int]:
        """Find the links to one node: a binary search in the run of each relation."""
        rows, relation_of, far_of = self._rows, self._picture.relation.__getitem__, self._far.__getitem__
        found = []
        begin = self._begin
        while begin < self._end:
            end = bisect_right(rows, relation_of(rows[begin]), begin, self._end, key=relation_of)
            place = bisect_left(rows, node, begin, end, key=far_of)
            if place < end and far_of(rows[place]) == node:
                found.append(rows[place])
            begin = end
        return found

    def _data(self, row: int) -> Data:
        picture = self._picture
        relation = picture.relation_names[picture.relation[row]]
        return Data(relation=relation, since=picture.since[row], until=None)


class Adjacency(Mapping[str, Neighbours]):
    """Neighbours of each node in one direction."""

    __slots__ = ("_far", "_order", "_picture")

    def __init__(self, picture: Picture, order: Order, far: "array[int]") -> None:
        self._picture = picture
        self._order = order
        self._far = far

    def __getitem__(self, node_id: str) -> Neighbours:
        begin, end = self._order.span(_node_row(self._picture, node_id))
        return Neighbours(self._picture, self._order.rows, begin, end, self._far)

    def __contains__(self, node_id: object) -> bool:
        return _has_node(self._picture, node_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._picture.ids[: self._picture.nodes])

    def __len__(self) -> int:
        return self._picture.nodes


class Graph(MultiDiGraph):
    """Nodes and open links of a community at one moment, as a networkx graph.

    Nodes carry `kind`. Links carry `relation`, which is their key, `since`,
    and `until`, which is None because what the graph shows is open. The graph
    does not change when the network goes on, and cannot be changed; `copy`
    gives a plain `MultiDiGraph` that can.

    Parameters
    ----------
    links
        The links to show. Without them this is a plain `MultiDiGraph`, as
        networkx needs when it makes a graph «of the same class».
    at
        Log position after which to look; None for now.

    Raises
    ------
    networkx.NetworkXError
        When something tries to change the graph.

    Notes
    -----
    A graph of now is free when nothing changed since the last one, and
    otherwise costs a sort of the open links; it shares the columns. A graph
    of the past, or in the middle of a batch, copies the rows it shows. It may
    be taken and read in one thread while another writes.
    """

    def __init__(self, links: object = None, at: int | None = None, **attr: Any) -> None:  # noqa: ANN401 - graph data
        self._picture: Picture | None = None
        if not isinstance(links, Links):
            super().__init__(links, **attr)
            return
        super().__init__(**attr)
        picture = self._picture = links.picture(at)
        self._node = Nodes(picture)
        self._adj = Adjacency(picture, picture.outgoing, picture.target)
        self._pred = Adjacency(picture, picture.incoming, picture.source)
        nx.freeze(self)

    def copy(  # type: ignore[override]  # what can be changed is of the parent class
        self,
        as_view: bool = False,  # noqa: FBT001, FBT002 - networkx's signature
    ) -> "nx.MultiDiGraph[str]":
        """Copy into a plain `MultiDiGraph`, free to be changed."""
        if as_view:
            return super().copy(as_view=True)
        return nx.MultiDiGraph(self)

    def size(self, weight: str | None = None) -> Any:  # noqa: ANN401 - as networkx has it
        """How many links there are, or the sum of a weight over them."""
        if self._picture is None or weight is not None:
            return super().size(weight)
        return len(self._picture.outgoing.rows)

    def components(self) -> list[frozenset[str]]:
        """Nodes joined by links in either direction, largest first, ties by least id.

        The same sets as `networkx.weakly_connected_components`, some ten times faster.
        """
        found = nx.weakly_connected_components(self) if self._picture is None else _components(self._picture)
        return sorted(map(frozenset, found), key=lambda nodes: (-len(nodes), min(nodes)))


def _components(picture: Picture) -> Iterator[list[str]]:
    import numpy as np  # noqa: PLC0415 - only this question needs scipy
    from scipy import sparse  # type: ignore[import-untyped]  # noqa: PLC0415 - the same; it ships no types

    rows = vector(picture.outgoing.rows)
    near = vector(picture.source[:])[rows]  # of copies: the columns may be shared with the network, and grow
    far = vector(picture.target[:])[rows]
    joined = sparse.coo_array((np.ones(len(rows), dtype=bool), (near, far)), shape=(picture.nodes, picture.nodes))
    count, labels = sparse.csgraph.connected_components(joined, directed=False)
    nodes = [picture.ids[row] for row in np.argsort(labels, kind="stable").tolist()]
    begin = 0
    for size in np.bincount(labels, minlength=count).tolist():
        yield nodes[begin : begin + size]
        begin += size


def _has_node(picture: Picture, node_id: object) -> bool:
    return isinstance(node_id, str) and picture.rows_by_id.get(node_id, picture.nodes) < picture.nodes


def _node_row(picture: Picture, node_id: str) -> int:
    row = picture.rows_by_id[node_id]
    if row >= picture.nodes:
        raise KeyError(node_id)
    return row
