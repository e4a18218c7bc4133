"""Phase 4 of the card: services asked for, delivered, paid; who had them and from whom."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from wis_engine import catalogue
from wis_engine.network.parties import Gender, Recipient, Role
from wis_engine.values import Period
from wis_engine.views.chronicle import Chronicle
from wis_engine.views.figures import Reading, Readings, Seen
from wis_engine.views.lines import AgreementLine, Delivery

ACCESS_RULE: Final = "a need served in one pool, with a confirmed delivery; named by its first engagement"

SERVICE_AREAS: Final = ("B", "C")
"""Areas of the call in which services are asked for and delivered."""


def delivered_in(chronicle: Chronicle, period: Period) -> list[Delivery]:
    """List the sessions that took place in a period."""
    return [one for one in chronicle.deliveries.values() if one.at.day in period]


def requests(chronicle: Chronicle, period: Period) -> Readings:
    """I4.1: requests made in the period for services of B.1 and C.1, each for one need, by channel and mode.

    Other reading: needs of these actions that were declared in the period and
    asked for through no channel before its end.
    """
    asked = {one.need for one in chronicle.requests.values() if one.at.day < period.end}
    return (
        Reading(
            seen=tuple(
                Seen(
                    id=name,
                    facts=(chronicle.needs[one.need].at.position, one.at.position),
                    under=(
                        ("action", chronicle.needs[one.need].action),
                        ("channel", one.channel.value),
                        ("mode", one.mode.value),
                    ),
                )
                for name, one in chronicle.requests.items()
                if one.at.day in period and _of_services(chronicle.needs[one.need].action)
            )
        ),
        Reading(
            name="needs never requested",
            unit="needs",
            seen=tuple(
                Seen(id=name, facts=(one.at.position,))
                for name, one in chronicle.needs.items()
                if one.at.day in period and name not in asked and _of_services(one.action)
            ),
        ),
    )


def _of_services(action: str) -> bool:
    return action[0] in SERVICE_AREAS


def services_delivered(chronicle: Chronicle, period: Period) -> Readings:
    """I4.2a: engagements of which a session took place in the period; other reading: the sessions."""
    done = delivered_in(chronicle, period)
    return (
        Reading(seen=tuple(Seen(id=one.id, facts=one.facts, under=_action(one)) for one in done)),
        Reading(
            name="sessions",
            unit="sessions",
            adds=True,
            seen=tuple(Seen(id=one.id, facts=one.facts) for one in done),
        ),
    )


def _action(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    return (("action", delivery.engagement.action),)


def time_delivered(chronicle: Chronicle, period: Period) -> Readings:
    """I4.2b: minutes of services by the hour, as recipients had them; other reading: as providers gave them.

    A session that several recipients shared is one for its provider, as long
    as the longest of them had it.
    """
    done = [one for one in delivered_in(chronicle, period) if _by_the_hour(one)]
    longest: dict[tuple[str, str, str], Delivery] = {}
    for one in done:
        engagement = one.engagement
        shared = engagement.pool, engagement.offer, str(engagement.occurrences[one.session])
        if shared not in longest or longest[shared].minutes < one.minutes:
            longest[shared] = one
    return (
        Reading(adds=True, seen=_minutes(done)),
        Reading(name="as providers gave it", adds=True, seen=_minutes(longest.values())),
    )


def _by_the_hour(delivery: Delivery) -> bool:
    return catalogue.service(delivery.engagement.service).unit is catalogue.Unit.HOUR


def _minutes(deliveries: Iterable[Delivery]) -> tuple[Seen, ...]:
    return tuple(Seen(id=one.id, facts=one.facts, amount=one.minutes, under=_action(one)) for one in deliveries)


def vouchers_used(chronicle: Chronicle, period: Period) -> Readings:
    """I4.2c: vouchers that paid in the period; beside them the cents issued, redeemed, expired, and left at its end."""
    lines = list(chronicle.vouchers.lines())
    paid = [(line, one) for line in lines for one in line.payments if one.at.day in period]
    issued = [line for line in lines if line.issued.day in period]
    ended = [(line, line.ended) for line in lines if line.ended and line.ended.day in period]

    def cents(name: str, seen: Iterable[Seen]) -> Reading:
        return Reading(name=name, unit="cents", adds=True, seen=tuple(one for one in seen if one.amount))

    return (
        Reading(
            seen=tuple(
                Seen(
                    id=line.voucher,
                    facts=(line.issued.position, one.at.position),
                    under=(("action", line.fund.action),),
                )
                for line, one in paid
            )
        ),
        Reading(
            name="issued",
            seen=tuple(Seen(id=line.voucher, facts=(line.issued.position,)) for line in issued),
        ),
        cents(
            "cents issued",
            (Seen(id=one.voucher, facts=(one.issued.position,), amount=one.face_cents) for one in issued),
        ),
        cents(
            "cents redeemed",
            (
                Seen(id=line.voucher, facts=(line.issued.position, one.at.position), amount=one.cents)
                for line, one in paid
            ),
        ),
        cents(
            "cents expired or cancelled",
            (
                Seen(id=line.voucher, facts=(line.issued.position, end.position), amount=line.released_cents)
                for line, end in ended
            ),
        ),
        cents(
            "cents left at the end",
            (
                Seen(id=line.voucher, facts=(line.issued.position,), amount=line.left_before(period.end))
                for line in lines
            ),
        ),
    )


def agreements(chronicle: Chronicle, period: Period) -> Readings:
    """I4.2d: agreements in force in the period; other reading: those under which something was delivered."""
    covered = [(name, one) for name, one in chronicle.agreements.items() if one.during(period)]
    by_offer: dict[str, list[tuple[str, AgreementLine]]] = {}
    for name, one in covered:
        for offer in one.offers:
            by_offer.setdefault(offer, []).append((name, one))
    used = tuple(
        Seen(id=name, facts=(*one.facts, *delivery.facts))
        for delivery in delivered_in(chronicle, period)
        for name, one in by_offer.get(delivery.engagement.offer, ())
        if one.holds_on(delivery.at.day)
    )
    return (
        Reading(seen=tuple(Seen(id=name, facts=one.facts) for name, one in covered)),
        Reading(name="used", seen=used),
    )


def accesses(chronicle: Chronicle, period: Period) -> Readings:
    """I4.2e: needs of which a session was confirmed in the period, once in each pool.

    A need may be booked in one piece or session by session, and a chain is
    booked step by step: the bookings of one need in one pool are one access.
    Other readings: every confirmed session; each household once a service and
    month. What is counted once bears the name of the engagement that was
    confirmed first, so that no id tells who had which service.
    """
    confirmed = sorted(
        (
            (one.confirmed, one)
            for one in chronicle.deliveries.values()
            if one.confirmed and one.confirmed.day in period
        ),
        key=lambda pair: pair[0].position,
    )
    needs = [((one.engagement.need, one.engagement.pool), one) for _, one in confirmed]
    months = [((one.engagement.household, one.engagement.service, f"{at.day:%Y-%m}"), one) for at, one in confirmed]
    return (
        Reading(seen=_by_first(needs)),
        Reading(
            name="confirmed sessions",
            unit="sessions",
            adds=True,
            seen=tuple(Seen(id=one.id, facts=one.facts) for _, one in confirmed),
        ),
        Reading(name="household, service and month", unit="household-service-months", seen=_by_first(months)),
    )


def _by_first(deliveries: Sequence[tuple[tuple[str, ...], Delivery]]) -> tuple[Seen, ...]:
    """Name what belongs together by the engagement of its first delivery, and by a number where that names another."""
    first: dict[tuple[str, ...], str] = {}
    taken: Counter[str] = Counter()
    for key, one in deliveries:
        if key not in first:
            taken[one.id] += 1
            first[key] = one.id if taken[one.id] == 1 else f"{one.id}:{taken[one.id]}"
    return tuple(Seen(id=first[key], facts=one.facts, under=_action(one)) for key, one in deliveries)


def people(chronicle: Chronicle, period: Period) -> Readings:
    """I4.3: people who hold a household that had a session in the period, by role and gender.

    Who they are is personal: an id is the household and a number.
    """
    seen = [
        Seen(
            id=f"{name}:{number}",
            facts=(chronicle.households[name].at.position, *one.facts),
            under=(("role", _said(recipient.role)), ("gender", _said(recipient.gender))),
        )
        for one in delivered_in(chronicle, period)
        for name in (one.engagement.household,)
        for number, recipient in enumerate(chronicle.households[name].recipients, start=1)
    ]
    return (Reading(seen=tuple(seen)),)


def _said(value: Role | Gender | None) -> str:
    return "not said" if value is None else value.value


def households(chronicle: Chronicle, period: Period) -> Readings:
    """I4.4: households that had a session in the period.

    Other reading: to the letter of the card, «dipendenti e imprenditrici»,
    those that only men who are entrepreneurs hold are left out.
    """
    done = delivered_in(chronicle, period)
    seen = tuple(Seen(id=one.engagement.household, facts=one.facts, under=_action(one)) for one in done)
    literal = tuple(
        Seen(id=one.engagement.household, facts=one.facts)
        for one in done
        if any(map(_to_the_letter, chronicle.households[one.engagement.household].recipients))
    )
    return (Reading(seen=seen), Reading(name="to the letter", seen=literal))


def _to_the_letter(recipient: Recipient) -> bool:
    return recipient.role is Role.EMPLOYEE or recipient.gender is Gender.WOMAN


def suppliers_involved(chronicle: Chronicle, period: Period) -> Readings:
    """I4.5a: suppliers with an offer or an agreement, from before or in the period."""
    rows = [
        *((one.supplier, one.at) for one in chronicle.offers.values()),
        *((one.supplier, one.at) for one in chronicle.agreements.values()),
    ]
    return (Reading(seen=tuple(Seen(id=name, facts=(at.position,)) for name, at in rows if at.day < period.end)),)


def suppliers_active(chronicle: Chronicle, period: Period) -> Readings:
    """I4.5b: suppliers that delivered in the period, by channel and mode; one may stand in several parts."""
    done = delivered_in(chronicle, period)
    return (Reading(seen=tuple(Seen(id=one.engagement.supplier, facts=one.facts, under=_access(one)) for one in done)),)


def deliveries(chronicle: Chronicle, period: Period) -> Readings:
    """I4.5c and X5: sessions delivered, by channel and mode: deliveries are shared out, not suppliers."""
    done = delivered_in(chronicle, period)
    return (Reading(adds=True, seen=tuple(Seen(id=one.id, facts=one.facts, under=_access(one)) for one in done)),)


def _access(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    engagement = delivery.engagement
    mode = engagement.mode.value if engagement.mode else "not requested"
    return (("channel", engagement.channel.value), ("mode", mode))
