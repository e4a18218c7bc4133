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
    AgreementEnded,
    ChainBroken,
    ConsentGiven,
    ConsentWithdrawn,
    CostReversed,
    FirmLeft,
    NeedExpired,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    NetworkAgreementJoined,
    NetworkAgreementLeft,
    OfferRevised,
    OfferWithdrawn,
    PartnerWithdrawn,
    PersonLeft,
    PoolDissolved,
    PoolMemberLeft,
    StaffHoursReversed,
    SupplierReinstated,
    SupplierSuspended,
    VoucherCancelled,
    VoucherExpired,
)
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import UnmetReason
from wis_engine.network import Network, ledger, timetable
from wis_engine.network.guidance import AccessMode, RequestState, SurveyCriterion
from wis_engine.network.parties import CostClass, FirmStage, FirmStatus, FundSource, Role
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


# What partners, staff and the welfare manager do


def partner_admitted(draw, network):
    firms = [name for name, firm in network.firms.items() if firm.status is FirmStatus.PARTNER]
    if firms and draw(st.booleans()):
        return stories.partner_firm(new_id(network, "pa"), draw(st.sampled_from(sorted(firms))))
    return stories.partner(new_id(network, "pa"), lead=draw(st.booleans()))


def standing(table):
    return [name for name, one in table.items() if not getattr(one, "withdrawn", getattr(one, "reversed", None))]


def partner_withdrawn(draw, network):
    name = one_of(draw, standing(network.partners))
    return name and PartnerWithdrawn(partner=name)


def staff_assigned(draw, network):
    name = one_of(draw, standing(network.partners))
    return name and stories.staff(new_id(network, "st"), partner=name)


def staff_hours_logged(draw, network):
    name = one_of(draw, network.staff_members)
    minutes = draw(st.integers(1, 900))
    return name and stories.hours(new_id(network, "t"), staff=name, action="C.1", minutes=minutes)


def staff_hours_reversed(draw, network):
    name = one_of(draw, standing(network.timesheets))
    return name and StaffHoursReversed(timesheet=name)


def cost_incurred(draw, network):
    name = one_of(draw, standing(network.partners))
    return name and stories.cost(
        new_id(network, "k"),
        partner=name,
        action=draw(st.sampled_from(["B.1", "C.1"])),
        net_cents=draw(st.integers(1, 20_000)),
        cost_class=draw(st.sampled_from(CostClass)),
        source=draw(st.sampled_from(FundSource)),
    )


def cost_reversed(draw, network):
    name = one_of(draw, standing(network.costs))
    return name and CostReversed(cost=name)


def working_group_formed(draw, network):
    name = one_of(draw, standing(network.partners))
    return name and stories.group(new_id(network, "g"), lead=name, area=draw(st.sampled_from("BC")))


def report_issued(draw, network):
    return stories.report(new_id(network, "r"), position=draw(st.integers(0, network.position)))


def firm_approached(draw, network):
    near = [name for name, firm in network.firms.items() if firm.stage is not FirmStage.JOINED]
    name = draw(st.sampled_from([new_id(network, "f"), *sorted(near)]))
    stage = network.firms[name].stage.next if name in network.firms else FirmStage.CONTACTED
    if stage is FirmStage.JOINED:
        return stories.firm(name, status=FirmStatus.MEMBER)
    return stories.approached(name, stage=stage)


def firm_sheet_completed(draw, network):
    name = one_of(draw, network.firms)
    return name and stories.sheet(name, draw(st.integers(2020, 2026)), awu_hundredths=draw(st.integers(0, 6_000)))


def network_agreement_signed(draw, network):
    members = sorted(name for name, firm in network.firms.items() if firm.member)
    if len(members) < 2:
        return None
    firms = draw(st.lists(st.sampled_from(members), min_size=2, max_size=3, unique=True))
    return stories.network_agreement(*firms, name=new_id(network, "na"))


def network_agreement_moved(draw, network):
    agreement, firm = one_of(draw, network.network_agreements), one_of(draw, network.firms)
    if agreement is None or firm is None:
        return None
    bound = network.links.is_open(agreement, "binds", firm)
    return (NetworkAgreementLeft if bound else NetworkAgreementJoined)(network_agreement=agreement, firm=firm)


