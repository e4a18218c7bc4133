"""Small histories that tests start from, and a harness that admits facts as a community does.

`pilot()` is a community ready to be matched; `life()` goes on from there
through every kind of fact. The builders make one valid fact each; what a
test is about it says by keyword.
"""

import datetime as dt

import attrs

from wis_engine.errors import Refused
from wis_engine.facts import (
    ActionPlanned,
    AgreementEnded,
    AgreementSigned,
    CampaignLaunched,
    CampaignReached,
    ChainBroken,
    ChainComposed,
    ConsentGiven,
    ConsentWithdrawn,
    ConsultationHeld,
    CostIncurred,
    CostReversed,
    DeliveryConfirmed,
    DeliveryDisputed,
    DisputeResolved,
    Event,
    FirmApproached,
    FirmJoined,
    FirmLeft,
    FirmSheetCompleted,
    GrantAwarded,
    HouseholdFormed,
    MeetingHeld,
    MonitoringReportIssued,
    NeedDeclared,
    NeedExpired,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    NetworkAgreementJoined,
    NetworkAgreementLeft,
    NetworkAgreementSigned,
    NoShowRecorded,
    OfferRevised,
    OfferWithdrawn,
    PartnerAdmitted,
    PartnerWithdrawn,
    PaternityLeavePlanned,
    PaternityLeaveTaken,
    PersonalPlanApproved,
    PersonalPlanDrafted,
    PersonalPlanRevised,
    PersonEnrolled,
    PersonLeft,
    PlanAdopted,
    PoolDissolved,
    PoolFormed,
    PoolMemberLeft,
    ProductReleased,
    ProjectPlanned,
    RequestAnswered,
    SatisfactionRecorded,
    ServiceBooked,
    ServiceCancelled,
    ServiceDelivered,
    ServiceRequested,
    ServiceRescheduled,
    StaffAssigned,
    StaffHoursLogged,
    StaffHoursReversed,
    SupplierOffered,
    SupplierRegistered,
    SupplierReinstated,
    SupplierSurveyed,
    SupplierSuspended,
    VoucherCancelled,
    VoucherExpired,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReversed,
    VoucherSettled,
    WorkingGroupFormed,
)
from wis_engine.facts.engagements import CancelReason, NoShowBy
from wis_engine.facts.matches import LeavingReason, PlanLevel
from wis_engine.facts.needs import UnmetReason
from wis_engine.facts.project import FundLine
from wis_engine.network import Network
from wis_engine.network.guidance import (
    AccessMode,
    CampaignFocus,
    ConsultationMode,
    ConsultationTopic,
    ProductKind,
    SurveyCriterion,
)
from wis_engine.network.parties import (
    CostClass,
    FirmStage,
    FirmStatus,
    FundSource,
    Gender,
    MeetingKind,
    Member,
    Role,
    SupplierKind,
    Target,
)
from wis_engine.network.partners import Evidence, Figure, NetworkAgreementKind, PartnerKind, StaffRole
from wis_engine.network.promises import ChainStep, Grant, NeedStep, PoolMember
from wis_engine.values import AgeBand, Channel, Occurrence, Period, Place, PriceTier, WeekSlots

YEAR = Period.parse("2026-01-01/2027-01-01")
MARCH = Period.parse("2026-03-02/2026-04-01")
WEEKDAYS = WeekSlots.parse("mon-fri 15:00-19:00")
MONDAY_16, TUESDAY_1530 = WeekSlots.at(0, 32), WeekSlots.at(1, 31)
MONDAYS = tuple(Occurrence(dt.date(2026, 3, day), 32, 90) for day in (2, 9, 16, 23))
RIDES = tuple(Occurrence(dt.date(2026, 3, day), 31, 30) for day in (3, 10, 17, 24))
LESSONS = tuple(Occurrence(dt.date(2026, 3, day), 32, 90) for day in (3, 10, 17, 24))
NIL = 46
FAR_NIL = 1


