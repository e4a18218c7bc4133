"""The map of Milano: its 88 zones as shapes, and the shades of what is counted there.

Shapes are drawn from the borders that the library places households by, on a
grid of 25 metres, half a point of a wide screen. Two zones share the corners
of their border, which fall on the same points of the grid: no gap opens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from itertools import pairwise
from typing import Final

from wis_engine import territory
from wis_engine.charts.columns import Columns, read
from wis_engine.charts.looks import INK, figure, wording
from wis_engine.charts.svg import Svg, document, words_at
from wis_engine.charts.units import title_of, unit_of
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES, Words

GRID_M: Final = 25
_LAT_MICROMETRES: Final = 111_195
"""Of a microdegree to the north."""
_LON_MICROMETRES: Final = 78_050
"""Of a microdegree to the east, at the latitude of Milano."""
_MILLION: Final = 1_000_000
SHADES: Final = ("#ffffff", "#dcebe8", "#b5d5d0", "#86b9b2", "#54958e", "#2a6b65")
"""From nothing to the most: each is darker than the one before, in grey as well."""

_MARGIN: Final = 12
_HEAD: Final = 44
_LEGEND: Final = 150
_SWATCH: Final = 26

Dot = tuple[int, int]


def zone_map(
    columns: Columns,
    measure: str = "coverage_ppm",
    *,
    zone: str = "group",
    most: int | None = None,
    language: str = LANGUAGES[0],
) -> Svg:
    """Draw the zones of Milano, darker where a measure is higher; with a thin edge only where nothing is known.

    Parameters
    ----------
    columns
        The number of a zone (NIL) and the measure, as the rows of the measure
        `groups` by zone have them; a row without a number of a zone is left out.
    zone
        The column of the numbers.
    most
        What the darkest shade stands for, the highest value unless it is
        given: give it to compare two maps.

    Raises
    ------
    Malformed
        A column is missing or no numbers, a value is below zero or above
        `most`, a zone stands twice or is none of Milano.
    """
    words = wording(language)
    values = _by_zone(columns, measure, zone)
    highest = max(values.values()) if most is None else most
    if min(values.values()) < 0 or max(values.values()) > highest:
        raise Malformed("zone_map: a value below zero, or above the most")
    paths, width, height = shapes()
    unit = unit_of(measure)
    title = words("zone_map.title", measure=title_of(measure, language))

    def said(value: float) -> str:
        return f"{figure(words, round(unit.shown(value), 1))}{chr(160) + unit.sign if unit.sign else ''}"

    drawn = []
    for one in territory.zones():
        value = values.get(one.nil)
        told = words("zone_map.nothing") if value is None else said(value)
        told = words("zone_map.zone", nil=one.nil, name=one.name, said=told)
        look = 'fill="none" stroke="#a9b4bd"' if value is None else f'fill="{shade(value, highest)}" stroke="{INK}"'
        drawn.append(f'<path {look} d="{paths[one.nil - 1]}"><title>{escape(told)}</title></path>')
    # Known zones are drawn last, so that their edges are whole.
    drawn.sort(key=lambda path: path.startswith('<path fill="none"'), reverse=True)
    body = [words_at(_MARGIN, 24, title, size=15, bold=True)]
    body.append(f'<g transform="translate({_MARGIN} {_HEAD})" stroke-linejoin="round">{"".join(drawn)}</g>')
    body += _legend(width + 2 * _MARGIN, words, highest, said)
    shown = words("zone_map.shown", zones=len(values), whole=territory.NILS)
    return document(width + 3 * _MARGIN + _LEGEND, height + _HEAD + _MARGIN, f"{title}. {shown}", body)


def _by_zone(columns: Columns, measure: str, zone: str) -> Mapping[int, int]:
    rows = read(columns, (measure,), names=(zone,))
    values: dict[int, int] = {}
    for name, value in zip(rows[zone], rows[measure], strict=True):
        if not name:
            continue
        nil = territory.zone(int(name) if name.isdecimal() else 0).nil
        if nil in values:
            raise Malformed(f"zone_map: zone {nil} stands twice")
        values[nil] = round(value)
    if not values:
        raise Malformed("zone_map: no zone")
    return values


def _legend(x: int, words: Words, most: int, said: Callable[[float], str]) -> Iterator[str]:
    """Draw the shades that are used, and what each stands for."""
    y = _HEAD
    for place, colour in enumerate(SHADES):
        least, last = bounds(place, most)
        if least > last:
            continue
        told = words("zone_map.up_to", most=said(last)) if place else said(0)
        yield f'<rect x="{x}" y="{y}" width="{_SWATCH}" height="18" fill="{colour}" stroke="{INK}"/>'
        yield words_at(x + _SWATCH + 8, y + 13, told)
        y += 26
    yield f'<rect x="{x}" y="{y}" width="{_SWATCH}" height="18" fill="none" stroke="#a9b4bd"/>'
    yield words_at(x + _SWATCH + 8, y + 13, words("zone_map.nothing"))


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
