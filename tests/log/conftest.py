import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from wis_engine.facts import (
    EVENTS,
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
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch, Log
from wis_engine.log.memory import MemoryLog
from wis_engine.log.postgres import PostgresLog
from wis_engine.log.sqlite import SqliteLog
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
    FundingRules,
    FundSource,
    Gender,
    MeetingKind,
    Member,
    PlannedCost,
    SupplierKind,
    Target,
)
from wis_engine.network.partners import Evidence, Figure, NetworkAgreementKind, PartnerKind, StaffRole
from wis_engine.network.promises import ChainStep, Grant, NeedStep, PoolMember
from wis_engine.network.sizes import LinkedFirm
from wis_engine.values import AgeBand, Channel, Occurrence, Period, Place, PriceTier, WeekSlots

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
YEAR = Period.parse("2026-01-01/2027-01-01")
MARCH = Period.parse("2026-03-01/2026-04-01")
SLOTS = WeekSlots.parse("mon-fri 16:00-19:00")
STEPS = (
    ChainStep(service="escorted_transport", offer="o-1", offset_slots=0, minutes=30),
    ChainStep(service="child_minding", offer="o-2", offset_slots=1, minutes=60),
)

EVIDENCE = Evidence(ref="folder.17", sha256="e" * 64)

EXAMPLES: tuple[Event, ...] = (
    ProjectPlanned(
        project="p-1",
        title="Conciliare «a Milano»",
        period=YEAR,
        lead="Lead",
        public_body="Comune",
        targets=(Target(indicator="I1.1", value=22),),
        rules=FundingRules(),
        planned_costs=(PlannedCost(cost_classes=frozenset({CostClass.GOODS, CostClass.SERVICES}), cents=50),),
        closed_days=frozenset({dt.date(2026, 12, 25), dt.date(2026, 1, 1)}),
    ),
    ActionPlanned(project="p-1", action="B.1", title="Cura", phase=1, period=YEAR, budget_cents=100, staff_minutes=60),
    GrantAwarded(
        project="p-1",
        contribution_cents=100,
        cofinancing_cents=20,
        funds=(FundLine(fund="f-1", action="B.1", source=FundSource.CONTRIBUTION, amount_cents=50),),
    ),
    FirmJoined(firm="firm-1", title="Ditta", persons=4, ateco="47.11", nil=10),
    FirmLeft(firm="firm-1", reason="closed"),
    PersonEnrolled(person="per-1", firm="firm-1", gender=Gender.WOMAN),
    PersonLeft(person="per-1", firm="firm-1"),
    HouseholdFormed(
        household="h-1",
        holders=("per-1",),
        members=(Member(id="m-1", age_band=AgeBand.SCHOOL_6_10), Member(id="m-2", age_band=AgeBand.ADULT_18_64)),
        nil=10,
    ),
    ConsentGiven(household="h-1"),
    ConsentWithdrawn(household="h-1"),
    NeedDeclared(
        need="n-1",
        household="h-1",
        service="child_minding",
        beneficiary="m-1",
        slots=SLOTS,
        nil=10,
        language="it",
        steps=(
            NeedStep(service="escorted_transport", minutes=30),
            NeedStep(service="child_minding", minutes=60, distance_max_m=500),
        ),
        minutes=180,
        sessions=2,
        period=MARCH,
        price_limit_cents=5_000,
    ),
    NeedRevised(need="n-1", household="h-1", slots=WeekSlots.ALWAYS, minutes=270, sessions=3),
    NeedWithdrawn(need="n-1"),
    NeedExpired(need="n-1"),
    NeedUnmet(need="n-1", reason=UnmetReason.PRICE),
    SupplierRegistered(supplier="s-1", title="Cooperativa", kind=SupplierKind.COOPERATIVE),
    SupplierOffered(
        offer="o-1",
        supplier="s-1",
        service="child_minding",
        place=Place.HOME,
        slots=SLOTS,
        period=YEAR,
        nil=10,
        municipi=frozenset({9, 1}),
        capacity_minutes=6_000,
        tiers=(PriceTier(price_cents=2_000), PriceTier(people_from=3, price_cents=900)),
        group_max=5,
        age_bands=frozenset({AgeBand.SCHOOL_6_10, AgeBand.CHILD_3_5}),
        languages=frozenset({"it", "en"}),
    ),
    OfferRevised(offer="o-1", tiers=(PriceTier(price_cents=1_900),)),
    OfferWithdrawn(offer="o-1"),
    AgreementSigned(
        agreement="a-1", supplier="s-1", offers=("o-1", "o-2"), period=YEAR, surveys=("sv-1",), reason="near"
    ),
    PlanAdopted(
        plan="0123456789ab",
        strategy="greedy",
        seed=0,
        problem="0" * 64,
        levels=(PlanLevel(level="met", value=3, bound=4),),
    ),
    PoolFormed(
        pool="pool-1",
        plan="0123456789ab",
        chain="chain-1",
        steps=STEPS,
        members=(
            PoolMember(
                need="n-1",
                sessions=2,
                minutes=180,
                share_cents=700,
                grants=(Grant(fund="f-1", cents=100),),
                alone_cents=900,
            ),
            PoolMember(need="n-2", sessions=2, minutes=180, share_cents=700, alone_cents=900),
        ),
        price_cents=1_400,
        starts=WeekSlots.parse("mon 16:00-16:30"),
        period=MARCH,
    ),
    PoolMemberLeft(pool="pool-1", need="n-1"),
    PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER),
    ChainComposed(chain="chain-1", plan="0123456789ab", lead="s-1", steps=STEPS),
    ChainBroken(chain="chain-1", offer="o-1"),
    ServiceBooked(
        engagement="e-1",
        pool="pool-1",
        need="n-1",
        step=1,
        occurrences=(Occurrence(dt.date(2026, 3, 2), 32, 60), Occurrence(dt.date(2026, 3, 9), 32, 60)),
        price_cents=350,
    ),
    ServiceDelivered(engagement="e-1", session=0, minutes=60),
    DeliveryConfirmed(engagement="e-1", session=0),
    ServiceCancelled(engagement="e-1", reason=CancelReason.HOUSEHOLD),
    VoucherIssued(voucher="v-1", fund="f-1", household="h-1", face_cents=300, valid=MARCH),
    VoucherRedeemed(voucher="v-1", engagement="e-1", amount_cents=200),
    VoucherExpired(voucher="v-1"),
    VoucherCancelled(voucher="v-1", reason="lost"),
    MeetingHeld(meeting="meet-1", project="p-1", kind=MeetingKind.STEERING_BOARD, minutes=90, partners_present=5),
    SatisfactionRecorded(engagement="e-1", score=5, life_before=2, life_after=4, saved_minutes=90),
    PartnerAdmitted(
        partner="par-1",
        project="p-1",
        title="Ditta",
        kind=PartnerKind.FIRM,
        firm="firm-1",
        chamber_registered=True,
        sites=frozenset({"IT-25", "IT-21"}),
    ),
    PartnerWithdrawn(partner="par-1", reason="closed"),
    StaffAssigned(staff="st-1", partner="par-1", role=StaffRole.WELFARE_MANAGER),
    StaffHoursLogged(
        timesheet="t-1", staff="st-1", action="B.1", day=dt.date(2026, 3, 2), minutes=60, evidence=EVIDENCE
    ),
    StaffHoursReversed(timesheet="t-1", reason="twice"),
    CostIncurred(
        cost="k-1",
        action="B.1",
        partner="par-1",
        cost_class=CostClass.GOODS,
        source=FundSource.COFINANCING,
        net_cents=1_000,
        vat_cents=220,
        paid_on=dt.date(2026, 3, 2),
        evidence=EVIDENCE,
    ),
    CostReversed(cost="k-1"),
    WorkingGroupFormed(group="g-1", project="p-1", area="B", lead="par-1"),
    MonitoringReportIssued(
        report="r-1", project="p-1", period=MARCH, position=7, figures=(Figure(indicator="I1.1", value=22),)
    ),
    FirmApproached(firm="firm-2", title="Altra ditta", stage=FirmStage.SENSITISED),
    FirmSheetCompleted(
        firm="firm-1",
        year=2025,
        awu_hundredths=350,
        turnover_cents=20_000_000,
        balance_cents=5_000_000,
        linked=(LinkedFirm(share_percent=30, awu_hundredths=100, turnover_cents=0, balance_cents=0),),
    ),
    NetworkAgreementSigned(network_agreement="na-1", kind=NetworkAgreementKind.CONTRACT, firms=("firm-1", "firm-2")),
    NetworkAgreementJoined(network_agreement="na-1", firm="firm-3"),
    NetworkAgreementLeft(network_agreement="na-1", firm="firm-3"),
    ConsultationHeld(
        consultation="c-1", firm="firm-1", mode=ConsultationMode.ON_SITE, topic=ConsultationTopic.PATERNITY, minutes=45
    ),
    PersonalPlanDrafted(personal_plan="pp-1", household="h-1", needs=("n-1", "n-2")),
    PersonalPlanApproved(personal_plan="pp-1"),
    PersonalPlanRevised(personal_plan="pp-1", needs=("n-1",)),
    SupplierSurveyed(
        survey="sv-1",
        supplier="s-1",
        service="child_minding",
        criteria=(SurveyCriterion(criterion="personale", weight=2, score_percent=80),),
        price_cents=1_900,
    ),
    SupplierSuspended(supplier="s-1", reason="no staff"),
    SupplierReinstated(supplier="s-1"),
    AgreementEnded(agreement="a-1", on=dt.date(2026, 6, 1)),
    ServiceRequested(request="q-1", need="n-1", channel=Channel.WEMI, mode=AccessMode.DIGITAL),
    RequestAnswered(request="q-1", accepted=False),
    ServiceRescheduled(pool="pool-1", session=1, day=dt.date(2026, 3, 10), start_slot=32),
    NoShowRecorded(engagement="e-1", session=1, by=NoShowBy.SUPPLIER),
    DeliveryDisputed(engagement="e-1", session=0),
    DisputeResolved(engagement="e-1", session=0, upheld=True),
    VoucherReversed(voucher="v-1", engagement="e-1", amount_cents=50, reason="wrong"),
    VoucherSettled(voucher="v-1", engagement="e-1", amount_cents=100, evidence=EVIDENCE),
    CampaignLaunched(campaign="camp-1", project="p-1", title="Nuovi padri", focus=CampaignFocus.NEW_FATHERS),
    CampaignReached(campaign="camp-1", people=30, fathers=12),
    ProductReleased(product="kit-1", project="p-1", kind=ProductKind.KIT, release="1.0", items=("scheda bisogni",)),
    PaternityLeavePlanned(
        leave="l-1", household="h-1", father="per-1", birth=dt.date(2026, 3, 1), days=(dt.date(2026, 3, 2),)
    ),
    PaternityLeaveTaken(leave="l-1", household="h-1", days=(dt.date(2026, 3, 2), dt.date(2026, 3, 3))),
)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture(params=EXAMPLES, ids=lambda fact: fact.name)
def example(request) -> Event:
    """One valid fact of each type, in turn."""
    return request.param


