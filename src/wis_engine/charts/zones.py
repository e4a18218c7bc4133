"""The map of Milano: its 88 zones as shapes, and the shades of what is counted there.

Shapes are drawn from the borders that the library places households by, on a
grid of 25 metres, half a point of a wide screen. Two zones share the corners
of their border, which fall on the same points of the grid: no gap opens.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from wis_engine import territory

GRID_M: Final = 25
_LAT_MICROMETRES: Final = 111_195
"""Of a microdegree to the north."""
_LON_MICROMETRES: Final = 78_050
"""Of a microdegree to the east, at the latitude of Milano."""
_MILLION: Final = 1_000_000
SHADES: Final = ("#ffffff", "#dcebe8", "#b5d5d0", "#86b9b2", "#54958e", "#2a6b65")
"""From nothing to the most: each is darker than the one before, in grey as well."""

Dot = tuple[int, int]


def shade(count: int, most: int) -> str:
    """Choose a shade: none for nothing, then as many steps of equal width as there are shades."""
    return SHADES[-(-count * (len(SHADES) - 1) // max(most, 1))]


def bounds(place: int, most: int) -> tuple[int, int]:
    """Say from which count to which a shade is used; the first above the last where it is not."""
    steps = len(SHADES) - 1
    return ((place - 1) * most // steps + 1, place * most // steps) if place else (0, 0)


@cache
def shapes() -> tuple[tuple[str, ...], int, int]:
    """Draw the border of each zone as a path, by number; with the width and the height of them all."""
    borders = [territory.border(zone.nil) for zone in territory.zones()]
    lons = [lon for rings in borders for ring in rings for lon, _ in ring]
    lats = [lat for rings in borders for ring in rings for _, lat in ring]
    west, north = min(lons), max(lats)

    def dot(lon: int, lat: int) -> Dot:
        east, south = (lon - west) * _LON_MICROMETRES, (north - lat) * _LAT_MICROMETRES
        return east // (GRID_M * _MILLION), south // (GRID_M * _MILLION)

    paths = tuple("".join(_path([dot(lon, lat) for lon, lat in ring]) for ring in rings) for rings in borders)
    width, height = dot(max(lons), min(lats))
    return paths, width, height


def _path(dots: Sequence[Dot]) -> str:
    """Draw a ring: its first dot, then the step to each next one; dots that change nothing are left out."""
    apart = _apart(dots)
    kept = _apart(
        [here for place, here in enumerate(apart) if _bends(apart[place - 1], here, apart[(place + 1) % len(apart)])]
    )
    (x, y), *_ = kept
    steps = " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(kept))
    return f"M{x} {y}l{steps}z".replace(" -", "-")


def _apart(dots: Sequence[Dot]) -> list[Dot]:
    return [here for place, here in enumerate(dots) if here != dots[place - 1]]


def _bends(before: Dot, here: Dot, after: Dot) -> bool:
    return (here[0] - before[0]) * (after[1] - here[1]) != (after[0] - here[0]) * (here[1] - before[1])
