"""A small network in tiers: who is linked to whom."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from wis_engine.charts.looks import INK, wording
from wis_engine.charts.svg import Svg, cut, document, short, words_at
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES, Words

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    Graph: TypeAlias = "MultiDiGraph[Hashable]"

NODES_MAX: Final = 300
"""Of more no link can be followed with the eye."""
_NAMED_MAX: Final = 45
"""A tier of more nodes has no names beside them."""
_PITCH: Final = 9
_NAMED_PITCH: Final = 15
_WIDTH: Final = 900
_ROOM: Final = 130
_TOP: Final = 74
_SWEEPS: Final = 4
_MILLION: Final = 1_000_000
_STEPS_MAX: Final = 3
"""From one node to the next that is drawn, at most: engagement, offer, supplier."""
_FILLS: Final = ("#14544f", "#ffffff", "#b5d5d0", "#b4541a", "#cdd5db", "#7a6a1f")

Links = dict[str, set[str]]


def network(
    graph: "Graph",
    tiers: Sequence[str] = ("firm", "household", "need", "supplier"),
    through: Sequence[str] = ("person", "engagement", "offer"),
    *,
    language: str = LANGUAGES[0],
) -> Svg:
    """Draw a small network: a tier for each kind of node, and who is linked to whom in the next.

    Nodes of one tier stand in the order that makes links cross little; they
    differ in shape as well as in shade.

    Parameters
    ----------
    graph
        `community.network.graph`, or a part of it: nodes with their `kind`.
    tiers
        The kinds to draw, left to right.
    through
        Kinds that are not drawn and through which a link goes on: a need is
        linked to the supplier that its engagement's offer is of.

    Raises
    ------
    Malformed
        There are no such nodes, more than 300, or fewer than two tiers: draw
        counts (`adjacency`) or a part of the graph.
    """
    words = wording(language)
    if len(tiers) < 2 or len({*tiers, *through}) < len(tiers) + len(through):  # noqa: PLR2004 - from one to another
        raise Malformed("network: two or more tiers, none twice nor among those gone through")
    kinds = {str(node): str(kind) for node, kind in graph.nodes(data="kind")}
    nodes = {tier: sorted(name for name, kind in kinds.items() if kind == tier) for tier in tiers}
    count = sum(map(len, nodes.values()))
    if not 0 < count <= NODES_MAX:
        raise Malformed(f"network: {count} nodes; from 1 to {NODES_MAX} can be drawn, count pairs or choose a part")
    links = {(left, right): _links(graph, kinds, (left, right), through) for left, right in pairwise(tiers)}
    order = _ordered(nodes, links)
    return _drawn(order, links, words)


def _links(graph: "Graph", kinds: Mapping[str, str], pair: tuple[str, str], through: Sequence[str]) -> Links:
    """Find what each node of one tier is linked to in the next, straight or through what is not drawn."""
    from networkx import all_neighbors  # noqa: PLC0415 - not paid by who draws nothing

    left, right = pair
    found: Links = {}
    for start in (name for name, kind in kinds.items() if kind == left):
        seen, edge = {start}, [start]
        for _ in range(_STEPS_MAX):
            near = {str(one) for node in edge for one in all_neighbors(graph, node)} - seen
            found.setdefault(start, set()).update(one for one in near if kinds[one] == right)
            seen |= near
            edge = [one for one in near if kinds[one] in through]
    return found


def _ordered(nodes: Mapping[str, list[str]], links: Mapping[tuple[str, str], Links]) -> dict[str, list[str]]:
    """Put the nodes of each tier where the middle of what they are linked to is, going to and fro."""
    order = dict(nodes)
    there = [(left, right, _turned(mine)) for (left, right), mine in links.items()]
    back = [(right, left, mine) for (left, right), mine in reversed(list(links.items()))]
    for fixed, moved, linked in [*there, *back] * _SWEEPS:
        order[moved] = _beside(order[moved], order[fixed], linked)
    return order


def _beside(moved: Sequence[str], fixed: Sequence[str], linked: Links) -> list[str]:
    """Sort one tier by the middle of what each is linked to in the other; who is linked to nobody stays where it is."""
    spots = {name: (2 * place + 1) * _MILLION // (2 * len(fixed)) for place, name in enumerate(fixed)}
    middles = {}
    for place, name in enumerate(moved):
        near = linked.get(name, ())
        own = (2 * place + 1) * _MILLION // (2 * len(moved))
        middles[name] = sum(spots[one] for one in near) // len(near) if near else own
    return sorted(moved, key=lambda name: (middles[name], name))


def _turned(links: Links) -> Links:
    turned: Links = {}
    for source, targets in links.items():
        for target in targets:
            turned.setdefault(target, set()).add(source)
    return turned


def _drawn(order: Mapping[str, Sequence[str]], links: Mapping[tuple[str, str], Links], words: Words) -> Svg:
    tall = max(len(names) * (_NAMED_PITCH if len(names) <= _NAMED_MAX else _PITCH) for names in order.values())
    step = (_WIDTH - 2 * _ROOM) / (len(order) - 1)
    spots = {
        (tier, name): (_ROOM + place * step, _TOP + tall * (2 * row + 1) / (2 * len(names)))
        for place, (tier, names) in enumerate(order.items())
        for row, name in enumerate(names)
    }
    lines = [
        (spots[left, source], spots[right, target])
        for (left, right), mine in links.items()
        for source in sorted(mine)
        for target in sorted(mine[source])
    ]
    told = words("network.told", nodes=words.number(len(spots)), links=words.number(len(lines)))
    body = [words_at(12, 24, words("network.title"), size=15, bold=True), words_at(12, 44, told)]
    for (x, y), (end, foot) in lines:
        middle = short((x + end) / 2)
        curve = f"M{short(x)} {short(y)}C{middle} {short(y)} {middle} {short(foot)} {short(end)} {short(foot)}"
        body.append(f'<path d="{curve}" fill="none" stroke="#5d6b76" stroke-width="0.7" stroke-opacity="0.6"/>')
    for place, (tier, names) in enumerate(order.items()):
        head = f"{words.code('tier', tier)}: {words.number(len(names))}"
        body.append(words_at(_ROOM + place * step, _TOP - 10, head, anchor="middle", bold=True))
        body += _tier(place, len(order), [(name, *spots[tier, name]) for name in names])
    return document(_WIDTH, _TOP + tall + 16, f"{words('network.title')}. {told}", body)


def _tier(place: int, tiers: int, spots: Sequence[tuple[str, float, float]]) -> Iterator[str]:
    """Draw the nodes of one tier, with their names where there is room for them."""
    for name, x, y in spots:
        yield (
            f'<g fill="{_FILLS[place % len(_FILLS)]}" stroke="{INK}">{_shape(place, x, y)}'
            f"<title>{escape(name)}</title></g>"
        )
        if len(spots) <= _NAMED_MAX:
            yield _named(place, tiers, x, y, name)


def _named(place: int, tiers: int, x: float, y: float, name: str) -> str:
    """Write a name outside the first and the last tier, and over a node between them."""
    said = cut(name, _ROOM - 16, 9)
    if place == 0:
        return words_at(x - 8, y + 3, said, anchor="end", size=9)
    if place == tiers - 1:
        return words_at(x + 8, y + 3, said, size=9)
    return words_at(x, y - 5, said, anchor="middle", size=9, halo=True)


def _shape(place: int, x: float, y: float) -> str:
    """Draw a node: a square, a disc, a triangle or a diamond, by its tier."""
    left, right, top, bottom = (short(one) for one in (x - 3.5, x + 3.5, y - 3.5, y + 3.5))
    match place % 4:
        case 0:
            return f'<rect x="{left}" y="{top}" width="7" height="7"/>'
        case 1:
            return f'<circle cx="{short(x)}" cy="{short(y)}" r="3.5"/>'
        case 2:
            return f'<path d="M{short(x)} {top}L{right} {bottom}H{left}z"/>'
    return f'<path d="M{short(x)} {top}L{right} {short(y)}L{short(x)} {bottom}L{left} {short(y)}z"/>'
