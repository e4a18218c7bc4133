"""The one place where domain data is drawn: values within bounds, and facts that a network admits.

A fact is drawn for a network: its ids, dates, prices and sessions fit what is
there, so that a history is made of facts that happen. Where nothing of a kind
can happen now, nothing is drawn. `pilot()` is the small history to start
from.
"""

import datetime as dt

import stories
from hypothesis import strategies as st
from stories import pilot, record

from wis_engine.errors import Refused
from wis_engine.facts import (
    ChainBroken,
    ConsentGiven,
    ConsentWithdrawn,
    FirmLeft,
    NeedExpired,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    OfferRevised,
    OfferWithdrawn,
    PersonLeft,
    PoolDissolved,
    PoolMemberLeft,
    VoucherCancelled,
    VoucherExpired,
)
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import UnmetReason
from wis_engine.network import Network, ledger, timetable
from wis_engine.network.promises import NeedStep, SessionState
from wis_engine.values import AgeBand, Channel, Occurrence, Period, Place, PriceTier, WeekSlots, slots_for

__all__ = ["days", "facts", "histories", "occurrences", "periods", "pilot", "price_tables"]

SHARED = ("homework_support", "child_minding", "escorted_transport")

# Values


def days(*, first=dt.date(2026, 1, 1), last=dt.date(2026, 12, 31)):
    return st.dates(first, last)


@st.composite
def periods(draw, *, first=dt.date(2026, 1, 1), last=dt.date(2026, 12, 31), longest=120):
    start = draw(days(first=first, last=last))
    return Period(start, start + dt.timedelta(days=draw(st.integers(1, longest))))


@st.composite
def occurrences(draw, *, first=dt.date(2026, 1, 1), last=dt.date(2026, 12, 31), longest=600):
    return Occurrence(draw(days(first=first, last=last)), draw(st.integers(0, 47)), draw(st.integers(1, longest)))


@st.composite
def price_tables(draw, *, dearest=5_000, largest=6):
    """Draw prices that fall, or stay, as groups grow."""
    thresholds = sorted(draw(st.sets(st.integers(2, largest), max_size=2)))
    prices = sorted(
        draw(st.lists(st.integers(0, dearest), min_size=len(thresholds) + 1, max_size=len(thresholds) + 1)),
        reverse=True,
    )
    return tuple(
        PriceTier(people_from=people, price_cents=price) for people, price in zip((1, *thresholds), prices, strict=True)
    )


# Facts: one drawer each, given the network; None when nothing of the kind can happen


def new_id(network, prefix):
    return f"{prefix}{network.position + 1}"


def one_of(draw, names):
    names = sorted(names)
    return draw(st.sampled_from(names)) if names else None


def firm_joined(draw, network):
    return stories.firm(new_id(network, "f"), persons=draw(st.integers(1, 49)), nil=draw(st.integers(1, 88)))


def firm_left(draw, network):
    free = [name for name, firm in network.firms.items() if firm.member and not network.links.targets(name, "employs")]
    name = one_of(draw, free)
    return name and FirmLeft(firm=name)


def person_enrolled(draw, network):
    firm = one_of(draw, [name for name, firm in network.firms.items() if firm.member])
    if firm is None:
        return None
    known = [name for name in network.persons if not network.links.is_open(firm, "employs", name)]
    return stories.person(draw(st.sampled_from([new_id(network, "p"), *sorted(known)])), firm)


def person_left(draw, network):
    pairs = [(firm, person) for firm in network.firms for person in network.links.targets(firm, "employs")]
    pair = one_of(draw, pairs)
    return pair and PersonLeft(firm=pair[0], person=pair[1])


def household_formed(draw, network):
    free = [
        name
        for name in network.persons
        if network.links.sources(name, "employs") and not network.links.targets(name, "lives_in")
    ]
    if not free:
        return None
    holders = draw(st.lists(st.sampled_from(sorted(free)), min_size=1, max_size=2, unique=True))
    return stories.household(new_id(network, "h"), *holders, nil=draw(st.integers(1, 88)))


def consent_given(draw, network):
    name = one_of(draw, [name for name, household in network.households.items() if not household.consents])
    return name and ConsentGiven(household=name)


def consent_withdrawn(draw, network):
    name = one_of(draw, [name for name, household in network.households.items() if household.consents])
    return name and ConsentWithdrawn(household=name)


def active(network):
    """List the households with somebody enrolled."""
    holders = {name: network.links.sources(name, "lives_in") for name in network.households}
    return [name for name, people in holders.items() if any(network.links.sources(one, "employs") for one in people)]


