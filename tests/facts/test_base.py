"""What holds of every fact: its name, its ids, what redaction leaves, and what any fact may be refused for."""

from typing import NewType

import attrs
import pytest
from stories import (
    CHAIN,
    action,
    agreement,
    chain,
    changed,
    facts_in,
    fund_line,
    grant,
    household,
    life,
    member,
    need,
    network_of,
    pilot,
    plan,
    pool,
    project,
    refusal,
    step,
    why_refused,
)

from wis_engine.errors import Malformed, PrivacyError
from wis_engine.facts import (
    EVENTS,
    ActionPlanned,
    AgreementSigned,
    CampaignLaunched,
    ChainBroken,
    ChainComposed,
    ConsultationHeld,
    CostIncurred,
    Event,
    FirmApproached,
    FirmJoined,
    GrantAwarded,
    HouseholdFormed,
    MeetingHeld,
    MonitoringReportIssued,
    NeedDeclared,
    NeedRevised,
    NetworkAgreementSigned,
    PartnerAdmitted,
    PaternityLeavePlanned,
    PersonalPlanDrafted,
    PersonEnrolled,
    PlanAdopted,
    PoolFormed,
    PoolMemberLeft,
    ProductReleased,
    ProjectPlanned,
    ServiceBooked,
    ServiceRequested,
    StaffAssigned,
    StaffHoursLogged,
    SupplierOffered,
    SupplierRegistered,
    SupplierSurveyed,
    VoucherIssued,
    WorkingGroupFormed,
)
from wis_engine.facts.base import Reason, holds_redacted, id_field, personal, redacted
from wis_engine.plain import PERSONAL
from wis_engine.values import NeedId, Redacted, WeekSlots

