"""The places of Milano: 88 zones, their nine municipi, distances, closed days.

A zone is a NIL (Nucleo di Identità Locale), the unit in which the city plans
its services. A household is placed by its NIL and no closer. Everything here
computes in whole microdegrees, so that a distance or a zone is the same on
any machine.
"""

import datetime as dt
import json
from collections.abc import Sequence
from functools import cache
from math import isqrt
from typing import Any, Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.shapes import between
from wis_engine.values import Metres, Period, Point, require_distinct

NILS: Final = 88
MUNICIPI: Final = 9

# One microdegree of a great circle on the sphere of mean radius 6,371,008.8 m.
_MICRODEGREE_MICROMETRES: Final = 111_195
_MILLION: Final = 1_000_000
# Cosine of 0 to 90 whole degrees in millionths; between them, a straight line.
# fmt: off
_COSINES: Final = (
    1000000, 999848, 999391, 998630, 997564, 996195, 994522, 992546, 990268, 987688, 984808, 981627, 978148, 974370,
    970296, 965926, 961262, 956305, 951057, 945519, 939693, 933580, 927184, 920505, 913545, 906308, 898794, 891007,
    882948, 874620, 866025, 857167, 848048, 838671, 829038, 819152, 809017, 798636, 788011, 777146, 766044, 754710,
    743145, 731354, 719340, 707107, 694658, 681998, 669131, 656059, 642788, 629320, 615661, 601815, 587785, 573576,
    559193, 544639, 529919, 515038, 500000, 484810, 469472, 453990, 438371, 422618, 406737, 390731, 374607, 358368,
    342020, 325568, 309017, 292372, 275637, 258819, 241922, 224951, 207912, 190809, 173648, 156434, 139173, 121869,
    104528, 87156, 69756, 52336, 34899, 17452, 0,
)
# fmt: on