def need_declared(draw, network):
    household = one_of(draw, active(network))
    if household is None:
        return None
    sessions, minutes = draw(st.integers(1, 4)), draw(st.sampled_from([30, 60, 90]))
    start = network.today + dt.timedelta(days=draw(st.integers(0, 10)))
    values = {
        "beneficiary": draw(st.sampled_from(["kid", "sister"])),
        "service": draw(st.sampled_from(SHARED)),
        "sessions": sessions,
        "minutes": sessions * minutes,
        "period": Period(start, start + dt.timedelta(days=draw(st.integers(28, 60)))),
        "slots": draw(st.sampled_from([stories.WEEKDAYS, WeekSlots.parse("mon-wed 15:00-18:00"), WeekSlots.ALWAYS])),
        "price_limit_cents": draw(st.sampled_from([None, 40_000])),
        "group_max": draw(st.sampled_from([None, 1, 3])),
    }
    if draw(st.integers(0, 3)) == 0:
        values["steps"] = (
            NeedStep(service="escorted_transport", minutes=30, gap_max_minutes=60),
            NeedStep(service="homework_support", minutes=minutes, gap_max_minutes=60),
        )
        values["service"], values["minutes"] = "homework_support", sessions * (minutes + 30)
    return stories.need(new_id(network, "n"), household, **values)


def open_need(draw, network):
    return one_of(draw, network.opened("need"))


def need_revised(draw, network):
    name = open_need(draw, network)
    if name is None:
        return None
    changes = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "radius_m": st.integers(500, 20_000),
                "price_limit_cents": st.integers(20_000, 60_000),
                "group_max": st.integers(1, 4),
                "slots": st.just(WeekSlots.ALWAYS),
            },
        )
    )
    return NeedRevised(need=name, household=network.needs[name].household, **changes)


def need_withdrawn(draw, network):
    name = open_need(draw, network)
    return name and NeedWithdrawn(need=name)


def need_unmet(draw, network):
    name = open_need(draw, network)
    return name and NeedUnmet(need=name, reason=draw(st.sampled_from(UnmetReason)))


def need_expired(draw, network):
    name = one_of(draw, [name for name in network.opened("need") if network.needs[name].period.end <= network.today])
    return name and NeedExpired(need=name)


def supplier_registered(draw, network):
    firm = one_of(draw, [name for name, firm in network.firms.items() if firm.member])
    return stories.supplier(new_id(network, "s"), firm=draw(st.sampled_from([None, firm])))


def supplier_offered(draw, network):
    return stories.offer(
        new_id(network, "o"),
        supplier=one_of(draw, network.suppliers),
        service=draw(st.sampled_from(SHARED)),
        place=draw(st.sampled_from([Place.REMOTE, Place.HOME, Place.SUPPLIER])),
        slots=draw(st.sampled_from([stories.WEEKDAYS, WeekSlots.ALWAYS])),
        capacity_minutes=draw(st.integers(600, 6_000)),
        capacity_per_slot=draw(st.integers(1, 3)),
        tiers=draw(price_tables()),
        opening_cents=draw(st.sampled_from([0, 0, 999])),
        group_max=draw(st.integers(1, 5)),
        age_bands=draw(st.sampled_from([frozenset(), frozenset({AgeBand.SCHOOL_6_10, AgeBand.LOWER_11_13})])),
        channel=draw(st.sampled_from(Channel)),
    )


def offer_revised(draw, network):
    name = one_of(draw, network.opened("offer"))
    if name is None:
        return None
    committed = network.offers[name].committed_minutes
    changes = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "tiers": price_tables(),
                "capacity_minutes": st.integers(max(1, committed), committed + 3_000),
                "capacity_per_slot": st.integers(max(1, timetable.most_promised_at_once(network, name)), 4),
                "quality_percent": st.integers(0, 100),
            },
        )
    )
    return OfferRevised(offer=name, **changes)


def offer_withdrawn(draw, network):
    name = one_of(draw, network.opened("offer"))
    return name and OfferWithdrawn(offer=name)


def agreement_signed(draw, network):
    by_supplier = {}
    for name in network.opened("offer"):
        by_supplier.setdefault(network.offers[name].supplier, []).append(name)
    supplier = one_of(draw, by_supplier)
    if supplier is None:
        return None
    offers = draw(st.lists(st.sampled_from(by_supplier[supplier]), min_size=1, max_size=2, unique=True))
    return stories.agreement(new_id(network, "a"), *offers, supplier=supplier)


def plan_adopted(draw, network):
    return stories.plan(new_id(network, "plan-"), seed=draw(st.integers(0, 99)))


