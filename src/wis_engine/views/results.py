"""What the card promises without an indicator of its own: the derived figures."""

from typing import Final

from wis_engine.network.guidance import ConsultationTopic
from wis_engine.values import Period
from wis_engine.views.chronicle import Chronicle
from wis_engine.views.figures import Reading, Readings, Seen
from wis_engine.views.lines import Amount, Answer, PoolLine
from wis_engine.views.use import delivered_in

SMALLEST_GROUP: Final = 5
"""Fewer answers than this about a firm would tell who gave them."""


def life(chronicle: Chronicle, period: Period) -> Readings:
    """X1: points by which quality of life rose, over the answers that say it before and after; beside it how many."""
    return _differences([(one, one.life) for one in chronicle.answers if one.at.day in period])


def climate(chronicle: Chronicle, period: Period) -> Readings:
    """X2: the same for the climate in the firm; nothing while fewer than five answers say it."""
    found = [(one, one.climate) for one in chronicle.answers if one.at.day in period]
    enough = sum(None not in scores for _, scores in found) >= SMALLEST_GROUP
    return _differences(found if enough else [])


def _differences(answers: list[tuple[Answer, tuple[int | None, int | None]]]) -> Readings:
    paired = [
        Seen(id=one.engagement, facts=(one.at.position,), amount=after - before)
        for one, (before, after) in answers
        if before is not None and after is not None
    ]
    return (Reading(adds=True, seen=tuple(paired)), Reading(name="answers", unit="answers", seen=tuple(paired)))


def time_saved(chronicle: Chronicle, period: Period) -> Readings:
    """X3: minutes that households say they saved; other reading: how many said it."""
    said = tuple(
        Seen(id=one.engagement, facts=(one.at.position,), amount=one.saved_minutes)
        for one in chronicle.answers
        if one.saved_minutes is not None and one.at.day in period
    )
    return (Reading(adds=True, seen=said), Reading(name="answers", unit="answers", seen=said))


def shared_among_firms(chronicle: Chronicle, period: Period) -> Readings:
    """X4: sessions that a member firm delivered, by firm; other reading: sessions that several households shared.

    For which firm a recipient works is personal, so that neither says it.
    """
    done = delivered_in(chronicle, period)
    by_firms = [(one, firm) for one in done if (firm := chronicle.suppliers[one.engagement.supplier]) is not None]
    shared = [one for one in done if _households(chronicle, chronicle.pools[one.engagement.pool]) > 1]
    return (
        Reading(
            adds=True, seen=tuple(Seen(id=one.id, facts=one.facts, under=(("firm", firm),)) for one, firm in by_firms)
        ),
        Reading(
            name="shared by several households",
            adds=True,
            seen=tuple(Seen(id=one.id, facts=one.facts) for one in shared),
        ),
    )


def _households(chronicle: Chronicle, pool: PoolLine) -> int:
    return len({chronicle.needs[member.need].household for member in pool.members})


def aggregation(chronicle: Chronicle, period: Period) -> Readings:
    """X6: needs that went into a pool with others, or into a chain, in the period.

    Other readings: every need that went into a pool; what those served
    together saved against going alone, both prices being those that the pool
    was formed at; the suppliers that chains joined.
    """
    formed = [(name, one) for name, one in chronicle.pools.items() if one.at.day in period]
    together = [(name, one) for name, one in formed if one.together]
    return (
        Reading(seen=tuple(seen for _, one in together for seen in _members(one))),
        Reading(name="all needs in pools", seen=tuple(seen for _, one in formed for seen in _members(one))),
        Reading(
            name="saved",
            unit="cents",
            adds=True,
            seen=tuple(
                Seen(id=member.need, facts=(one.at.position,), amount=member.alone_cents - member.share_cents)
                for _, one in together
                for member in one.members
            ),
        ),
        Reading(
            name="suppliers in chains",
            unit="suppliers",
            seen=tuple(
                Seen(id=chronicle.offers[step.offer].supplier, facts=(one.at.position,))
                for _, one in formed
                for step in one.steps
                if len(one.steps) > 1
            ),
        ),
    )


def _members(pool: PoolLine) -> tuple[Seen, ...]:
    how = "chain" if len(pool.steps) > 1 else "pool"
    return tuple(Seen(id=member.need, facts=(pool.at.position,), under=(("how", how),)) for member in pool.members)


def unmet(chronicle: Chronicle, period: Period) -> Readings:
    """X7: needs closed as unmet, by reason, action and municipio: what is public of a need."""
    seen = []
    for name, one in chronicle.unmet.items():
        if one.at.day in period:
            need = chronicle.needs[name]
            under = (("reason", one.reason.value), ("action", need.action), ("municipio", str(need.municipio)))
            seen.append(Seen(id=name, facts=(need.at.position, one.at.position), under=under))
    return (Reading(seen=tuple(seen)),)


def sources(chronicle: Chronicle, period: Period) -> Readings:
    """X8: cents spent in the period, by source; other readings: what pools promised, by source and from households."""
    paid = [
        Seen(
            id=line.voucher,
            facts=(line.issued.position, one.at.position),
            amount=one.cents,
            under=(("source", line.fund.source.value), ("by", "vouchers")),
        )
        for line in chronicle.vouchers.lines()
        for one in line.payments
        if one.at.day in period
    ]
    costs = [
        Seen(
            id=name,
            facts=(one.at.position,),
            amount=one.net_cents,
            under=(("source", one.source.value), ("by", "costs")),
        )
        for name, one in chronicle.costs.items()
        if one.at.day in period
    ]
    promised: dict[str, list[Seen]] = {"contribution": [], "cofinancing": [], "households": []}
    for pool in chronicle.pools.values():
        if pool.at.day in period:
            for member in pool.members:
                parts = {"households": member.share_cents - member.granted_cents}
                for grant in member.grants:
                    source = chronicle.vouchers.funds[grant.fund].source.value
                    parts[source] = parts.get(source, 0) + grant.cents
                for source, cents in parts.items():
                    promised[source].append(Seen(id=member.need, facts=(pool.at.position,), amount=cents))
    return (
        Reading(adds=True, seen=(*paid, *costs)),
        *(
            Reading(name=f"promised by {source}", adds=True, seen=tuple(one for one in seen if one.amount))
            for source, seen in promised.items()
        ),
    )


def paternity(chronicle: Chronicle, period: Period) -> Readings:
    """X9: consultations on paternity; beside them leaves and their days, planned and taken, and fathers reached."""

    def amounts(name: str, unit: str, amounts: list[Amount]) -> Reading:
        seen = tuple(
            Seen(id=one.of, facts=(one.at.position,), amount=one.count) for one in amounts if one.at.day in period
        )
        return Reading(name=name, unit=unit, adds=True, seen=seen)

    return (
        Reading(
            seen=tuple(
                Seen(id=name, facts=(one.at.position,))
                for name, one in chronicle.consultations.items()
                if one.topic is ConsultationTopic.PATERNITY and one.at.day in period
            )
        ),
        amounts("leave planned", "days", chronicle.leaves_planned),
        amounts("leave taken", "days", chronicle.leaves_taken),
        amounts("fathers reached by campaigns", "persons", chronicle.fathers_reached),
    )