@pytest.fixture
def examples() -> dict[str, Event]:
    """One valid fact of each type, by name."""
    found = {fact.name: fact for fact in EXAMPLES}
    assert found.keys() == {cls.name for cls in EVENTS}
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def batch() -> Callable[..., Batch]:
    """Make a batch of facts with an envelope of small account."""

    def make(*facts: Event, key: str | None = None, actor: str = "wm-1", at: dt.datetime = START) -> Batch:
        return Batch(facts=facts, occurred_at=at, actor=actor, key=key)

    return make


@pytest.fixture
def opened(clock, tmp_path) -> Iterator[Callable[..., SqliteLog]]:
    """Open SQLite logs that are closed when the test is over."""
    logs: list[SqliteLog] = []

    def open_one(path=tmp_path / "log.db", **options) -> SqliteLog:
        logs.append(SqliteLog(path, registry=known_events(), clock=clock, **options))
        return logs[-1]

    yield open_one
    for one in logs:
        one.close()


@pytest.fixture(params=["memory", "sqlite"])
def log(request, clock, opened) -> Log:
    """An empty log, of each kind in turn."""
    return opened() if request.param == "sqlite" else MemoryLog(registry=known_events(), clock=clock)


@pytest.fixture
def edit() -> Callable[..., None]:
    """Write to a database behind the log's back."""

    def write(path, *statements):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return write


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def filled(path, opened, batch) -> Path:
    """A closed log of three facts in two batches."""
    log = opened(path)
    log.append(batch(NeedWithdrawn(need="a"), NeedWithdrawn(need="b"), key="k"), after=0)
    log.append(batch(NeedWithdrawn(need="c")), after=2)
    log.close()
    return path


@pytest.fixture
def opened_postgres(clock, postgres_server, community_name):
    """Open logs in PostgreSQL that are closed when the test is over."""
    logs: list[PostgresLog] = []

    def open_one(name=community_name, url=postgres_server, **options):
        logs.append(PostgresLog(url, name=name, registry=known_events(), clock=clock, **options))
        return logs[-1]

    yield open_one
    for one in logs:
        one.close()


@pytest.fixture
def filled_postgres(opened_postgres, batch):
    """A community of three facts in two batches, and its log."""
    log = opened_postgres()
    log.append(batch(NeedWithdrawn(need="a"), NeedWithdrawn(need="b"), key="k"), after=0)
    log.append(batch(NeedWithdrawn(need="c")), after=2)
    return log


@pytest.fixture
def edit_postgres(postgres_server):
    """Write to the database behind the log's back."""

    def write(*statements, url=postgres_server):
        with psycopg.connect(url, autocommit=True) as connection:
            return [connection.execute(statement).rowcount for statement in statements][-1]

    return write


@pytest.fixture
def kill(edit_postgres):
    """End the server's side of a log's connection."""
    return lambda log: edit_postgres(f"SELECT pg_terminate_backend({log._connection.info.backend_pid}, 10000)")
