"""The map of Milano on a page: the zones once as shapes, shaded twice, and a table that says the same.

Shapes are drawn from the borders that the library places households by, on a
grid of 25 metres, half a point of a wide screen. Two zones share the corners
of their border, which fall on the same points of the grid: no gap opens.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import pairwise
from typing import Final

from wis_engine import catalogue, territory
from wis_engine.report.draw_figures import SMALL
from wis_engine.report.few import told as count_told
from wis_engine.report.markup import Page, heading, paragraph, table
from wis_engine.report.reach import by_municipio

_GRID_M: Final = 25
_LAT_MICROMETRES: Final = 111_195
"""Of a microdegree to the north."""
_LON_MICROMETRES: Final = 78_050
"""Of a microdegree to the east, at the latitude of Milano."""
_MILLION: Final = 1_000_000
_SHADES: Final = ("#ffffff", "#dcebe8", "#b5d5d0", "#86b9b2", "#54958e", "#2a6b65")
"""From nothing to the most: each is darker than the one before, in grey as well."""
_MARGIN: Final = 6

Dot = tuple[int, int]


def territory_map(page: Page) -> str:
    """Draw where services come and where needs went unmet."""
    words = page.words
    body = [
        paragraph(words("map.note"), "quiet"),
        f'<div class="maps">{_coverage(page)}{_unmet(page)}</div>',
        heading(words("map.table")),
        _table(page),
        paragraph(words("map.source"), "quiet"),
    ]
    return page.section("map", "map.title", *body)


def _coverage(page: Page) -> str:
    words, zones = page.words, page.summary.zones
    counts = [zone.services for zone in zones]
    drawn = []
    for zone in zones:
        said = words(
            "map.coverage_zone", nil=zone.nil, name=zone.name, municipio=zone.municipio, n=words.number(zone.services)
        )
        drawn.append(_group(said, _shade(zone.services, max(counts)), [zone.nil]))
    told = words(
        "map.coverage_told",
        least=min(counts),
        most=max(counts),
        whole=len(catalogue.services()),
        bare=counts.count(0),
        zones=len(counts),
    )
    shapes = "".join(f'<path id="z{nil}" d="{shape}"/>' for nil, shape in enumerate(_shapes()[0], start=1))
    return _figure(page, "coverage", told, f"<defs>{shapes}</defs>{''.join(drawn)}", max(counts))


def _unmet(page: Page) -> str:
    words, counts = page.words, unmet_by_municipio(page)
    # So wide that no shade tells one small number from another.
    most = max(*counts.values(), SMALL * (len(_SHADES) - 1))
    drawn = []
    for number, zones in by_municipio(page.summary.zones).items():
        said = words("map.unmet_zone", municipio=number, n=_small(page, counts[number]))
        drawn.append(_group(said, _shade(counts[number], most), [zone.nil for zone in zones]))
    return _figure(page, "unmet", words("map.unmet_told"), "".join(drawn), most)


def _group(said: str, shade: str, nils: Sequence[int]) -> str:
    """Draw zones in one shade, with what is said of them."""
    shapes = "".join(f'<use href="#z{nil}"/>' for nil in nils)
    return f'<g fill="{shade}"><title>{escape(said)}</title>{shapes}</g>'


def _figure(page: Page, name: str, told: str, drawn: str, most: int) -> str:
    """Draw one map with its title and its legend."""
    words = page.words
    title = words(f"map.{name}")
    _, width, height = _shapes()
    box = f"{-_MARGIN} {-_MARGIN} {width + 2 * _MARGIN} {height + 2 * _MARGIN}"
    unit = words("map.legend_services" if name == "coverage" else "map.legend_needs")
    swatches = []
    for place, shade in enumerate(_SHADES):
        least, last = _bounds(place, most)
        if least > last:
            continue
        said = str(last) if least == last else f"{least}–{last}"
        swatches.append(
            f'<li><svg viewBox="0 0 26 18" aria-hidden="true"><rect width="26" height="18" fill="{shade}"'
            f' stroke="#1b2430"/></svg>{said} {escape(unit)}</li>'
        )
    return (
        f'<figure><svg viewBox="{box}" role="img" stroke="#1b2430" stroke-width="1" stroke-linejoin="round">'
        f"<title>{escape(title)}. {escape(told)}</title>{drawn}</svg>"
        f'<ul class="legend">{"".join(swatches)}</ul>'
        f"<figcaption><strong>{escape(title)}.</strong> {escape(told)}</figcaption></figure>"
    )


def _shade(count: int, most: int) -> str:
    """Choose a shade: none for nothing, then as many steps of equal width as there are shades."""
    return _SHADES[-(-count * (len(_SHADES) - 1) // max(most, 1))]


def _bounds(place: int, most: int) -> tuple[int, int]:
    """Say from which count to which a shade is used; the first above the last where it is not."""
    steps = len(_SHADES) - 1
    return ((place - 1) * most // steps + 1, place * most // steps) if place else (0, 0)


def unmet_by_municipio(page: Page) -> dict[int, int]:
    """Count the needs that went unmet in the period, by municipio."""
    figure = next(one for one in page.summary.figures if one.id == "X7")
    numbers = range(1, territory.MUNICIPI + 1)
    return {number: figure.variant(str(number), "municipio").value for number in numbers}


def _small(page: Page, count: int) -> str:
    """Write how many needs went unmet at one municipio."""
    return count_told(page, count, unmet_by_municipio(page).values(), SMALL)


def _table(page: Page) -> str:
    words, counts = page.words, unmet_by_municipio(page)
    rows = []
    for number, zones in by_municipio(page.summary.zones).items():
        services = [zone.services for zone in zones]
        reached = f"{min(services)}–{max(services)}"
        rows.append((str(number), words.number(len(zones)), reached, _small(page, counts[number])))
    head = [words(f"map.{key}") for key in ("municipio", "zones", "reach", "unmet_head")]
    note = "" if page.detail else paragraph(words("map.small", k=SMALL), "quiet")
    return table(words("map.table"), head, rows, numbers=[1, 2, 3]) + note


@cache
def _shapes() -> tuple[tuple[str, ...], int, int]:
    """Draw the border of each zone as a path, by number; with the width and the height of them all."""
    borders = [territory.border(zone.nil) for zone in territory.zones()]
    lons = [lon for rings in borders for ring in rings for lon, _ in ring]
    lats = [lat for rings in borders for ring in rings for _, lat in ring]
    west, north = min(lons), max(lats)

    def dot(lon: int, lat: int) -> Dot:
        east, south = (lon - west) * _LON_MICROMETRES, (north - lat) * _LAT_MICROMETRES
        return east // (_GRID_M * _MILLION), south // (_GRID_M * _MILLION)

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
