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
from wis_engine.values import NeedId, Period, clock_text, is_redacted
from wis_engine.words import Words


@frozen(kw_only=True)
class Line:
    """What happened at one moment of a story, on the wall clock; `need` is the one from whose side it is told."""

    when: dt.datetime
    fact: Event
    need: NeedId

    def said(self, words: Words) -> str:
        """Say it in a language."""
        return tell(self.fact, self.need, words)


@frozen(kw_only=True)
class Story:
    """What befell one need, in order."""

    need: str
    lines: tuple[Line, ...]


@frozen(order=True)
class ServiceName:
    """A service in the words of the card and in English; a redacted one has none."""

    it: str
    en: str

    def said(self, words: Words) -> str:
        """Name it in a language."""
        name = self.it if words.language == "it" else self.en
        return name or words("word.withheld")

    @property
    def both(self) -> str:
        """Both names, for who writes in English of an Italian card."""
        return f"{self.it} ({self.en})" if self.it else "(withheld)"


def service_name(code: object) -> ServiceName:
    """Name a service; a redacted one is withheld."""
    if is_redacted(code):
        return ServiceName("", "")
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
    return Story(need=need, lines=tuple(Line(when=when, fact=fact, need=need) for when, fact in since))


def tell(fact: Event, need: NeedId, words: Words) -> str:
    """Say one fact from the side of a need."""
    match fact:
        case NeedDeclared() | NeedRevised() | NeedWithdrawn() | NeedExpired() | NeedUnmet():
            return _of_need(fact, words)
        case ChainComposed() | PoolFormed() | PoolMemberLeft() | PoolDissolved() | ChainBroken():
            return _of_pool(fact, need, words)
        case VoucherIssued() | VoucherRedeemed() | VoucherExpired() | VoucherCancelled():
            return _of_voucher(fact, words)
        case ServiceBooked() | ServiceDelivered() | DeliveryConfirmed() | ServiceCancelled() | SatisfactionRecorded():
            return _of_engagement(fact, words)
    key = f"fact.{fact.name}"
    return words(key) if key in words.phrases else words("fact.other", name=fact.name)


_OfEngagement: TypeAlias = (
    ServiceBooked | ServiceDelivered | DeliveryConfirmed | ServiceCancelled | SatisfactionRecorded
)


def _of_engagement(fact: _OfEngagement, words: Words) -> str:
    match fact:
        case ServiceBooked():
            first, last = fact.occurrences[0], fact.occurrences[-1]
            return words(
                "story.booked",
                sessions=words.count("session", len(fact.occurrences)),
                engagement=fact.engagement,
                price=words.money(fact.price_cents),
                minutes=first.minutes,
                clock=clock_text(first.start_slot),
                during=words.during(Period(first.day, last.day + dt.timedelta(days=1))),
            )
        case ServiceDelivered():
            return words("story.delivered", session=fact.session + 1, engagement=fact.engagement, minutes=fact.minutes)
        case DeliveryConfirmed():
            return words("story.confirmed", session=fact.session + 1, engagement=fact.engagement)
        case ServiceCancelled():
            return words("story.cancelled", engagement=fact.engagement, reason=words.code("leaving", fact.reason))
    return words("story.judged", engagement=fact.engagement, score=fact.score)


def _of_need(fact: NeedDeclared | NeedRevised | NeedWithdrawn | NeedExpired | NeedUnmet, words: Words) -> str:
    match fact:
        case NeedDeclared():
            limit_cents = fact.price_limit_cents
            return words(
                "story.declared",
                household=fact.household,
                need=fact.need,
                service=service_name(fact.service).said(words),
                sessions=words.count("session", fact.sessions),
                during=words.during(fact.period),
                limit="" if limit_cents is None else words("story.limit", price=words.money(limit_cents)),
                company=words("story.wants_alone" if fact.group_max == 1 else "story.wants_others"),
            )
        case NeedRevised():
            return words("story.revised")
        case NeedWithdrawn():
            return words("story.withdrawn")
        case NeedExpired():
            return words("story.expired")
    return words("story.unmet", reason=words.code("reason", fact.reason))


_OfPool: TypeAlias = ChainComposed | PoolFormed | PoolMemberLeft | PoolDissolved | ChainBroken


def _of_pool(fact: _OfPool, need: NeedId, words: Words) -> str:
    match fact:
        case ChainComposed():
            return words("story.composed", offers=words.then([step.offer for step in fact.steps]))
        case ChainBroken():
            return words("story.broken", offer=fact.offer)
        case PoolFormed():
            [member] = [member for member in fact.members if member.need == need]
            others = words.count("other", len(fact.members) - 1)
            saves = member.alone_cents > member.share_cents
            return words(
                "story.pooled",
                company=words("story.together", others=others) if len(fact.members) > 1 else words("story.by_itself"),
                offers=words.then([step.offer for step in fact.steps]),
                share=words.money(member.share_cents),
                granted=words.money(member.granted_cents),
                alone=words("story.alone", price=words.money(member.alone_cents)) if saves else "",
            )
        case PoolMemberLeft():
            key = "story.left" if fact.need == need else "story.other_left"
            return words(key, need=fact.need, reason=words.code("leaving", fact.reason))
    return words("story.dissolved", reason=words.code("leaving", fact.reason))


def _of_voucher(fact: VoucherIssued | VoucherRedeemed | VoucherExpired | VoucherCancelled, words: Words) -> str:
    match fact:
        case VoucherIssued():
            price = words.money(fact.face_cents)
            return words("story.issued", voucher=fact.voucher, fund=fact.fund, price=price)
        case VoucherRedeemed():
            price = words.money(fact.amount_cents)
            return words("story.paid", voucher=fact.voucher, price=price, engagement=fact.engagement)
        case VoucherExpired():
            return words("story.voucher_expired", voucher=fact.voucher)
    return words("story.voucher_cancelled", voucher=fact.voucher)
