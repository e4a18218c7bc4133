"""One need's story in words: from its declaration to the last payment.

Each fact becomes one plain sentence. Nothing is said that the facts do not
say; people are ids.
"""

import datetime as dt
from itertools import dropwhile
from typing import TypeAlias
from zoneinfo import ZoneInfo

from attrs import frozen

from wis_engine import catalogue
from wis_engine.community import Community
from wis_engine.facts import (
    ChainBroken,
    ChainComposed,
    DeliveryConfirmed,
    Event,
    NeedDeclared,
    NeedExpired,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    PoolDissolved,
    PoolFormed,
    PoolMemberLeft,
    SatisfactionRecorded,
    ServiceBooked,
    ServiceCancelled,
    ServiceDelivered,
    VoucherCancelled,
    VoucherExpired,
    VoucherIssued,
    VoucherRedeemed,
)
from wis_engine.facts.needs import needs_consent
from wis_engine.network import Network
from wis_engine.network.promises import Need, NeedState
from wis_engine.values import Cents, NeedId, clock_text, is_redacted


@frozen(kw_only=True)
class Line:
    """What happened at one moment of a story, on the wall clock."""

    when: dt.datetime
    words: str


@frozen(kw_only=True)
class Story:
    """What befell one need, in order."""

    need: str
    lines: tuple[Line, ...]


