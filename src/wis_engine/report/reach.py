"""Where services come: for each zone, how many services some offer brings there; for each municipio, what went unmet.

In which zone a household lives is personal, and so is that of its needs: they
are counted by municipio, which is public.
"""

from collections.abc import Iterable, Iterator

from attrs import frozen

from wis_engine import territory
from wis_engine.network import Network
from wis_engine.network.parties import Offer
from wis_engine.values import Period, Place


@frozen(kw_only=True)
class ZoneReach:
    """How many services reach the middle of a zone."""

    nil: int
    name: str
    municipio: int
    services: int


def reach(network: Network, period: Period) -> tuple[ZoneReach, ...]:
    """Count for every zone the services of which an offer stood in a period and comes that far, by number."""
    offers = [one for one in network.offers.values() if one.open and one.period & period]
    places = {one.id: territory.zone(one.nil).centroid for one in offers}

    def found(zone: territory.Zone) -> Iterator[str]:
        for offer in offers:
            near = offer.radius_m is None or offer.place is Place.REMOTE
            near = near or territory.distance_m(places[offer.id], zone.centroid) <= (offer.radius_m or 0)
            if near and _serves(offer, zone):
                yield offer.service

    return tuple(
        ZoneReach(nil=zone.nil, name=zone.name, municipio=zone.municipio, services=len(set(found(zone))))
        for zone in territory.zones()
    )


def _serves(offer: Offer, zone: territory.Zone) -> bool:
    return not offer.municipi or zone.municipio in offer.municipi


def by_municipio(zones: Iterable[ZoneReach]) -> dict[int, list[ZoneReach]]:
    """Put the zones of each municipio together."""
    found: dict[int, list[ZoneReach]] = {number: [] for number in range(1, territory.MUNICIPI + 1)}
    for zone in zones:
        found[zone.municipio].append(zone)
    return found