def supplier_surveyed(draw, network):
    return stories.survey(
        new_id(network, "sv"),
        supplier=one_of(draw, network.suppliers),
        criteria=(SurveyCriterion(criterion="staff", score_percent=draw(st.integers(0, 100))),),
        price_cents=draw(st.integers(1, 3_000)),
    )


def supplier_suspended(draw, network):
    name = one_of(draw, network.suppliers)
    return (SupplierReinstated if network.suppliers[name].suspended else SupplierSuspended)(supplier=name)


def agreement_chosen(draw, network):
    name = one_of(draw, network.surveys)
    if name is None:
        return None
    supplier = network.surveys[name].supplier
    offers = [offer for offer in network.opened("offer") if network.offers[offer].supplier == supplier]
    return offers and stories.agreement(
        new_id(network, "a"), *sorted(offers), supplier=supplier, surveys=tuple(sorted(network.surveys)), reason="near"
    )


def agreement_ended(draw, network):
    name = one_of(draw, network.agreements)
    return name and AgreementEnded(agreement=name, on=draw(days()))


def service_requested(draw, network):
    name = one_of(draw, network.needs)
    mode, channel = draw(st.sampled_from(AccessMode)), draw(st.sampled_from(Channel))
    return name and stories.request(new_id(network, "q"), need=name, mode=mode, channel=channel)


def request_answered(draw, network):
    waiting = [name for name, one in network.requests.items() if one.state is RequestState.WAITING]
    name = one_of(draw, waiting)
    return name and stories.answered(name, accepted=draw(st.booleans()))


def service_rescheduled(draw, network):
    name = one_of(draw, network.opened("pool"))
    if name is None:
        return None
    pool = network.pools[name]
    first, last = max(pool.period.start, network.today), pool.period.end - dt.timedelta(days=1)
    if first >= last:
        return None
    day = draw(
        days(first=first, last=last).filter(lambda day: day.weekday() < 5 or last - first < dt.timedelta(days=7))
    )
    return stories.rescheduled(
        name, draw(st.integers(0, pool.sessions - 1)), day=day, start_slot=draw(st.integers(30, 35))
    )


def no_show_recorded(draw, network):
    found = session_in(draw, network, SessionState.BOOKED)
    return found and stories.missed(*found)


def delivery_disputed(draw, network):
    found = session_in(draw, network, SessionState.DELIVERED)
    return found and stories.disputed(*found)


def dispute_resolved(draw, network):
    found = session_in(draw, network, SessionState.DISPUTED)
    return found and stories.resolved(*found, upheld=draw(st.booleans()))


def some_use(draw, network):
    """Draw what a voucher paid for an engagement, and some cents of what is not settled of it."""
    uses = [
        (name, use.engagement, use.redeemed_cents - use.settled_cents)
        for name, voucher in network.vouchers.items()
        for use in voucher.uses
        if use.redeemed_cents > use.settled_cents
    ]
    found = one_of(draw, uses)
    return found and (found[0], {"engagement": found[1], "amount_cents": draw(st.integers(1, found[2]))})


def voucher_reversed(draw, network):
    found = some_use(draw, network)
    return found and stories.reversed_(found[0], **found[1])


def voucher_settled(draw, network):
    found = some_use(draw, network)
    return found and stories.settled(found[0], **found[1])


def consultation_held(draw, network):
    return stories.consultation(new_id(network, "c-"), firm=one_of(draw, network.firms))


def needs_of(draw, network, household):
    names = network.links.targets(household, "declares")
    return tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))) if names else ()


def personal_plan_drafted(draw, network):
    household = one_of(draw, network.households)
    needs = household and needs_of(draw, network, household)
    return needs and stories.personal_plan(new_id(network, "pp"), household=household, needs=needs)


def personal_plan_moved(draw, network):
    name = one_of(draw, network.personal_plans)
    if name is None:
        return None
    plan = network.personal_plans[name]
    return (
        stories.plan_revised(name, *needs_of(draw, network, plan.household))
        if plan.approved
        else stories.approved(name)
    )