ALL = [*pilot(), *facts_in(life())]
ONE_EACH = {type(fact): fact for fact in reversed(ALL)}
PAIRS = [
    (Reason.ID_TAKEN, [need("n1")], [need("n9")]),
    (Reason.UNKNOWN_ID, [need("n9", "h9")], [need("n9", "h1")]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_the_table_holds_every_fact_once_by_name():
    assert len({event.name for event in EVENTS}) == len(EVENTS) == len(set(EVENTS))
    assert all(event.version == 1 and event.__doc__ for event in EVENTS)
    assert set(ONE_EACH) == set(EVENTS)


BRINGS = {
    ProjectPlanned: "project",
    ActionPlanned: "action",
    FirmJoined: "firm",
    PersonEnrolled: "person",
    HouseholdFormed: "household",
    NeedDeclared: "need",
    SupplierRegistered: "supplier",
    SupplierOffered: "offer",
    AgreementSigned: "agreement",
    PlanAdopted: "plan",
    ChainComposed: "chain",
    PoolFormed: "pool",
    ServiceBooked: "engagement",
    VoucherIssued: "voucher",
    MeetingHeld: "meeting",
    PartnerAdmitted: "partner",
    StaffAssigned: "staff",
    StaffHoursLogged: "timesheet",
    CostIncurred: "cost",
    WorkingGroupFormed: "group",
    MonitoringReportIssued: "report",
    FirmApproached: "firm",
    NetworkAgreementSigned: "network_agreement",
    SupplierSurveyed: "survey",
    ServiceRequested: "request",
    ConsultationHeld: "consultation",
    PersonalPlanDrafted: "personal_plan",
    CampaignLaunched: "campaign",
    ProductReleased: "product",
    PaternityLeavePlanned: "leave",
}
"""The field of a fact that names what is new."""
FOUND_ELSEWHERE = {
    (ChainComposed, "lead"): "not-in-chain",
    (ChainBroken, "offer"): "not-in-chain",
    (PoolMemberLeft, "need"): "not-in-pool",
}
"""Fields that are looked for among what another field named, and why they are refused."""


def before(fact):
    """Bring a network to where a fact of the pilot, or of the life after it, was recorded."""
    history = [*pilot(), *life()]
    return network_of(*history[: history.index(fact)], given=[])


@pytest.mark.parametrize(("event", "field"), BRINGS.items())
def test_an_id_that_names_something_is_refused_to_a_new_thing(event, field):
    taken = changed(ONE_EACH[event], **{field: "h1" if event is ActionPlanned else "B.1"})
    assert refusal(network_of(), taken) is Reason.ID_TAKEN


def test_two_lines_of_a_grant_are_two_funds():
    planned = [project(), action()]
    assert refusal(network_of(given=planned), grant(fund_line("x"), fund_line("x"))) is Reason.ID_TAKEN
    assert refusal(network_of(given=planned), grant(fund_line("x"), fund_line("wis"))) is Reason.ID_TAKEN
    lines = (fund_line("x", amount_cents=1), fund_line("y", amount_cents=1))
    assert refusal(network_of(given=planned), grant(*lines)) is None


@pytest.mark.parametrize("event", ONE_EACH, ids=lambda event: event.name)
def test_an_id_that_names_nothing_is_unknown(event):
    fact = ONE_EACH[event]
    for field in attrs.fields(event):
        value = getattr(fact, field.name)
        if PERSONAL not in field.metadata and field.name != BRINGS.get(event) and value in fact.about():
            if (event, field.name) == (NeedDeclared, "action"):
                continue  # it follows from the service
            reason = FOUND_ELSEWHERE.get((event, field.name), Reason.UNKNOWN_ID)
            assert refusal(before(fact), changed(fact, **{field.name: "nobody"})) == reason, field.name


@pytest.mark.parametrize(
    ("history", "fact"),
    [
        ([project(), action()], grant(fund_line("x", action="F.9"))),
        (pilot(), household("h9", "nobody")),
        (pilot(), agreement("a9", "nobody")),
        ([*pilot(), plan()], pool(steps=(step("nobody"),))),
        ([*pilot(), plan()], pool("pool-1", member("nobody", 12_000))),
        ([*pilot(), plan()], chain(steps=(CHAIN[0], step("nobody", offset_slots=1)))),
    ],
)
def test_an_id_that_names_nothing_is_unknown_inside_a_collection_too(history, fact):
    assert refusal(network_of(given=history), fact) is Reason.UNKNOWN_ID


def test_a_fact_names_its_ids_once_in_order_of_its_fields():
    assert project().about() == ("wis",)
    assert pool().about() == ("pool-1", "plan-1", "hw", "n1", "n2", "n3")
    assert plan().about() == ("plan-1",)
    assert ONE_EACH[GrantAwarded].about() == ("wis", "b1", "B.1", "c1", "C.1")


def test_personal_fields_are_named_by_nobody():
    assert household("h9", "p1", "p2").about() == ("h9",)
    assert need().about() == ("n9", "h1", "B.1")


def test_what_a_fact_names_exists_once_it_is_recorded():
    network = network_of(*life())
    assert all(network.kind(name) for fact in ALL for name in fact.about())


def test_redaction_empties_the_personal_fields_only():
    fact = need(language="it")
    left = redacted(fact)
    assert not holds_redacted(fact)
    assert holds_redacted(left)
    for field in attrs.fields(type(fact)):
        kept, mark = getattr(left, field.name), Redacted(field.name, "h1")
        assert kept == (mark if PERSONAL in field.metadata else getattr(fact, field.name))
    assert redacted(project()) == project()


def test_a_rule_that_reads_a_redacted_field_fails_loudly():
    with pytest.raises(PrivacyError):
        sorted(redacted(household("h9", "p1")).holders)


def test_nothing_but_a_redacted_mark_passes_the_shape_of_a_personal_field():
    mark = Redacted("slots", "h1")
    assert NeedRevised(need="n1", household="h1", slots=mark).slots == mark
    with pytest.raises(Malformed):
        NeedRevised(need="n1", household="h1", slots=WeekSlots.NEVER)


@attrs.frozen(kw_only=True)
class Noted(Event):
    name = "noted"
    need: NeedId
    text: str = personal(subject="need")


def test_a_bare_event_admits_and_changes_nothing():
    network = network_of()
    digest = network.digest()
    note = Noted(need="n1", text="anything at all")
    note.check(network)
    note.apply(network)
    assert network.digest() == digest
    assert note.about() == ("n1",)
    assert redacted(note).text == Redacted("text", "n1")


BikeId = NewType("BikeId", str)
Coins = NewType("Coins", int)


def test_a_fact_of_somebody_else_names_what_its_ids_name():
    @attrs.frozen(kw_only=True)
    class BikeLent(Event):
        bike: BikeId
        lender: str = id_field()
        friend: str | None = id_field(default=None)
        price: Coins
        words: str

    lent = BikeLent(bike="b-1", lender="l-1", price=Coins(7), words="a word")
    assert lent.about() == ("b-1", "l-1")
    assert attrs.evolve(lent, friend="f-1").about() == ("b-1", "l-1", "f-1")
