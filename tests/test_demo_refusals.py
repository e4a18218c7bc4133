"""On the log of the demo, one fact of each type that history makes impossible, and the reason it is refused with."""

import datetime as dt
from functools import cache

import attrs
import pytest
from lived import lived

from wis_engine import facts as f
from wis_engine.errors import Refused
from wis_engine.facts import EVENTS
from wis_engine.facts.engagements import CancelReason
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import UnmetReason
from wis_engine.network.promises import NeedState, VoucherState
from wis_engine.values import Occurrence, Period

DAY = Period.day(dt.date(2024, 3, 1))


def told(event):
    """The first recorded fact of a type."""
    return next(lived().community.events(types=[event])).fact


def first(table, wanted):
    return next(table[name] for name in sorted(table) if wanted(table[name]))


def remaining():
    """Facts of partners, hours and costs, firms, the welfare manager, requests and campaigns."""
    network = lived().community.network
    revised = told(f.PersonalPlanRevised)
    held_by = network.personal_plans[revised.personal_plan].household
    elsewhere = first(network.needs, lambda need: need.household != held_by).id
    return [
        (attrs.evolve(told(f.PartnerAdmitted), partner="pt-new"), "already-led"),
        (told(f.PartnerWithdrawn), "partner-withdrawn"),
        (attrs.evolve(told(f.StaffAssigned), staff="staff-new", partner="pt-guest"), "partner-withdrawn"),
        (attrs.evolve(told(f.StaffHoursLogged), timesheet="hours-new", day=DAY.start), "outside-action"),
        (told(f.StaffHoursReversed), "already-reversed"),
        (attrs.evolve(told(f.CostIncurred), cost="cost-new", net_cents=10**9), "over-action-budget"),
        (told(f.CostReversed), "already-reversed"),
        (told(f.FirmApproached), "other-stage"),
        (told(f.FirmSheetCompleted), "year-completed"),
        (
            attrs.evolve(told(f.NetworkAgreementSigned), network_agreement="agreed-new", firms=("f-farm", "f-bakery")),
            "firm-not-member",
        ),
        (attrs.evolve(told(f.NetworkAgreementJoined), firm="f-farm"), "already-bound"),
        (told(f.NetworkAgreementLeft), "not-bound"),
        (attrs.evolve(told(f.WorkingGroupFormed), group="group-new"), "area-taken"),
        (attrs.evolve(told(f.MonitoringReportIssued), report="report-new", position=10**6), "future-position"),
        (attrs.evolve(told(f.ConsultationHeld), consultation="advice-new", firm="f-nobody"), "unknown-id"),
        (attrs.evolve(told(f.PersonalPlanDrafted), personal_plan="plan-new", needs=(elsewhere,)), "other-household"),
        (told(f.PersonalPlanApproved), "already-approved"),
        (attrs.evolve(revised, needs=(elsewhere,)), "other-household"),
        (attrs.evolve(told(f.SupplierSurveyed), survey="survey-new", supplier="s-nobody"), "unknown-id"),
        (f.SupplierSuspended(supplier="s-nobody"), "unknown-id"),
        (told(f.SupplierReinstated), "not-suspended"),
        (attrs.evolve(told(f.AgreementEnded), on=DAY.start), "not-in-force"),
        (attrs.evolve(told(f.ServiceRequested), request="request-new"), "need-over"),
        (told(f.RequestAnswered), "already-answered"),
        (told(f.ServiceRescheduled), "pool-not-formed"),
        (told(f.NoShowRecorded), "session-not-booked"),
        (told(f.DeliveryDisputed), "session-not-delivered"),
        (told(f.DisputeResolved), "session-not-disputed"),
        (attrs.evolve(told(f.VoucherReversed), amount_cents=10**9), "over-redeemed"),
        (attrs.evolve(told(f.VoucherSettled), amount_cents=10**9), "over-redeemed"),
        (attrs.evolve(told(f.CampaignLaunched), campaign="campaign-new"), "outside-project"),
        (attrs.evolve(told(f.CampaignReached), campaign="campaign-new"), "unknown-id"),
        (attrs.evolve(told(f.ProductReleased), product="kit-new", project="other"), "unknown-id"),
        (attrs.evolve(told(f.PaternityLeavePlanned), leave="leave-new", household="h01"), "other-household"),
        (told(f.PaternityLeaveTaken), "already-taken"),
    ]


