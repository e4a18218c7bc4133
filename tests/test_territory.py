import datetime as dt
import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine import territory
from wis_engine.errors import Malformed
from wis_engine.territory import Zone, closed_days, distance_m, municipio_of, zone, zone_of, zones
from wis_engine.values import Period, Point

MEAN_RADIUS_M = 6_371_008.8
in_and_around_milano = st.builds(Point, st.integers(45_380_000, 45_545_000), st.integers(9_035_000, 9_285_000))


def haversine_m(a, b):
    lat_a, lon_a, lat_b, lon_b = (
        math.radians(degrees / 1e6)
        for degrees in (a.lat_microdegrees, a.lon_microdegrees, b.lat_microdegrees, b.lon_microdegrees)
    )
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * MEAN_RADIUS_M * math.asin(math.sqrt(half))


@given(in_and_around_milano, in_and_around_milano)
def test_distance_is_symmetric_and_close_to_haversine(a, b):
    metres = distance_m(a, b)
    assert metres == distance_m(b, a)
    assert type(metres) is int
    assert abs(metres - haversine_m(a, b)) <= 0.501 + 1e-4 * haversine_m(a, b)


@given(in_and_around_milano)
def test_distance_to_itself_is_nothing(a):
    assert distance_m(a, a) == 0


def test_distance_between_zones_is_right_within_half_a_per_cent():
    for a, b in combinations(zones(), 2):
        exact = haversine_m(a.centroid, b.centroid)
        assert abs(distance_m(a.centroid, b.centroid) - exact) < 0.005 * exact


@pytest.mark.parametrize("lat_degrees", [0, 30, 45, 60, 85, 90, -45])
def test_distance_holds_at_other_latitudes(lat_degrees):
    a = Point(lat_degrees * 1_000_000, 9_000_000)
    b = Point(lat_degrees * 1_000_000, 9_050_000)
    assert abs(distance_m(a, b) - haversine_m(a, b)) <= 0.501 + 1e-4 * haversine_m(a, b)


def test_there_are_88_zones_by_number_in_nine_municipi():
    assert [found.nil for found in zones()] == list(range(1, 89))
    assert {found.municipio for found in zones()} == set(range(1, 10))
    assert len({found.name for found in zones()}) == 88


def test_zone_is_found_by_number():
    assert zone(46).name == "Barona"
    assert zone(27).name == "Porta Romana"
    assert municipio_of(46) == 6


@pytest.mark.parametrize("nil", [0, 89, -1, True, "1", None])
def test_unknown_zone_is_malformed(nil):
    with pytest.raises(Malformed, match="no NIL"):
        zone(nil)


@pytest.mark.parametrize(
    ("nil", "municipio"),
    # One or two quarters each that NOTICE's sources name, Pagano and Bande Nere near a border among them.
    [(1, 1), (8, 1), (10, 2), (22, 3), (33, 4), (34, 5), (41, 5), (45, 6), (52, 6), (55, 7), (68, 7), (65, 8), (11, 9)],
)
def test_municipio_of_known_quarters(nil, municipio):
    assert municipio_of(nil) == municipio


@pytest.mark.parametrize(
    ("lat", "lon", "nil"),
    [
        (45_464_200, 9_190_000, 1),  # the cathedral
        (45_478_100, 9_124_000, 60),  # the stadium of San Siro
        (45_485_900, 9_204_000, 10),  # the central station
        (45_416_000, 9_237_000, 34),  # the abbey of Chiaravalle
        (45_477_800, 9_227_000, 22),  # the Politecnico
    ],
)
def test_known_places_lie_in_their_zone(lat, lon, nil):
    assert zone_of(Point(lat, lon)).nil == nil


@pytest.mark.parametrize(("lat", "lon"), [(45_584_000, 9_274_000), (45_188_000, 9_155_000), (0, 0)])
def test_places_outside_the_city_have_no_zone(lat, lon):
    assert zone_of(Point(lat, lon)) is None  # Monza, Pavia, the Gulf of Guinea


def test_centroids_lie_in_their_zone_but_for_the_one_that_bends_around_another():
    astray = {found.nil: zone_of(found.centroid).nil for found in zones() if zone_of(found.centroid) != found}
    assert astray == {85: 39}


def test_the_hole_of_a_zone_belongs_to_the_zone_inside_it():
    [(found, shape)] = [(found, shape) for found, shape in territory._territory() if len(shape.rings) > 1]
    assert found.name == "Parco delle Abbazie"
    lons, lats = zip(*shape.rings[1], strict=True)
    inside = zone_of(Point(sum(lats) // len(lats), sum(lons) // len(lons)))
    assert inside.name == "Ronchetto delle Rane"


def test_a_place_on_a_border_belongs_to_the_lower_number():
    shared = 0
    shapes = {found.nil: shape for found, shape in territory._territory()}
    for lower, higher in ((1, 2), (21, 22), (45, 46)):
        corners = {corner for ring in shapes[higher].rings for corner in ring}
        for lon, lat in corners & {corner for ring in shapes[lower].rings for corner in ring}:
            assert zone_of(Point(lat, lon)).nil <= lower
            shared += 1
    assert shared > 10


@given(in_and_around_milano)
def test_a_place_off_every_border_lies_in_one_zone_at_most(place):
    lon, lat = place.lon_microdegrees, place.lat_microdegrees
    rings = [ring for _, shape in territory._territory() for ring in shape.rings]
    if all(territory._crossings(ring, lon, lat) is not None for ring in rings):
        assert sum(shape.holds(lon, lat) for _, shape in territory._territory()) <= 1


@given(in_and_around_milano)
def test_zone_of_agrees_with_winding_angles(place):
    found = zone_of(place)
    lon, lat = place.lon_microdegrees, place.lat_microdegrees
    for candidate, shape in territory._territory():
        if any(territory._crossings(ring, lon, lat) is None for ring in shape.rings):
            return
        turned = [winding(ring, lon, lat) for ring in shape.rings]
        assert (sum(turned) % 2 == 1) == (candidate == found)


def winding(ring, lon, lat):
    angle = 0.0
    for (lon_a, lat_a), (lon_b, lat_b) in zip(ring, ring[1:] + ring[:1], strict=True):
        step = math.atan2(lat_b - lat, lon_b - lon) - math.atan2(lat_a - lat, lon_a - lon)
        angle += (step + math.pi) % (2 * math.pi) - math.pi
    return abs(round(angle / (2 * math.pi)))


def test_zone_guards_its_numbers():
    with pytest.raises(Malformed, match="municipio"):
        Zone(nil=1, name="x", municipio=10, centroid=Point(0, 0))


def test_closed_days_are_the_holidays_and_the_patron_s_day():
    year = closed_days(Period.parse("2023-01-01/2024-01-01"))
    for day in ("2023-01-06", "2023-04-10", "2023-04-25", "2023-06-02", "2023-08-15", "2023-12-07", "2023-12-26"):
        assert dt.date.fromisoformat(day) in year
    assert dt.date(2023, 6, 4) not in year  # a Sunday like others
    assert len([day for day in year if day.weekday() < 5]) == 11


def test_closed_days_stay_in_the_period_and_cross_the_year():
    assert closed_days(Period.parse("2023-12-26/2024-01-02")) == {dt.date(2023, 12, 26), dt.date(2024, 1, 1)}
    assert closed_days(Period.parse("2023-03-01/2023-03-08")) == frozenset()