def wanted_steps(network, need):
    """List what a need asks for in one session: service and minutes of each step."""
    one = network.needs[need]
    return [(step.service, step.minutes) for step in one.steps] or [(one.service, one.session_minutes)]


def chain_composed(draw, network):
    need = one_of(draw, [name for name in network.opened("need") if network.needs[name].steps])
    if need is None:
        return None
    steps, offset = [], 0
    for service, minutes in wanted_steps(network, need):
        taken = {network.offers[step.offer].supplier for step in steps}
        serving = [
            name
            for name in network.opened("offer")
            if network.offers[name].service == service and network.offers[name].supplier not in taken
        ]
        offer = one_of(draw, serving)
        if offer is None:
            return None
        steps.append(stories.step(offer, service, offset_slots=offset, minutes=minutes))
        offset += slots_for(minutes)
    lead = network.offers[steps[0].offer].supplier
    return stories.chain(new_id(network, "chain-"), plan=one_of(draw, network.plans), lead=lead, steps=tuple(steps))


def chain_broken(draw, network):
    name = one_of(draw, [name for name, chain in network.chains.items() if not chain.broken])
    return name and ChainBroken(chain=name, offer=network.chains[name].steps[0].offer)


def pool_formed(draw, network):
    """Draw a pool of needs that ask for one thing, at the price of whoever serves it."""
    first, plan = open_need(draw, network), one_of(draw, network.plans)
    if first is None or plan is None:
        return None
    wanted = wanted_steps(network, first)
    alike = [name for name in network.opened("need") if wanted_steps(network, name) == wanted and name != first]
    others = draw(st.lists(st.sampled_from(alike), max_size=2, unique=True)) if alike else []
    if len(wanted) > 1:
        chains = [name for name, chain in network.chains.items() if not chain.broken]
        chain = one_of(draw, chains)
        if chain is None:
            return None
        steps = network.chains[chain].steps
    else:
        ((service, minutes),) = wanted
        offer = one_of(draw, [name for name in network.opened("offer") if network.offers[name].service == service])
        if offer is None:
            return None
        chain, steps = None, (stories.step(offer, service, minutes=minutes),)
    needs = [network.needs[name] for name in (first, *others)]
    prices = [sum(head_cents(network, step, need, len(needs)) for step in steps) for need in needs]
    prices[0] += sum(network.offers[step.offer].opening_cents for step in steps)
    start = max(need.period.start for need in needs)
    end = min(need.period.end for need in needs)
    if start >= end:
        return None
    return stories.pool(
        new_id(network, "pool-"),
        *(
            stories.member(need.id, price, sessions=need.left_sessions, minutes=need.left_minutes)
            for need, price in zip(needs, prices, strict=True)
        ),
        plan=plan,
        chain=chain,
        steps=steps,
        starts=WeekSlots.at(draw(st.integers(0, 4)), draw(st.integers(30, 36))),
        period=Period(start, end),
    )


def head_cents(network, step, need, size):
    minutes = need.left_minutes if need.step_count == 1 else step.minutes * need.left_sessions
    return network.offers[step.offer].price_per_head(size, minutes)


def pool_member_left(draw, network):
    pairs = [(pool, member.need) for pool in network.opened("pool") for member in network.pools[pool].members]
    pair = one_of(draw, pairs)
    return pair and PoolMemberLeft(pool=pair[0], need=pair[1])


def pool_dissolved(draw, network):
    name = one_of(draw, network.opened("pool"))
    return name and PoolDissolved(pool=name, reason=draw(st.sampled_from(LeavingReason)))


def service_booked(draw, network):
    pairs = [
        (pool, member.need, number)
        for pool in network.opened("pool")
        for member in network.pools[pool].members
        for number in range(len(network.pools[pool].steps))
    ]
    found = one_of(draw, pairs)
    if found is None:
        return None
    pool, need, number = network.pools[found[0]], found[1], found[2]
    member, before = pool.member(need), timetable.engagements_of(network, pool, need)
    taken = {one for other in before if other.step == number for one in other.unbroken()}
    free = [one for one in timetable.sessions_of(network, pool)[number][: member.sessions] if one not in taken]
    if not free:
        return None
    left_cents = member.share_cents - sum(other.price_cents for other in before)
    return stories.booked(
        new_id(network, "e"),
        pool=pool.id,
        need=need,
        step=number,
        occurrences=tuple(free[: draw(st.integers(1, len(free)))]),
        price_cents=draw(st.integers(0, max(0, left_cents))),
    )


def session_in(draw, network, state):
    return one_of(
        draw,
        [
            (name, number)
            for name, one in network.engagements.items()
            for number, stands in enumerate(one.states)
            if stands is state
            and (one.occurrences[number].day, one.occurrences[number].start_slot * 30) <= network.local_minute
        ],
    )