@cache
def refusals():
    """By its name, one fact of each type and the reason that refuses it."""
    network = lived().community.network
    consenting, reserved = (
        first(network.households, lambda one, yes=yes: bool(one.consents) is yes).id for yes in (True, False)
    )
    met = first(network.needs, lambda need: need.state is NeedState.MET)
    served = first(network.engagements, lambda one: one.confirmed and not one.open and one.score)
    done = network.pools[served.pool]
    spent = first(network.vouchers, lambda one: one.state is VoucherState.SPENT)
    withdrawn = told(f.OfferWithdrawn).offer
    composed = first(network.chains, lambda chain: any(step.offer == withdrawn for step in chain.steps))
    table = [
        *remaining(),
        (told(f.ProjectPlanned), "id-taken"),
        (attrs.evolve(told(f.ActionPlanned), action="B.9", period=DAY), "outside-project"),
        (told(f.GrantAwarded), "already-granted"),
        (attrs.evolve(told(f.FirmJoined), firm="f-big", persons=50), "firm-too-large"),
        (f.FirmLeft(firm="f-farm"), "still-enrolled"),
        (told(f.PersonEnrolled), "already-enrolled"),
        (told(f.PersonLeft), "not-enrolled"),
        (attrs.evolve(told(f.HouseholdFormed), household="h-new"), "in-another-household"),
        (f.ConsentGiven(household=consenting), "already-consented"),
        (f.ConsentWithdrawn(household=reserved), "not-consented"),
        (attrs.evolve(told(f.NeedDeclared), need="need-new", beneficiary="nobody"), "unknown-beneficiary"),
        (f.NeedRevised(need=met.id, household=met.household, sessions=20), "need-not-open"),
        (f.NeedWithdrawn(need=met.id), "need-not-open"),
        (f.NeedExpired(need=met.id), "need-not-open"),
        (f.NeedUnmet(need=met.id, reason=UnmetReason.PRICE), "need-not-open"),
        (told(f.SupplierRegistered), "id-taken"),
        (attrs.evolve(told(f.SupplierOffered), offer="offer-new", supplier="s-nobody"), "unknown-id"),
        (f.OfferRevised(offer=withdrawn, quality_percent=90), "offer-withdrawn"),
        (f.OfferWithdrawn(offer=withdrawn), "offer-withdrawn"),
        (attrs.evolve(told(f.AgreementSigned), agreement="agreement-new", supplier="s-farm"), "other-supplier"),
        (told(f.PlanAdopted), "id-taken"),
        (attrs.evolve(told(f.PoolFormed), pool="pool-new"), "need-not-open"),
        (f.PoolMemberLeft(pool=done.id, need=served.need), "pool-not-formed"),
        (f.PoolDissolved(pool=done.id, reason=LeavingReason.SUPPLIER), "pool-not-formed"),
        (f.ChainComposed(chain="chain-new", lead=composed.lead, steps=composed.steps), "offer-withdrawn"),
        (told(f.ChainBroken), "chain-broken"),
        (
            f.ServiceBooked(
                engagement="eng-new",
                pool=done.id,
                need=served.need,
                occurrences=(Occurrence(dt.date(2023, 6, 5), 30, 60),),
                price_cents=0,
            ),
            "pool-not-formed",
        ),
        (f.ServiceDelivered(engagement=served.id, session=0, minutes=10), "session-not-booked"),
        (f.DeliveryConfirmed(engagement=served.id, session=0), "session-not-delivered"),
        (f.ServiceCancelled(engagement=served.id, reason=CancelReason.SUPPLIER), "nothing-waits"),
        (attrs.evolve(told(f.VoucherIssued), voucher="voucher-new", need=None, face_cents=10**9), "over-fund"),
        (f.VoucherRedeemed(voucher=spent.id, engagement=served.id, amount_cents=1), "voucher-not-active"),
        (f.VoucherExpired(voucher=spent.id), "voucher-not-active"),
        (f.VoucherCancelled(voucher=spent.id), "voucher-not-active"),
        (attrs.evolve(told(f.MeetingHeld), meeting="board-late"), "outside-project"),
        (f.SatisfactionRecorded(engagement=served.id, score=5), "already-judged"),
    ]
    assert len({fact.name for fact, _ in table}) == len(table)
    return {fact.name: (fact, reason) for fact, reason in table}


@pytest.mark.parametrize("name", [event.name for event in EVENTS])
def test_refused(name):
    community = lived().community
    fact, reason = refusals()[name]
    before = community.network.digest()
    with pytest.raises(Refused) as refusal:
        community.record(fact)
    assert (refusal.value.reason, refusal.value.fact) == (reason, 0)
    assert community.network.digest() == before
