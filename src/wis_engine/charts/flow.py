"""What flows from needs to suppliers, as a diagram of Sankey: thickness is money, or whatever is counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from attrs import frozen

from wis_engine.charts.columns import Columns, Rows, read
from wis_engine.charts.looks import INK, figure, wording
from wis_engine.charts.svg import Svg, cut, document, room_of, short, words_at
from wis_engine.charts.units import title_of, unit_of
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES, Words

NODES_MAX: Final = 14
"""Of more in one stage, the smallest stand together."""
_STAGES: Final = range(2, 6)
_WIDTH: Final = 900
_HEIGHT: Final = 360
"""Of all that flows, without the gaps."""
_LEFT: Final = 12
_TOP: Final = 64
_NODE: Final = 12
_PITCH: Final = 20
"""From one name down to the next, at least."""
_GAP: Final = 6
_NAME: Final = 210
"""Room for a name beside its node."""
_SHADES: Final = ("#2a6b65", "#c98a5b", "#7d8fb3", "#b3a24a", "#8a7396", "#6d7b86")


_Band = tuple[str, str, str]
"""Where a band came from in the first stage, and which two things it joins."""


@frozen(kw_only=True)
class _Node:
    """One thing of a stage, and where it stands."""

    name: str
    amount: float
    top: float
    height: float


def flow(
    columns: Columns,
    stages: Sequence[str] = ("action", "how", "supplier"),
    amount: str = "price_cents",
    *,
    language: str = LANGUAGES[0],
) -> Svg:
    """Draw how much flows from each thing of one stage to each of the next, thick in proportion.

    Shades follow the first stage; every band has an edge and says its amount
    when pointed at, so that it reads in grey.

    Parameters
    ----------
    columns
        A column of names for each stage and one of amounts, as the measure
        `flows` has them; rows with the same names are added up.
    stages
        From two to five columns, first to last.
    amount
        The column that is counted: cents as euro, minutes as hours.

    Raises
    ------
    Malformed
        A column is missing or no numbers, an amount is below zero, nothing
        flows, or there are too few or too many stages.
    """
    words = wording(language)
    if len(stages) not in _STAGES or len(set(stages)) < len(stages):
        raise Malformed("flow: from two to five different stages")
    rows = read(columns, (amount,), names=stages)
    if min(rows[amount]) < 0 or not sum(rows[amount]):
        raise Malformed("flow: an amount below zero, or nothing that flows")
    named = [_named(rows, stage, amount, words) for stage in stages]
    paths = _paths(rows, stages, amount, [names for names, _ in named])
    nodes = [_stage(paths, stage, others) for stage, (_, others) in enumerate(named)]
    bottom = max(node.top + max(node.height, _PITCH) for stage in nodes for node in stage.values())
    unit = unit_of(amount)
    told = f"{title_of(amount, language)} ({unit.word(language)})" if unit.key else title_of(amount, language)
    title = words("flow.title", amount=told)

    def said(value: float) -> str:
        return figure(words, round(unit.shown(value)))

    body = [words_at(_LEFT, 24, title, size=15, bold=True)]
    for stage, name in enumerate(stages):
        body.append(words_at(_x(stage, len(stages)), _TOP - 14, words.code("stage", name), bold=True))
    for stage in range(len(stages) - 1):
        body += _bands(paths, nodes, stage, said)
    for stage, things in enumerate(nodes):
        body += [_drawn(node, _x(stage, len(stages)), said(node.amount)) for node in things.values()]
    return document(_WIDTH, round(bottom) + 16, title, body)


def _named(rows: Rows, stage: str, amount: str, words: Words) -> tuple[dict[str, str], str]:
    """Give each name of a stage as it is shown: the smallest under one, which comes second."""
    sums = {name: sum(part[amount]) for name, part in rows.by(stage)}
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    kept = ranked if len(ranked) <= NODES_MAX else ranked[: NODES_MAX - 1]
    others = words("flow.others", n=words.number(len(ranked) - len(kept)))
    return {name: words.code(stage, name) if name in kept else others for name in ranked}, others


def _paths(
    rows: Rows, stages: Sequence[str], amount: str, named: Sequence[Mapping[str, str]]
) -> dict[tuple[str, ...], float]:
    """Add up what takes the same way."""
    paths: dict[tuple[str, ...], float] = {}
    for row, value in enumerate(rows[amount]):
        way = tuple(names[rows[stage][row]] for stage, names in zip(stages, named, strict=True))
        paths[way] = paths.get(way, 0) + value
    return {way: value for way, value in sorted(paths.items()) if value}


def _stage(paths: Mapping[tuple[str, ...], float], stage: int, others: str) -> dict[str, _Node]:
    """Stand the things of a stage under each other, the largest first, far enough apart for their names."""
    sums: dict[str, float] = {}
    for way, value in paths.items():
        sums[way[stage]] = sums.get(way[stage], 0) + value
    scale = _HEIGHT / sum(sums.values())
    nodes, top = {}, float(_TOP)
    for name in sorted(sums, key=lambda one: (one == others, -sums[one], one)):
        height = sums[name] * scale
        nodes[name] = _Node(name=name, amount=sums[name], top=top, height=height)
        top += max(height, _PITCH - _GAP) + _GAP
    return nodes


def _x(stage: int, stages: int) -> float:
    """Say where a stage stands; beside the last one there is room for its names."""
    return _LEFT + stage * (_WIDTH - _NAME - _LEFT) / (stages - 1)


def _bands(
    paths: Mapping[tuple[str, ...], float],
    nodes: Sequence[Mapping[str, _Node]],
    stage: int,
    said: Callable[[float], str],
) -> Iterator[str]:
    """Draw the bands from a stage to the next, each by where it came from in the first, whose shade it has."""
    sums: dict[_Band, float] = {}
    for way, value in paths.items():
        band = way[0], way[stage], way[stage + 1]
        sums[band] = sums.get(band, 0) + value
    begins, ends = _tops(sums, nodes, stage, 1), _tops(sums, nodes, stage + 1, 2)
    scale = _HEIGHT / sum(sums.values())
    for band in sorted(sums, key=begins.__getitem__):
        first, source, target = band
        shade = _SHADES[list(nodes[0]).index(first) % len(_SHADES)]
        told = f"{source} → {target}{f' ({first})' if stage else ''}: {said(sums[band])}"
        left, right = _x(stage, len(nodes)) + _NODE, _x(stage + 1, len(nodes))
        yield (
            f'<path d="{_curve(left, begins[band], right, ends[band], sums[band] * scale)}" fill="{shade}"'
            f' fill-opacity="0.45" stroke="{INK}" stroke-width="0.5"><title>{escape(told)}</title></path>'
        )


def _tops(
    sums: Mapping[_Band, float], nodes: Sequence[Mapping[str, _Node]], stage: int, end: int
) -> dict[_Band, float]:
    """Say where each band begins or ends: on one node side by side, in the order of what they join."""
    scale = _HEIGHT / sum(sums.values())
    other = nodes[stage + 1 if end == 1 else stage - 1]
    used = {name: node.top for name, node in nodes[stage].items()}
    found = {}
    for band in sorted(sums, key=lambda one: (other[one[3 - end]].top, nodes[0][one[0]].top)):
        found[band] = used[band[end]]
        used[band[end]] += sums[band] * scale
    return found


def _curve(left: float, top: float, right: float, to: float, thick: float) -> str:
    """Draw a band from one side to the other, level at both ends."""
    x, y, end, foot, last = map(short, (left, top, right, to, to + thick))
    middle, back = short((left + right) / 2), short(top + thick)
    return f"M{x} {y}C{middle} {y} {middle} {foot} {end} {foot}V{last}C{middle} {last} {middle} {back} {x} {back}z"


def _drawn(node: _Node, x: float, said: str) -> str:
    """Draw a thing with its name and amount beside it."""
    height = max(node.height, 1)
    box = f'<rect x="{short(x)}" y="{short(node.top)}" width="{_NODE}" height="{short(height)}" fill="{INK}"/>'
    label = f"{cut(node.name, _NAME - room_of(said) - _NODE - 24)} · {said}"
    return box + words_at(x + _NODE + 5, node.top + height / 2 + 4, label, halo=True)