def service_delivered(draw, network):
    found = session_in(draw, network, SessionState.BOOKED)
    if found is None:
        return None
    longest = network.engagements[found[0]].occurrences[found[1]].minutes
    return stories.delivered(*found, minutes=draw(st.sampled_from([longest, longest, 1])))


def delivery_confirmed(draw, network):
    found = session_in(draw, network, SessionState.DELIVERED)
    return found and stories.confirmed(*found)


def service_cancelled(draw, network):
    name = one_of(draw, network.opened("engagement"))
    return name and stories.cancelled(name)


def satisfaction_recorded(draw, network):
    name = one_of(draw, [name for name, one in network.engagements.items() if one.confirmed and one.score is None])
    return name and stories.judged(name, score=draw(st.integers(1, 5)))


def voucher_issued(draw, network):
    fund, household = one_of(draw, network.funds), one_of(draw, active(network))
    if fund is None or household is None:
        return None
    free_cents = ledger.free_cents(network.accounts[ledger.account_of(fund)])
    if not free_cents:
        return None
    valid = Period(network.today, network.today + dt.timedelta(days=draw(st.integers(7, 90))))
    face_cents = draw(st.integers(1, min(free_cents, 9_000)))
    return stories.voucher(new_id(network, "v"), fund=fund, household=household, face_cents=face_cents, valid=valid)


def voucher_redeemed(draw, network):
    pairs = [
        (voucher, engagement)
        for voucher in network.opened("voucher")
        for engagement, one in network.engagements.items()
        if one.confirmed
        and network.needs[one.need].household == network.vouchers[voucher].household
        and network.needs[one.need].action == network.funds[network.vouchers[voucher].fund].action
        and one.redeemed_cents < one.price_cents
    ]
    found = one_of(draw, pairs)
    if found is None:
        return None
    engagement = network.engagements[found[1]]
    most = min(network.vouchers[found[0]].left_cents, engagement.price_cents - engagement.redeemed_cents)
    return stories.redeemed(found[0], engagement=found[1], amount_cents=draw(st.integers(1, most)))


def voucher_expired(draw, network):
    over = [name for name in network.opened("voucher") if network.vouchers[name].valid.end <= network.today]
    name = one_of(draw, over)
    return name and VoucherExpired(voucher=name)


def voucher_cancelled(draw, network):
    name = one_of(draw, network.opened("voucher"))
    return name and VoucherCancelled(voucher=name)


def meeting_held(draw, network):
    return stories.meeting(new_id(network, "m"), partners_present=draw(st.integers(1, 9)))


PROMISING = (
    *(pool_formed, service_booked, service_delivered, delivery_confirmed, voucher_redeemed),
    *(need_declared, plan_adopted, voucher_issued, pool_member_left, service_cancelled),
)
DRAWERS = (
    *PROMISING * 3,
    *(firm_joined, firm_left, person_enrolled, person_left, household_formed, consent_given, consent_withdrawn),
    *(need_revised, need_withdrawn, need_unmet, need_expired),
    *(supplier_registered, supplier_offered, offer_revised, offer_withdrawn, agreement_signed),
    *(chain_composed, chain_broken, pool_dissolved),
    *(satisfaction_recorded, voucher_expired, voucher_cancelled, meeting_held),
)


def admitted(network, fact):
    """Say whether a network admits a fact; what was drawn may still meet a limit of the calendar."""
    try:
        fact.check(network)
    except Refused:
        return False
    return True


@st.composite
def facts(draw, network, *, drawers=DRAWERS):
    """Draw a fact that a network admits now, or None."""
    fact = draw(st.sampled_from(drawers))(draw, network)
    return fact if fact is not None and admitted(network, fact) else None


def moved(network, days):
    """Find an instant some days later, in the evening."""
    later = max(network.now, stories.START) + dt.timedelta(days=days)
    return later.replace(hour=20)


@st.composite
def histories(draw, *, shortest=5, longest=25):
    """Draw what happened after the pilot, often from its first pools on: batches, each an instant and its facts."""
    network = Network()
    record(network, *pilot())
    batches = [(stories.START, (fact,)) for fact in draw(st.sampled_from([stories.booking(), stories.matched(), []]))]
    for at, batch in batches:
        record(network, *batch, at=at)
    for _ in range(draw(st.integers(shortest, longest))):
        network.now = moved(network, draw(st.sampled_from([0, 0, 7, 1])))
        fact = draw(facts(network))
        if fact is None:
            continue
        record(network, fact, at=network.now)
        batches.append((network.now, (fact,)))
    return batches