def instant(text):
    """Read an instant of UTC, such as «2026-03-01 08:00»."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


START = instant("2026-03-01 08:00")
AFTER_FIRST, AFTER_ALL = instant("2026-03-02 18:00"), instant("2026-03-24 18:00")
APRIL, NEXT_YEAR = instant("2026-04-01 08:00"), instant("2027-01-01 08:00")


# The harness


def record(network, *facts, at=START):
    """Admit a batch, all or nothing."""
    start = network.position
    network.begin()
    try:
        network.now = at
        for index, fact in enumerate(facts):
            network.position = start + index + 1
            fact.check(network)
            fact.apply(network)
    except BaseException:
        network.rollback()
        raise
    network.commit()


def replay(network, facts, at=START):
    """Apply facts without their guards."""
    for fact in facts:
        network.now = at
        network.position += 1
        fact.apply(network)
    network.commit()


def network_of(*history, given=None):
    """Live a history, one fact a batch; an instant in it moves the clock."""
    network = Network()
    if given is None:
        record(network, *pilot())
    else:
        record(network, *given)
    go_on(network, history)
    return network


def go_on(network, history):
    """Live more of a history on a network that may have some already."""
    now = max(network.now, START)
    for step in history:
        if isinstance(step, Event):
            record(network, step, at=now)
        else:
            now = step


def refusal(network, *facts, at=None):
    """Say why a batch is refused; None when it is admitted."""
    try:
        record(network, *facts, at=network.now if at is None else at)
    except Refused as refused:
        return refused.reason
    return None


# One valid fact each


def project(name="wis", **changes):
    values = {
        "title": "WIS",
        "period": YEAR,
        "lead": "Lead",
        "public_body": "Public body",
        "targets": (Target(indicator="I1.1", value=22),),
        "closed_days": frozenset({dt.date(2026, 4, 6)}),
    }
    return ProjectPlanned(project=name, **values | changes)


def action(name="B.1", **changes):
    values = {
        "project": "wis",
        "title": "Action",
        "phase": 4,
        "period": YEAR,
        "budget_cents": 200_000,
        "staff_minutes": 6_000,
    }
    return ActionPlanned(action=name, **values | changes)


def fund_line(name="b1", **changes):
    values = {
        "action": "B.1",
        "source": FundSource.CONTRIBUTION,
        "amount_cents": 100_000,
        "household_cap_cents": 30_000,
    }
    return FundLine(fund=name, **values | changes)


def grant(*funds, **changes):
    values = {"project": "wis", "contribution_cents": 150_000, "cofinancing_cents": 60_000}
    return GrantAwarded(funds=funds, **values | changes)


def firm(name="f9", **changes):
    values = {"title": "Firm", "status": FirmStatus.PARTNER, "persons": 3, "ateco": "62.01", "nil": NIL}
    return FirmJoined(firm=name, **values | changes)


def person(name="p9", firm="f1", **changes):
    return PersonEnrolled(person=name, firm=firm, **changes)


def household(name="h9", *holders, **changes):
    members = (
        Member(id="kid", age_band=AgeBand.SCHOOL_6_10),
        Member(id="sister", age_band=AgeBand.LOWER_11_13),
        Member(id="nonna", age_band=AgeBand.OLD_75_PLUS),
    )
    return HouseholdFormed(household=name, **{"holders": holders, "members": members, "nil": NIL} | changes)


def need(name="n9", household="h1", **changes):
    values = {
        "service": "homework_support",
        "beneficiary": "kid",
        "slots": WEEKDAYS,
        "nil": NIL,
        "minutes": 360,
        "sessions": 4,
        "period": MARCH,
        "price_limit_cents": 20_000,
    }
    return NeedDeclared(need=name, household=household, **values | changes)


def chain_need(name="n9", household="h4", **changes):
    steps = (
        NeedStep(service="escorted_transport", minutes=30),
        NeedStep(service="homework_support", minutes=90, gap_max_minutes=30, distance_max_m=5_000),
    )
    return need(name, household, **{"steps": steps, "minutes": 480} | changes)


def supplier(name="s9", **changes):
    return SupplierRegistered(supplier=name, **{"title": "Supplier", "kind": SupplierKind.COOPERATIVE} | changes)


def offer(name="o9", **changes):
    values = {
        "supplier": "s1",
        "service": "homework_support",
        "place": Place.SUPPLIER,
        "slots": WEEKDAYS,
        "period": YEAR,
        "nil": NIL,
        "capacity_minutes": 6_000,
        "tiers": (
            PriceTier(price_cents=2_000),
            PriceTier(people_from=2, price_cents=1_500),
            PriceTier(people_from=3, price_cents=1_000),
        ),
        "group_max": 4,
        "channel": Channel.WEMI,
    }
    return SupplierOffered(offer=name, **values | changes)


def agreement(name="a9", *offers, **changes):
    return AgreementSigned(agreement=name, offers=offers, **{"supplier": "s2", "period": YEAR} | changes)


def plan(name="plan-1", **changes):
    values = {
        "strategy": "by_hand",
        "seed": 0,
        "problem": "0" * 64,
        "levels": (PlanLevel(level="met", value=3, bound=4),),
    }
    return PlanAdopted(plan=name, **values | changes)


def member(name, share_cents, **changes):
    return PoolMember(
        need=name, share_cents=share_cents, **{"sessions": 4, "minutes": 360, "alone_cents": 12_000} | changes
    )


def granted(cents, fund="b1"):
    """Public money promised to a member, as `grants` takes it."""
    return (Grant(fund=fund, cents=cents),)


def step(offer="hw", service="homework_support", **changes):
    return ChainStep(service=service, offer=offer, **{"minutes": 90} | changes)


def pool(name="pool-1", *members, **changes):
    """Form a pool of n1, n2 and n3, or of the members given, on the homework offer."""
    members = members or tuple(member(f"n{number}", 6_000) for number in (1, 2, 3))
    values = {
        "plan": "plan-1",
        "steps": (step(),),
        "price_cents": sum(one.share_cents for one in members),
        "starts": MONDAY_16,
        "period": MARCH,
    }
    return PoolFormed(pool=name, **{"members": members} | values | changes)


CHAIN = (
    step("ride", "escorted_transport", minutes=30),
    step("hw", offset_slots=1),
)


def chain(name="chain-1", **changes):
    return ChainComposed(chain=name, **{"plan": "plan-1", "lead": "s1", "steps": CHAIN} | changes)


def chain_pool(name="pool-2", **changes):
    """Form the pool of the composite need n4 on the chain."""
    members = (member("n4", 16_000, minutes=480),)
    return pool(name, *members, **{"chain": "chain-1", "steps": CHAIN, "starts": TUESDAY_1530} | changes)


def booked(name="e1", **changes):
    values = {"pool": "pool-1", "need": "n1", "occurrences": MONDAYS} | changes
    part_cents = 6_000 * len(values["occurrences"]) // len(MONDAYS)
    return ServiceBooked(engagement=name, **{"price_cents": part_cents} | values)


def delivered(name="e1", session=0, **changes):
    return ServiceDelivered(engagement=name, session=session, **{"minutes": 90} | changes)


def confirmed(name="e1", session=0):
    return DeliveryConfirmed(engagement=name, session=session)


def cancelled(name="e1"):
    return ServiceCancelled(engagement=name, reason=CancelReason.HOUSEHOLD)


def judged(name="e1", score=5):
    return SatisfactionRecorded(engagement=name, score=score)


def voucher(name="v1", **changes):
    return VoucherIssued(
        voucher=name, **{"fund": "b1", "household": "h1", "face_cents": 6_000, "valid": YEAR} | changes
    )


def redeemed(name="v1", **changes):
    return VoucherRedeemed(voucher=name, **{"engagement": "e1", "amount_cents": 6_000} | changes)


def meeting(name="m1", **changes):
    values = {"project": "wis", "kind": MeetingKind.STEERING_BOARD, "minutes": 120, "partners_present": 5}
    return MeetingHeld(meeting=name, **values | changes)


EVIDENCE = Evidence(ref="folder.17", sha256="e" * 64)
LEAVE_DAYS = (dt.date(2026, 3, 12), dt.date(2026, 3, 13))


def partner(name="lead", **changes):
    values = {"project": "wis", "title": "Partner", "kind": PartnerKind.THIRD_SECTOR}
    return PartnerAdmitted(partner=name, **values | changes)


def partner_firm(name="pf1", firm="f1", **changes):
    return partner(name, **{"kind": PartnerKind.FIRM, "firm": firm, "chamber_registered": True} | changes)


def staff(name="wm", **changes):
    return StaffAssigned(staff=name, **{"partner": "lead", "role": StaffRole.WELFARE_MANAGER} | changes)


def hours(name="t1", **changes):
    values = {"staff": "wm", "action": "B.1", "day": dt.date(2026, 2, 27), "minutes": 240, "evidence": EVIDENCE}
    return StaffHoursLogged(timesheet=name, **values | changes)


def cost(name="k1", **changes):
    values = {
        "action": "B.1",
        "partner": "lead",
        "cost_class": CostClass.GOODS,
        "source": FundSource.CONTRIBUTION,
        "net_cents": 10_000,
        "vat_cents": 2_200,
        "paid_on": dt.date(2026, 2, 27),
        "evidence": EVIDENCE,
    }
    return CostIncurred(cost=name, **values | changes)


def group(name="g1", **changes):
    return WorkingGroupFormed(group=name, **{"project": "wis", "area": "B", "lead": "lead"} | changes)


def report(name="r1", **changes):
    values = {"project": "wis", "period": MARCH, "position": 3, "figures": (Figure(indicator="I1.1", value=5),)}
    return MonitoringReportIssued(report=name, **values | changes)


def approached(name="f8", stage=FirmStage.CONTACTED, **changes):
    return FirmApproached(firm=name, stage=stage, **{"title": "Firm"} | changes)


def sheet(name="f1", year=2025, **changes):
    values = {"awu_hundredths": 350, "turnover_cents": 30_000_000, "balance_cents": 10_000_000}
    return FirmSheetCompleted(firm=name, year=year, **values | changes)


def network_agreement(*firms, name="na1", **changes):
    return NetworkAgreementSigned(
        network_agreement=name, **{"kind": NetworkAgreementKind.AGREEMENT, "firms": firms or ("f1", "f2")} | changes
    )


def survey(name="sv1", **changes):
    values = {
        "supplier": "s1",
        "service": "homework_support",
        "criteria": (SurveyCriterion(criterion="staff", score_percent=80),),
        "price_cents": 2_000,
    }
    return SupplierSurveyed(survey=name, **values | changes)


def request(name="q1", **changes):
    values = {"need": "n1", "channel": Channel.WEMI, "mode": AccessMode.DIGITAL}
    return ServiceRequested(request=name, **values | changes)


def answered(name="q1", *, accepted=True):
    return RequestAnswered(request=name, accepted=accepted)


def rescheduled(name="pool-1", session=1, **changes):
    return ServiceRescheduled(pool=name, session=session, **{"day": dt.date(2026, 3, 11), "start_slot": 32} | changes)


def missed(name="e1", session=0, by=NoShowBy.HOUSEHOLD):
    return NoShowRecorded(engagement=name, session=session, by=by)


def disputed(name="e1", session=0):
    return DeliveryDisputed(engagement=name, session=session)


def resolved(name="e1", session=0, *, upheld=True):
    return DisputeResolved(engagement=name, session=session, upheld=upheld)


def reversed_(name="v1", **changes):
    return VoucherReversed(voucher=name, **{"engagement": "e1", "amount_cents": 1_000} | changes)


def settled(name="v1", **changes):
    return VoucherSettled(voucher=name, **{"engagement": "e1", "amount_cents": 1_000, "evidence": EVIDENCE} | changes)


def consultation(name="c-1", **changes):
    values = {"firm": "f1", "mode": ConsultationMode.ON_SITE, "topic": ConsultationTopic.PATERNITY, "minutes": 60}
    return ConsultationHeld(consultation=name, **values | changes)


def personal_plan(name="pp1", **changes):
    return PersonalPlanDrafted(personal_plan=name, **{"household": "h1", "needs": ("n1",)} | changes)


def approved(name="pp1"):
    return PersonalPlanApproved(personal_plan=name)


def plan_revised(name="pp1", *needs):
    return PersonalPlanRevised(personal_plan=name, needs=needs or ("n1",))


def campaign(name="camp-1", **changes):
    values = {"project": "wis", "title": "New fathers", "focus": CampaignFocus.NEW_FATHERS}
    return CampaignLaunched(campaign=name, **values | changes)


def reached(name="camp-1", people=30, fathers=12):
    return CampaignReached(campaign=name, people=people, fathers=fathers)


def product(name="kit-1", **changes):
    values = {"project": "wis", "kind": ProductKind.KIT, "release": "1.0", "items": ("needs sheet", "firm sheet")}
    return ProductReleased(product=name, **values | changes)


def leave(name="leave-1", **changes):
    values = {"household": "h1", "father": "p1", "birth": dt.date(2026, 3, 10), "days": LEAVE_DAYS}
    return PaternityLeavePlanned(leave=name, **values | changes)


def leave_taken(name="leave-1", **changes):
    return PaternityLeaveTaken(leave=name, **{"household": "h1", "days": LEAVE_DAYS} | changes)


# Histories


def pilot():
    """List the facts of a small community that is ready to be matched."""
    return [
        project(),
        action("B.1"),
        action("C.1", budget_cents=80_000),
        grant(fund_line("b1"), fund_line("c1", action="C.1", source=FundSource.COFINANCING, amount_cents=50_000)),
        firm("f1"),
        firm("f2", status=FirmStatus.MEMBER, persons=9),
        firm("f3", ateco="01.50", persons=2),
        person("p1", "f1", gender=Gender.WOMAN),
        person("p2", "f1", role=Role.ENTREPRENEUR),
        person("p3", "f2", gender=Gender.MAN),
        person("p4", "f2"),
        person("p5", "f3"),
        household("h1", "p1"),
        household("h2", "p2"),
        household("h3", "p3", "p4"),
        household("h4", "p5"),
        supplier("s1"),
        supplier("s2", kind=SupplierKind.ASSOCIATION),
        supplier("s3", kind=SupplierKind.FIRM, firm="f3"),
        offer("hw"),
        offer(
            "cm",
            supplier="s2",
            service="child_minding",
            place=Place.HOME,
            channel=Channel.AGREEMENT,
            tiers=(PriceTier(price_cents=1_500),),
        ),
        agreement("a1", "cm"),
        offer(
            "ride",
            supplier="s3",
            service="escorted_transport",
            place=Place.HOME,
            channel=Channel.PARTNER,
            tiers=(PriceTier(price_cents=1_000),),
        ),
        need("n1", "h1"),
        need("n2", "h2"),
        need("n3", "h3"),
        chain_need("n4", "h4"),
    ]


def matched():
    """List what follows the pilot when its needs are pooled by hand."""
    first = member("n1", 6_000, grants=granted(6_000))
    return [plan(), pool("pool-1", first, member("n2", 6_000), member("n3", 6_000)), chain(), chain_pool()]


def booking():
    """List what follows the pilot until everything pooled is booked, and a voucher issued."""
    return [
        *matched(),
        *(booked(f"e{number}", need=f"n{number}") for number in (1, 2, 3)),
        booked("ride-1", pool="pool-2", need="n4", occurrences=RIDES, price_cents=4_000),
        booked("lesson-1", pool="pool-2", need="n4", step=1, occurrences=LESSONS, price_cents=12_000),
        voucher(),
    ]


def served():
    """List what follows `matched` until every session of n1 is delivered and its voucher has paid."""
    return [
        booked("e1"),
        booked("e2", need="n2"),
        voucher(need="n1"),
        AFTER_ALL,
        *(delivered("e1", session) for session in range(4)),
        confirmed("e1"),
        redeemed(),
        judged(),
        meeting(),
    ]


def carried():
    """List what partners, staff and the welfare manager do, at any time after the pilot."""
    return [
        partner("lead", lead=True),
        partner("city", kind=PartnerKind.PUBLIC_BODY),
        partner_firm(),
        staff(),
        hours(),
        StaffHoursReversed(timesheet="t1"),
        cost(),
        CostReversed(cost="k1"),
        group(),
        meeting("m2", kind=MeetingKind.WORKING_GROUP, group="g1"),
        report(),
        PartnerWithdrawn(partner="city"),
        approached(),
        sheet("f8"),
        firm("f8", status=FirmStatus.MEMBER),
        network_agreement(),
        NetworkAgreementJoined(network_agreement="na1", firm="f8"),
        NetworkAgreementLeft(network_agreement="na1", firm="f8"),
        consultation(household="h1"),
        personal_plan(),
        approved(),
        plan_revised(),
        survey(),
        agreement("a2", "hw", supplier="s1", surveys=("sv1",)),
        AgreementEnded(agreement="a2", on=dt.date(2026, 5, 1)),
        SupplierSuspended(supplier="s1"),
        SupplierReinstated(supplier="s1"),
        campaign(),
        reached(),
        product(),
    ]


def life():
    """List a history after the pilot, with its clock, in which every fact but the pilot's happens."""
    return [
        *matched(),
        booked("e1"),
        rescheduled("pool-2", 3, day=dt.date(2026, 3, 25), start_slot=31),
        request(need="n2"),
        answered(),
        *served()[1:],
        reversed_(),
        redeemed(amount_cents=1_000),
        settled(),
        missed("e2"),
        delivered("e2", 1),
        disputed("e2", 1),
        resolved("e2", 1),
        cancelled("e2"),
        PoolMemberLeft(pool="pool-1", need="n2"),
        NeedWithdrawn(need="n2"),
        PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER),
        NeedRevised(need="n3", household="h3", slots=WeekSlots.parse("mon-fri 16:00-20:00"), sessions=2),
        NeedUnmet(need="n3", reason=UnmetReason.PRICE),
        ChainBroken(chain="chain-1", offer="ride"),
        PoolDissolved(pool="pool-2", reason=LeavingReason.SUPPLIER),
        OfferRevised(offer="ride", capacity_minutes=500),
        OfferWithdrawn(offer="ride"),
        ConsentGiven(household="h2"),
        ConsentWithdrawn(household="h2"),
        voucher("v2", household="h3"),
        VoucherCancelled(voucher="v2"),
        voucher("v3", household="h3", valid=MARCH),
        PersonLeft(person="p5", firm="f3"),
        FirmLeft(firm="f3"),
        APRIL,
        NeedExpired(need="n4"),
        VoucherExpired(voucher="v3"),
        *carried(),
        leave(),
        leave_taken(),
    ]


def facts_in(history):
    """Leave the instants of a history out."""
    return [one for one in history if isinstance(one, Event)]


def changed(fact, **changes):
    """Copy a fact with some fields changed."""
    return attrs.evolve(fact, **changes)


def why_refused(*history):
    """Say why the last fact of a history after the pilot is refused, or None; those before it must be admitted."""
    *before, last = history
    network = network_of(*before)
    instants = [one for one in before if isinstance(one, dt.datetime)]
    digest = network.digest()
    reason = refusal(network, last, at=instants[-1] if instants else START)
    assert reason is None or network.digest() == digest
    return reason
