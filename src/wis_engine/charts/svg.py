"""Pieces of a picture as SVG text. Whatever comes from data is escaped here and nowhere else."""

from collections.abc import Iterable
from html import escape
from typing import Final, Literal

from wis_engine.charts.looks import INK

FONT: Final = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
_WIDTH_PERCENT: Final = 60
"""How wide a letter is of its size, rather too much."""


class Svg(str):
    """A picture as SVG text; a notebook draws it."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def document(width: int, height: int, told: str, body: Iterable[str]) -> Svg:
    """Put a picture together; `told` says in words what it shows, for who does not see it."""
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" font-family="{FONT}" font-size="12" fill="{INK}" '
        ' style="background:#fff;max-width:100%;height:auto">'
        f"<title>{escape(told)}</title>{''.join(body)}</svg>\n"
    )


def words_at(
    x: float,
    y: float,
    said: str,
    *,
    anchor: Literal["start", "middle", "end"] = "start",
    size: int = 12,
    bold: bool = False,
    halo: bool = False,
) -> str:
    """Write words at a place: their left end, middle or right end; with a white edge over what is drawn below."""
    weight = ' font-weight="700"' if bold else ""
    edge = ' stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{short(x)}" y="{short(y)}" text-anchor="{anchor}" font-size="{size}"{weight}{edge}>'
        f"{escape(said)}</text>"
    )


def room_of(said: str, size: int = 12) -> int:
    """Reckon how wide words are at most."""
    return -(-len(said) * size * _WIDTH_PERCENT // 100)


def cut(said: str, room: int, size: int = 12) -> str:
    """Cut words short that do not fit into a room."""
    most = max(1, room * 100 // (size * _WIDTH_PERCENT))
    return said if len(said) <= most else said[: most - 1] + "…"


def short(value: float) -> str:
    """Write a place to a tenth, no longer than it has to be."""
    return f"{value:.1f}".removesuffix(".0")
