"""The map of Milano on a page: the zones once as shapes, shaded twice, and a table that says the same."""

from collections.abc import Sequence
from html import escape
from typing import Final

from wis_engine import catalogue, territory
from wis_engine.charts.zones import SHADES, bounds, shade, shapes
from wis_engine.report.draw_figures import SMALL
from wis_engine.report.few import told as count_told
from wis_engine.report.markup import Page, heading, paragraph, table
from wis_engine.report.reach import by_municipio

_MARGIN: Final = 6


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
        drawn.append(_group(said, shade(zone.services, max(counts)), [zone.nil]))
    told = words(
        "map.coverage_told",
        least=min(counts),
        most=max(counts),
        whole=len(catalogue.services()),
        bare=counts.count(0),
        zones=len(counts),
    )
    drawn_once = "".join(f'<path id="z{nil}" d="{path}"/>' for nil, path in enumerate(shapes()[0], start=1))
    return _figure(page, "coverage", told, f"<defs>{drawn_once}</defs>{''.join(drawn)}", max(counts))


def _unmet(page: Page) -> str:
    words, counts = page.words, unmet_by_municipio(page)
    # So wide that no shade tells one small number from another.
    most = max(*counts.values(), SMALL * (len(SHADES) - 1))
    drawn = []
    for number, zones in by_municipio(page.summary.zones).items():
        said = words("map.unmet_zone", municipio=number, n=_small(page, counts[number]))
        drawn.append(_group(said, shade(counts[number], most), [zone.nil for zone in zones]))
    return _figure(page, "unmet", words("map.unmet_told"), "".join(drawn), most)


def _group(said: str, colour: str, nils: Sequence[int]) -> str:
    """Draw zones in one shade, with what is said of them."""
    used = "".join(f'<use href="#z{nil}"/>' for nil in nils)
    return f'<g fill="{colour}"><title>{escape(said)}</title>{used}</g>'


def _figure(page: Page, name: str, told: str, drawn: str, most: int) -> str:
    """Draw one map with its title and its legend."""
    words = page.words
    title = words(f"map.{name}")
    _, width, height = shapes()
    box = f"{-_MARGIN} {-_MARGIN} {width + 2 * _MARGIN} {height + 2 * _MARGIN}"
    unit = words("map.legend_services" if name == "coverage" else "map.legend_needs")
    swatches = []
    for place, colour in enumerate(SHADES):
        least, last = bounds(place, most)
        if least > last:
            continue
        said = str(last) if least == last else f"{least}–{last}"
        swatches.append(
            f'<li><svg viewBox="0 0 26 18" aria-hidden="true"><rect width="26" height="18" fill="{colour}"'
            f' stroke="#1b2430"/></svg>{said} {escape(unit)}</li>'
        )
    return (
        f'<figure><svg viewBox="{box}" role="img" stroke="#1b2430" stroke-width="1" stroke-linejoin="round">'
        f"<title>{escape(title)}. {escape(told)}</title>{drawn}</svg>"
        f'<ul class="legend">{"".join(swatches)}</ul>'
        f"<figcaption><strong>{escape(title)}.</strong> {escape(told)}</figcaption></figure>"
    )


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
