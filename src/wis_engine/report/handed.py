"""What the project set up and handed over: agreements among firms, campaigns, products, suppliers chosen."""

import datetime as dt

from attrs import frozen

from wis_engine.community import Community
from wis_engine.facts import CampaignLaunched, NetworkAgreementSigned, ProductReleased
from wis_engine.network import Network
from wis_engine.network.choice import choices
from wis_engine.report.story import ServiceName, service_name
from wis_engine.values import Cents


@frozen(kw_only=True)
class BoundRow:
    """An agreement among firms: when it was signed, by how many, and how many it binds by now."""

    day: dt.date
    kind: str
    signed: int
    bound: int


@frozen(kw_only=True)
class CampaignRow:
    """A campaign: when it began, for whom, and how many people and fathers it reached so far."""

    day: dt.date
    title: str
    focus: str
    people: int
    fathers: int


@frozen(kw_only=True)
class ProductRow:
    """Something that was released for others to use, and what it consists of."""

    day: dt.date
    kind: str
    release: str
    items: tuple[str, ...]


@frozen(kw_only=True)
class ChosenRow:
    """A supplier that an agreement was signed with, and its place among those compared; the price is for one unit."""

    service: ServiceName
    supplier: str
    quality_percent: int
    price_cents: Cents
    place: int
    compared: int
    reason: str


@frozen(kw_only=True)
class Handed:
    """All of them, each in the order in which they happened; suppliers by service."""

    bound: tuple[BoundRow, ...]
    campaigns: tuple[CampaignRow, ...]
    products: tuple[ProductRow, ...]
    chosen: tuple[ChosenRow, ...]


def handed(community: Community) -> Handed:
    """Read what was set up and handed over."""
    network = community.network
    bound, campaigns, products = [], [], []
    for one in community.events(types=[NetworkAgreementSigned, CampaignLaunched, ProductReleased]):
        day = one.occurred_at.astimezone(network.zone_info).date()
        match one.fact:
            case NetworkAgreementSigned(network_agreement=name, kind=kind, firms=firms):
                by_now = len(network.links.targets(name, "binds"))
                bound.append(BoundRow(day=day, kind=kind.value, signed=len(firms), bound=by_now))
            case CampaignLaunched(campaign=name, title=title, focus=focus):
                now = network.campaigns[name]
                campaigns.append(
                    CampaignRow(day=day, title=title, focus=focus.value, people=now.people, fathers=now.fathers)
                )
            case ProductReleased(kind=kind, release=release, items=items):
                products.append(ProductRow(day=day, kind=kind.value, release=release, items=items))
    return Handed(
        bound=tuple(bound), campaigns=tuple(campaigns), products=tuple(products), chosen=tuple(_chosen(network))
    )


def _chosen(network: Network) -> list[ChosenRow]:
    """List the suppliers that were chosen after a survey."""
    rows = []
    for name, agreement in sorted(network.agreements.items()):
        compared = choices(network, name)
        rows += [
            ChosenRow(
                service=service_name(network.surveys[one.survey].service),
                supplier=network.suppliers[one.supplier].title,
                quality_percent=one.quality_percent,
                price_cents=one.price_cents,
                place=one.place,
                compared=len(compared),
                reason=agreement.reason,
            )
            for one in compared
            if one.chosen
        ]
    return sorted(rows, key=lambda row: (row.service, row.place, row.supplier))