def amount(cents: Cents) -> str:
    """Write an amount for a table: «1,234.50»."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"


@frozen(order=True)
class ServiceName:
    """A service in the words of the card and in English."""

    it: str
    en: str

    def __str__(self) -> str:
        """Both names."""
        return f"{self.it} ({self.en})"


def service_name(code: object) -> ServiceName:
    """Name a service; a redacted one is withheld."""
    if is_redacted(code):
        return ServiceName("Servizio riservato", "withheld")
    found = catalogue.service(str(code))
    return ServiceName(found.name_it, found.name_en)


def telling(network: Network) -> NeedId | None:
    """Choose the need whose story shows most: shared with others, delivered, paid, judged, and short.

    Never one on a service that tells something special about a person.
    """
    ranked = []
    for need in network.needs.values():
        if need.state is not NeedState.MET or _is_special(need):
            continue
        engagements = [network.engagements[name] for name in network.links.sources(need.id, "fulfils")]  # type: ignore[index]  # ids of links
        pools = [network.pools[one.pool] for one in engagements]
        people = max(len(pool.members) for pool in pools)
        paid = any(one.redeemed_cents for one in engagements)
        judged = all(one.score for one in engagements)
        ranked.append((-min(people, 3), not (paid and judged), abs(need.sessions - 3), need.id))
    return min(ranked)[-1] if ranked else None


def _is_special(need: Need) -> bool:
    if is_redacted(need.service) or is_redacted(need.steps):
        return True
    return any(needs_consent(service) for service in [need.service, *(step.service for step in need.steps)])


def story(community: Community, need: NeedId) -> Story:
    """Tell what befell a need and what belongs to it, from its declaration on."""
    zone = ZoneInfo(community.network.zone)
    told = community.events(about=need, related=True)
    facts = ((one.occurred_at.astimezone(zone), one.fact) for one in told if one.fact is not None)
    # A chain may have been composed for others, before this need was there.
    since = dropwhile(lambda one: not isinstance(one[1], NeedDeclared), facts)
    return Story(need=need, lines=tuple(Line(when=when, words=_words(fact, need)) for when, fact in since))


def _words(fact: Event, need: NeedId) -> str:
    """Say one fact from the side of a need."""
    match fact:
        case NeedDeclared() | NeedRevised() | NeedWithdrawn() | NeedExpired() | NeedUnmet():
            return _of_need(fact)
        case ChainComposed() | PoolFormed() | PoolMemberLeft() | PoolDissolved() | ChainBroken():
            return _of_pool(fact, need)
        case VoucherIssued() | VoucherRedeemed() | VoucherExpired() | VoucherCancelled():
            return _of_voucher(fact)
        case ServiceBooked() | ServiceDelivered() | DeliveryConfirmed() | ServiceCancelled() | SatisfactionRecorded():
            return _of_engagement(fact)
    return f"{fact.name.replace('-', ' ').capitalize()}."


_OfEngagement: TypeAlias = (
    ServiceBooked | ServiceDelivered | DeliveryConfirmed | ServiceCancelled | SatisfactionRecorded
)


def _of_engagement(fact: _OfEngagement) -> str:
    match fact:
        case ServiceBooked():
            first, last = fact.occurrences[0], fact.occurrences[-1]
            return (
                f"{_count(len(fact.occurrences), 'session')} booked as {fact.engagement} for {amount(fact.price_cents)}"
                f" euro: {first.minutes} minutes at {clock_text(first.start_slot)}, from {first.day} to {last.day}."
            )
        case ServiceDelivered():
            return f"Session {fact.session + 1} of {fact.engagement} took place: {fact.minutes} minutes."
        case DeliveryConfirmed():
            return f"The household confirmed session {fact.session + 1} of {fact.engagement}."
        case ServiceCancelled():
            return f"What was still booked of {fact.engagement} was cancelled ({_spelt(fact.reason)})."
    return f"The household judged {fact.engagement}: {fact.score} of 5."


def _of_need(fact: NeedDeclared | NeedRevised | NeedWithdrawn | NeedExpired | NeedUnmet) -> str:
    match fact:
        case NeedDeclared():
            limit = "" if fact.price_limit_cents is None else f", for {amount(fact.price_limit_cents)} euro at most"
            others = "alone" if fact.group_max == 1 else "gladly with others"
            last = fact.period.end - dt.timedelta(days=1)
            return (
                f"Household {fact.household} declared {fact.need}: {service_name(fact.service)},"
                f" {_count(fact.sessions, 'session')} from {fact.period.start} to {last}{limit}, {others}."
            )
        case NeedRevised():
            return "The household changed what it asks for."
        case NeedWithdrawn():
            return "The household no longer asks."
        case NeedExpired():
            return "The time of the need was over."
    return f"The desk closed the need: {_spelt(fact.reason)}."


def _of_pool(fact: ChainComposed | PoolFormed | PoolMemberLeft | PoolDissolved | ChainBroken, need: NeedId) -> str:
    match fact:
        case ChainComposed():
            return f"Suppliers were joined in a chain: {', then '.join(step.offer for step in fact.steps)}."
        case ChainBroken():
            return f"The chain broke: {fact.offer} was withdrawn."
        case PoolFormed():
            [member] = [member for member in fact.members if member.need == need]
            others = len(fact.members) - 1
            company = f"together with {_count(others, 'other need')}" if others else "alone"
            offers = ", then ".join(step.offer for step in fact.steps)
            saved = member.alone_cents - member.share_cents
            alone = f"; alone it would have cost {amount(member.alone_cents)}" if saved > 0 else ""
            return (
                f"A match placed it {company} with {offers}: its share is {amount(member.share_cents)} euro,"
                f" {amount(member.granted_cents)} of it from public money{alone}."
            )
        case PoolMemberLeft():
            who = "It" if fact.need == need else fact.need
            return f"{who} left the pool ({_spelt(fact.reason)})."
    return f"The pool ended before all of it was delivered ({_spelt(fact.reason)})."


def _of_voucher(fact: VoucherIssued | VoucherRedeemed | VoucherExpired | VoucherCancelled) -> str:
    match fact:
        case VoucherIssued():
            return f"{fact.voucher} was issued on {fact.fund}: {amount(fact.face_cents)} euro."
        case VoucherRedeemed():
            return f"{fact.voucher} paid {amount(fact.amount_cents)} euro for {fact.engagement}."
        case VoucherExpired():
            return f"{fact.voucher} expired; what it had left is free again."
    return f"{fact.voucher} was cancelled; what it had left is free again."


def _spelt(reason: str) -> str:
    return reason.replace("-", " ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