def distance_m(a: Point, b: Point) -> Metres:
    """Metres between two places of one city, as the crow flies.

    Symmetric; zero between a place and itself; rounded to the metre.

    Notes
    -----
    Equirectangular at the middle latitude, in integers, with a cosine table by
    degree. Between the zones of Milano it differs from haversine by at most
    half a metre of rounding and 0.01 %, which `tests/test_territory.py`
    measures. It is made for distances inside a region: it does not go round
    the antimeridian.

    Examples
    --------
    >>> duomo, barona = Point(45_464_200, 9_190_000), Point(45_434_500, 9_154_400)
    >>> distance_m(duomo, barona)
    4315
    """
    twice_middle = abs(a.lat_microdegrees + b.lat_microdegrees)
    degree, rest = divmod(twice_middle, 2 * _MILLION)
    cosine = _COSINES[degree]
    if rest:
        cosine -= (cosine - _COSINES[degree + 1]) * rest // (2 * _MILLION)
    north = abs(a.lat_microdegrees - b.lat_microdegrees) * _MICRODEGREE_MICROMETRES
    east = abs(a.lon_microdegrees - b.lon_microdegrees) * _MICRODEGREE_MICROMETRES * cosine // _MILLION
    return (isqrt(north * north + east * east) + _MILLION // 2) // _MILLION


@frozen(kw_only=True)
class Zone:
    """One NIL: its number, name, municipio, and the centroid of its area.

    Some NIL straddle two municipi; each is put under the one in which its
    centroid lies, as far as we could tell: `NOTICE` names the sources and the
    doubtful ones. The centroid of 85, Parco delle Abbazie, which bends around
    39, falls inside 39.
    """

    nil: int = field(validator=between(1, NILS))
    name: str
    municipio: int = field(validator=between(1, MUNICIPI))
    centroid: Point


Ring = tuple[tuple[int, int], ...]


@frozen(kw_only=True)
class _Shape:
    """Border of a zone: rings of (longitude, latitude), and the box around them."""

    rings: tuple[Ring, ...]
    west: int
    south: int
    east: int
    north: int

    def holds(self, lon: int, lat: int) -> bool:
        """Say whether a place is inside or on a border."""
        if not (self.west <= lon <= self.east and self.south <= lat <= self.north):
            return False
        inside = False
        for ring in self.rings:
            crossings = _crossings(ring, lon, lat)
            if crossings is None:
                return True
            inside ^= crossings % 2 == 1
        return inside


def zones() -> tuple[Zone, ...]:
    """All 88 zones, by number."""
    return tuple(zone for zone, _ in _territory())


def zone(nil: int) -> Zone:
    """Look up one zone.

    Raises
    ------
    Malformed
        No NIL of Milano has this number.
    """
    if type(nil) is not int or not 1 <= nil <= NILS:
        raise Malformed(f"no NIL of Milano: they go from 1 to {NILS}")
    return _territory()[nil - 1][0]


def border(nil: int) -> tuple[Ring, ...]:
    """Border of a zone: rings of (longitude, latitude) in microdegrees, the outer one first; each ends where it began.

    Raises
    ------
    Malformed
        No NIL of Milano has this number.
    """
    return _territory()[zone(nil).nil - 1][1].rings


def zone_of(point: Point) -> Zone | None:
    """Find the zone in which a place lies; None outside the city.

    A place on the border of two zones belongs to the lower number.

    Examples
    --------
    >>> zone_of(Point(45_464_200, 9_190_000)).name
    'Duomo'
    """
    for found, shape in _territory():
        if shape.holds(point.lon_microdegrees, point.lat_microdegrees):
            return found
    return None


def municipio_of(nil: int) -> int:
    """Number, 1 to 9, of the municipio of a NIL."""
    return zone(nil).municipio


def closed_days(period: Period) -> frozenset[dt.date]:
    """Days of a period on which nothing is delivered in Milano.

    The public holidays of Italy and the patron's day, Sant'Ambrogio (7
    December). Sundays are not among them: the windows of an offer say whether
    it works on Sunday.
    """
    import holidays  # noqa: PLC0415 - 30 ms that most imports of the library need not pay

    years = range(period.start.year, (period.end - dt.timedelta(days=1)).year + 1)
    return frozenset(day for day in holidays.country_holidays("IT", subdiv="MI", years=years) if day in period)


@cache
def _territory() -> tuple[tuple[Zone, _Shape], ...]:
    from importlib import resources  # noqa: PLC0415 - brings zipfile and tempfile, for those who ask for a zone only

    text = resources.files("wis_engine").joinpath("data/nil.json").read_text(encoding="utf-8")
    read = tuple((_zone(row), _shape(row["rings"])) for row in json.loads(text))
    require_distinct((found.nil for found, _ in read), "NIL")
    assert [found.nil for found, _ in read] == list(range(1, NILS + 1))
    return read


def _zone(row: dict[str, Any]) -> Zone:
    return Zone(nil=row["nil"], name=row["name"], municipio=row["municipio"], centroid=Point(*row["centroid"]))


def _shape(flat_rings: Sequence[Sequence[int]]) -> _Shape:
    rings = tuple(_ring(flat) for flat in flat_rings)
    lons = [lon for ring in rings for lon, _ in ring]
    lats = [lat for ring in rings for _, lat in ring]
    return _Shape(rings=rings, west=min(lons), south=min(lats), east=max(lons), north=max(lats))


def _ring(flat: Sequence[int]) -> Ring:
    """Undo the steps of the file: first vertex, then differences."""
    lon = lat = 0
    vertices = []
    for step_lon, step_lat in zip(flat[::2], flat[1::2], strict=True):
        lon += step_lon
        lat += step_lat
        vertices.append((lon, lat))
    return tuple(vertices)


def _crossings(ring: Ring, lon: int, lat: int) -> int | None:
    """How many edges a ray to the east meets; None for a place on an edge."""
    crossings = 0
    lon_a, lat_a = ring[-1]
    for lon_b, lat_b in ring:
        # Positive when the place lies left of the edge walked from a to b.
        side = (lon_b - lon_a) * (lat - lat_a) - (lat_b - lat_a) * (lon - lon_a)
        if (
            side == 0
            and min(lon_a, lon_b) <= lon <= max(lon_a, lon_b)
            and min(lat_a, lat_b) <= lat <= max(lat_a, lat_b)
        ):
            return None
        if lat_a <= lat < lat_b:
            crossings += side > 0
        elif lat_b <= lat < lat_a:
            crossings += side < 0
        lon_a, lat_a = lon_b, lat_b
    return crossings