def campaign_launched(draw, network):
    return stories.campaign(new_id(network, "camp-"))


def campaign_reached(draw, network):
    name = one_of(draw, network.campaigns)
    return name and stories.reached(name, draw(st.integers(12, 90)), 12)


def product_released(draw, network):
    return stories.product(new_id(network, "kit-"))


def leave_planned(draw, network):
    fathers = [
        (network.links.targets(name, "lives_in")[0], name)
        for name, person in network.persons.items()
        if person.role is Role.EMPLOYEE and network.links.targets(name, "lives_in")
    ]
    found = one_of(draw, fathers)
    return found and stories.leave(new_id(network, "l"), household=found[0], father=found[1])


def paternity_leave_taken(draw, network):
    name = one_of(draw, [name for name, leave in network.leaves.items() if not leave.taken])
    return name and stories.leave_taken(name, household=network.leaves[name].household)


AROUND = (
    *(partner_admitted, partner_withdrawn, staff_assigned, staff_hours_logged, staff_hours_reversed),
    *(cost_incurred, cost_incurred, cost_reversed, working_group_formed, report_issued),
    *(firm_approached, firm_sheet_completed, network_agreement_signed, network_agreement_moved),
    *(supplier_surveyed, supplier_suspended, agreement_chosen, agreement_ended),
    *(consultation_held, personal_plan_drafted, personal_plan_moved),
    *(campaign_launched, campaign_reached, product_released, leave_planned, paternity_leave_taken),
)
OFTEN = (
    *(service_requested, request_answered, service_rescheduled, no_show_recorded),
    *(delivery_disputed, dispute_resolved, voucher_reversed, voucher_settled),
)
PROMISING = (
    *(pool_formed, service_booked, service_delivered, delivery_confirmed, voucher_redeemed),
    *(need_declared, plan_adopted, voucher_issued, pool_member_left, service_cancelled),
)
LIVED = (
    *(firm_joined, firm_left, person_enrolled, person_left, household_formed, consent_given, consent_withdrawn),
    *(need_revised, need_withdrawn, need_unmet, need_expired),
    *(supplier_registered, supplier_offered, offer_revised, offer_withdrawn, agreement_signed),
    *(chain_composed, chain_broken, pool_dissolved),
    *(satisfaction_recorded, voucher_expired, voucher_cancelled, meeting_held),
)
DRAWERS = (*PROMISING * 3, *OFTEN * 2, *LIVED * 2, *AROUND)


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
    return fact if fact and admitted(network, fact) else None


def moved(network, days):
    """Find an instant some days later, in the evening."""
    later = max(network.now, stories.START) + dt.timedelta(days=days)
    return later.replace(hour=20)


BEGINNINGS = (
    stories.booking(),
    stories.matched(),
    [],
    stories.carried(),
    [*stories.carried(), *stories.booking()],
    [*stories.booking(), stories.AFTER_ALL, *(stories.delivered("e1", number) for number in range(3))],
    [*stories.matched(), *stories.served()],
    [*stories.matched(), *stories.served(), stories.delivered("e2"), stories.disputed("e2"), stories.leave()],
)
"""What a history may begin with after the pilot: facts, and the instants from which they happen."""


@st.composite
def histories(draw, *, shortest=5, longest=25):
    """Draw what happened after the pilot, from one of some beginnings on: batches, each an instant and its facts."""
    network = Network()
    record(network, *pilot())
    batches, now = [], stories.START
    for one in draw(st.sampled_from(BEGINNINGS)):
        if isinstance(one, dt.datetime):
            now = one
            continue
        record(network, one, at=now)
        batches.append((now, (one,)))
    for _ in range(draw(st.integers(shortest, longest))):
        network.now = moved(network, draw(st.sampled_from([0, 0, 7, 1])))
        fact = draw(facts(network))
        if fact is None:
            continue
        record(network, fact, at=network.now)
        batches.append((network.now, (fact,)))
    return batches
