"""What is known of a community before it lives: grants, suppliers, firms that come and go, the acts of the card.

A scene says when and what; it reads the community when its time has come.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from attrs import frozen

from wis_engine.facts import ChainBroken, Event, FirmLeft, NeedWithdrawn, OfferWithdrawn, PersonLeft, SupplierOffered
from wis_engine.facts.matches import LeavingReason
from wis_engine.network import Network
from wis_engine.simulation.agenda import give_up
from wis_engine.simulation.arrivals import months_of, next_month
from wis_engine.simulation.card import DESK, LEAD, ZONE, Act
from wis_engine.simulation.diffusion import spread
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.lots import Lots
from wis_engine.simulation.office import bookkeeping
from wis_engine.simulation.population import Population, funded, last_day, offered, registered, terms
from wis_engine.simulation.programme import calendar, opening
from wis_engine.simulation.scenario import Frame, Scenario
from wis_engine.values import ChainId, FirmId, HouseholdId, NeedId, OfferId, PersonId

Batches = Iterator[list[Event]]
"""Facts to record together; the next ones are made when these are in."""


@frozen(kw_only=True)
class Scene:
    """Something that will happen: when, who says so, and what, once it is time."""

    day: dt.date
    clock: str
    actor: str
    batches: Callable[[Network], Batches]


def scenes(scenario: Scenario, draws: Draws, lots: Lots) -> list[Scene]:
    """List the scenes of a community in order of time; none of one that stands already."""
    found: list[Scene] = []
    match scenario.frame:
        case Frame.DRAWN:
            found = [*_rounds(scenario), *_supply(scenario, draws), *_members(scenario, draws, lots)]
        case Frame.CARD:
            found = [_scene(act) for act in (*opening(), *calendar(), *bookkeeping(draws))]
    return sorted(found, key=lambda scene: (scene.day, scene.clock))


def _scene(act: Act) -> Scene:
    local = act.at.astimezone(ZoneInfo(ZONE))
    return Scene(day=local.date(), clock=f"{local:%H:%M}", actor=act.actor, batches=partial(_acted, act.facts))


def _acted(facts: Sequence[Event], network: Network) -> Batches:
    """Tell facts; an offer that ends breaks the chains that use it."""
    yield list(facts)
    for fact in facts:
        if isinstance(fact, OfferWithdrawn):
            yield _broken(network, fact.offer)


def _broken(network: Network, offer: OfferId) -> list[Event]:
    return [ChainBroken(chain=ChainId(name), offer=offer) for name in network.links.sources(offer, "uses")]


def _rounds(scenario: Scenario) -> Iterator[Scene]:
    for number, one in enumerate(scenario.rounds, start=1):
        facts = funded(scenario, number, one)
        yield Scene(day=one.day, clock="08:00", actor=LEAD, batches=partial(_told, facts))


def _told(facts: Sequence[Event], _network: Network) -> Batches:
    yield list(facts)


def _supply(scenario: Scenario, draws: Draws) -> Iterator[Scene]:
    firms, supply = scenario.firms, scenario.supply
    assert firms is not None
    assert supply is not None
    there = tuple(registered(firms, supply))
    yield Scene(day=scenario.period.start, clock="09:10", actor=DESK, batches=partial(_told, there))
    ending: dict[dt.date, list[OfferId]] = defaultdict(list)
    for period in terms(scenario, supply):
        facts = tuple(offered(draws, firms, supply, period))
        # Made a month before it begins, so that what begins then can be matched.
        day = max(scenario.period.start, (period.start - dt.timedelta(days=1)).replace(day=1))
        yield Scene(day=day, clock="09:15", actor=DESK, batches=partial(_told, facts))
        for offer in [fact.offer for fact in facts if isinstance(fact, SupplierOffered)]:
            last = last_day(draws, supply, offer, period)
            if last is not None:
                ending[last].append(offer)
    for day, offers in ending.items():
        yield Scene(day=day, clock="11:00", actor=DESK, batches=partial(_withdrawn, sorted(offers)))


def _withdrawn(offers: list[OfferId], network: Network) -> Batches:
    """End offers before their time; the chains that use them are broken."""
    for offer in offers:
        # A what-if may have ended it before.
        if offer in network.offers and not network.offers[offer].withdrawn:
            yield [OfferWithdrawn(offer=offer)]
            yield _broken(network, offer)


def _members(scenario: Scenario, draws: Draws, lots: Lots) -> Iterator[Scene]:
    """Let firms join and leave on days of the months in which membership spreads to them and is lost."""
    firms, people, growth = scenario.firms, scenario.people, scenario.growth
    assert firms is not None
    assert people is not None
    assert growth is not None
    population = Population(draws, lots, firms, people)
    months = [scenario.period.start, *months_of(scenario.period)]
    told = spread(lots, firms, growth, len(months))
    joining: dict[dt.date, list[int]] = defaultdict(list)
    leaving: dict[dt.date, list[int]] = defaultdict(list)
    for number, (joined, left) in enumerate(zip(told.joined.tolist(), told.left.tolist(), strict=True)):
        name = population.names[number]
        if joined < len(months):
            joining[months[0] if joined < 0 else _day(draws, "joins", name, months[joined])].append(number)
        if left < len(months):
            leaving[_day(draws, "leaves", name, months[left])].append(number)
    for day, numbers in joining.items():
        yield Scene(day=day, clock="10:00", actor=LEAD, batches=partial(_joining, population, numbers))
    for day, numbers in leaving.items():
        names = [FirmId(population.names[number]) for number in numbers]
        yield Scene(day=day, clock="16:30", actor=LEAD, batches=partial(_leaving, names))


def _day(draws: Draws, stream: str, firm: str, month: dt.date) -> dt.date:
    """Draw a day of a month, not the first, on which the needs of the next are drawn."""
    days = (next_month(month) - month).days
    return month + dt.timedelta(days=draws.between(1, days - 1, stream, firm))


def _joining(population: Population, numbers: list[int], network: Network) -> Batches:
    for number in numbers:
        # A real log, or a what-if, may have brought it in before.
        if population.names[number] not in network.firms:
            yield list(population.joining(number))


def _leaving(firms: list[FirmId], network: Network) -> Batches:
    """Let the people of firms go, then the firms; a household without anybody enrolled gives everything up first."""
    for firm in firms:
        if firm not in network.firms or not network.firms[firm].member:
            continue
        for person in map(PersonId, network.links.targets(firm, "employs")):
            yield from _person_leaving(network, person)
            yield [PersonLeft(person=person, firm=firm)]
        yield [FirmLeft(firm=firm, reason="left the community")]


def _person_leaving(network: Network, person: PersonId) -> Batches:
    for household in map(HouseholdId, network.links.targets(person, "lives_in")):
        others = set(network.links.sources(household, "lives_in")) - {person}
        if len(network.links.sources(person, "employs")) > 1:
            continue
        if any(network.links.sources(other, "employs") for other in others):
            continue
        for need in map(NeedId, network.links.targets(household, "declares")):
            yield give_up(network, need, LeavingReason.RECIPIENT_LEFT)
            if network.needs[need].open:
                yield [NeedWithdrawn(need=need)]
