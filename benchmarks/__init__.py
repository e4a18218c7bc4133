"""Measurements of this library beside its peers: `python -m benchmarks [name ...]`."""

from collections.abc import Iterable

import attrs


@attrs.frozen(kw_only=True)
class Row:
    """One measure; `goal` says in words what `reached` judged."""

    measure: str
    unit: str
    ours: float
    peer: float | None = None
    goal: str = ""
    reached: bool | None = None


def at_most(part: float, *, measure: str, unit: str, ours: float, peer: float, goal: str) -> Row:
    """Make a row whose goal is that ours takes no more than a part of what the peer takes."""
    return Row(measure=measure, unit=unit, ours=ours, peer=peer, goal=goal, reached=ours <= part * peer)


def table(rows: Iterable[Row], *, peer: str) -> str:
    """Write rows as a Markdown table; the ratio is the peer's figure by ours."""
    lines = [f"| measure | unit | wis_engine | {peer} | ratio | goal |", "| --- | --- | ---: | ---: | ---: | --- |"]
    for row in rows:
        beside = "" if row.peer is None else number(row.peer)
        ratio = "" if row.peer is None else f"{row.peer / row.ours:.1f}x"
        verdict = {None: "", True: ": reached", False: ": **not reached**"}[row.reached]
        lines.append(f"| {row.measure} | {row.unit} | {number(row.ours)} | {beside} | {ratio} | {row.goal}{verdict} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Write a figure with three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
