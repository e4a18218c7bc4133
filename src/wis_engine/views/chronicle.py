"""What the indicators count from, kept fact by fact: one line for each thing that happened.

Lines hold ids, dates, positions and public residue. A fact that is taken back
takes its line, or its part of one, away.
"""

from collections.abc import Mapping
from typing import ClassVar

from wis_engine.facts import (
    AgreementEnded,
    AgreementSigned,
    CampaignReached,
    ConsultationHeld,
    CostIncurred,
    CostReversed,
    DeliveryConfirmed,
    DisputeResolved,
    Event,
    FirmApproached,
    FirmJoined,
    HouseholdFormed,
    MeetingHeld,
    MonitoringReportIssued,
    NeedDeclared,
    NeedUnmet,
    PaternityLeavePlanned,
    PaternityLeaveTaken,
    PersonalPlanApproved,
    PersonalPlanDrafted,
    PersonalPlanRevised,
    PersonEnrolled,
    PersonLeft,
    PoolFormed,
    ProjectPlanned,
    RequestAnswered,
    SatisfactionRecorded,
    ServiceBooked,
    ServiceDelivered,
    ServiceRequested,
    SupplierOffered,
    SupplierRegistered,
    WorkingGroupFormed,
)
from wis_engine.network.guidance import AccessMode
from wis_engine.network.parties import FirmStage, FirmStatus, Gender, Role
from wis_engine.values import (
    AgreementId,
    ConsultationId,
    CostId,
    EngagementId,
    FirmId,
    GroupId,
    HouseholdId,
    MeetingId,
    NeedId,
    OfferId,
    Period,
    PersonalPlanId,
    PersonId,
    PoolId,
    RequestId,
    SupplierId,
)
from wis_engine.views.lines import (
    AgreementLine,
    Amount,
    Answer,
    ConsultationLine,
    CostLine,
    Delivery,
    EngagementLine,
    Enrolment,
    HouseholdLine,
    MeetingLine,
    NeedLine,
    OfferLine,
    PersonalPlanLine,
    PoolLine,
    RequestLine,
    Step,
    UnmetLine,
)
from wis_engine.views.view import Handler, Mark
from wis_engine.views.vouchers import Vouchers


class Chronicle:
    """The tables that the indicators count from."""

    READS: ClassVar[tuple[type[Event], ...]] = (
        *(ProjectPlanned, FirmApproached, FirmJoined, PersonEnrolled, PersonLeft, HouseholdFormed),
        *(WorkingGroupFormed, MeetingHeld, MonitoringReportIssued),
        *(ConsultationHeld, PersonalPlanDrafted, PersonalPlanApproved, PersonalPlanRevised),
        *(CampaignReached, PaternityLeavePlanned, PaternityLeaveTaken),
        *(NeedDeclared, NeedUnmet, ServiceRequested, RequestAnswered),
        *(SupplierRegistered, SupplierOffered, AgreementSigned, AgreementEnded),
        *(PoolFormed, ServiceBooked, ServiceDelivered, DeliveryConfirmed, DisputeResolved, SatisfactionRecorded),
        *(CostIncurred, CostReversed),
        *Vouchers.READS,
    )

    def __init__(self) -> None:
        self.targets: dict[str, int] = {}
        self.period: Period | None = None
        self.steps: list[Step] = []
        self.partners: set[FirmId] = set()
        self.enrolments: list[Enrolment] = []
        self.meetings: dict[MeetingId, MeetingLine] = {}
        self.reports: list[MonitoringReportIssued] = []
        self.consultations: dict[ConsultationId, ConsultationLine] = {}
        self.plans: dict[PersonalPlanId, PersonalPlanLine] = {}
        self.fathers_reached: list[Amount] = []
        self.leaves_planned: list[Amount] = []
        self.leaves_taken: list[Amount] = []
        self.households: dict[HouseholdId, HouseholdLine] = {}
        self.needs: dict[NeedId, NeedLine] = {}
        self.unmet: dict[NeedId, UnmetLine] = {}
        self.requests: dict[RequestId, RequestLine] = {}
        self.suppliers: dict[SupplierId, FirmId | None] = {}
        self.offers: dict[OfferId, OfferLine] = {}
        self.agreements: dict[AgreementId, AgreementLine] = {}
        self.pools: dict[PoolId, PoolLine] = {}
        self.engagements: dict[EngagementId, EngagementLine] = {}
        self.deliveries: dict[tuple[EngagementId, int], Delivery] = {}
        self.answers: list[Answer] = []
        self.costs: dict[CostId, CostLine] = {}
        self.vouchers = Vouchers()
        self._groups: dict[GroupId, str] = {}
        self._modes: dict[NeedId, AccessMode] = {}
        self._persons: dict[PersonId, tuple[Role, Gender | None]] = {}
        self._enrolled: dict[tuple[PersonId, FirmId], Enrolment] = {}

    def handlers(self) -> Mapping[type[Event], Handler]:
        """Write a line, or change one; money goes into the book of vouchers."""
        return {
            **self.vouchers.handlers(),
            ProjectPlanned: self._planned,
            FirmApproached: self._approached,
            FirmJoined: self._joined,
            PersonEnrolled: self._person_enrolled,
            PersonLeft: self._person_left,
            HouseholdFormed: self._formed,
            WorkingGroupFormed: self._gathered,
            MeetingHeld: self._met,
            MonitoringReportIssued: self._reported,
            ConsultationHeld: self._consulted,
            PersonalPlanDrafted: self._drafted,
            PersonalPlanApproved: self._approved,
            PersonalPlanRevised: self._revised,
            CampaignReached: self._reached,
            PaternityLeavePlanned: self._leave_planned,
            PaternityLeaveTaken: self._leave_taken,
            NeedDeclared: self._declared,
            NeedUnmet: self._unmet,
            ServiceRequested: self._requested,
            RequestAnswered: self._request_answered,
            SupplierRegistered: self._registered,
            SupplierOffered: self._offered,
            AgreementSigned: self._agreed,
            AgreementEnded: self._agreement_ended,
            PoolFormed: self._pooled,
            ServiceBooked: self._booked,
            ServiceDelivered: self._delivered,
            DeliveryConfirmed: self._confirmed,
            DisputeResolved: self._resolved,
            SatisfactionRecorded: self._judged,
            CostIncurred: self._cost,
            CostReversed: self._cost_back,
        }

    # The project and its people

    def _planned(self, fact: ProjectPlanned, _at: Mark) -> None:
        self.targets |= {target.indicator: target.value for target in fact.targets}
        self.period = self.period or fact.period

    def _approached(self, fact: FirmApproached, at: Mark) -> None:
        self.steps.append(Step(firm=fact.firm, stage=fact.stage, status=None, at=at))

    def _joined(self, fact: FirmJoined, at: Mark) -> None:
        self.steps.append(Step(firm=fact.firm, stage=FirmStage.JOINED, status=fact.status, at=at))
        if fact.status is FirmStatus.PARTNER:
            self.partners.add(fact.firm)

    def _person_enrolled(self, fact: PersonEnrolled, at: Mark) -> None:
        role, gender = self._persons.setdefault(fact.person, (fact.role, fact.gender))
        line = Enrolment(
            person=fact.person,
            firm=fact.firm,
            role=role,
            gender=gender,
            partner=fact.firm in self.partners,
            first=at,
        )
        self.enrolments.append(line)
        self._enrolled[fact.person, fact.firm] = line

    def _person_left(self, fact: PersonLeft, at: Mark) -> None:
        self._enrolled.pop((fact.person, fact.firm)).last = at.day

    def _formed(self, fact: HouseholdFormed, at: Mark) -> None:
        self.households[fact.household] = HouseholdLine(recipients=fact.recipients, at=at)

    def _gathered(self, fact: WorkingGroupFormed, _at: Mark) -> None:
        self._groups[fact.group] = fact.area

    def _met(self, fact: MeetingHeld, at: Mark) -> None:
        self.meetings[fact.meeting] = MeetingLine(
            kind=fact.kind,
            area=None if fact.group is None else self._groups[fact.group],
            minutes=fact.minutes,
            partners_present=fact.partners_present,
            at=at,
        )

    def _reported(self, fact: MonitoringReportIssued, _at: Mark) -> None:
        self.reports.append(fact)

    # The welfare manager, and fathers

    def _consulted(self, fact: ConsultationHeld, at: Mark) -> None:
        self.consultations[fact.consultation] = ConsultationLine(
            firm=fact.firm,
            household=fact.household,
            mode=fact.mode,
            topic=fact.topic,
            minutes=fact.minutes,
            at=at,
        )

    def _drafted(self, fact: PersonalPlanDrafted, at: Mark) -> None:
        self.plans[fact.personal_plan] = PersonalPlanLine(household=fact.household, drafted=at)

    def _approved(self, fact: PersonalPlanApproved, at: Mark) -> None:
        self.plans[fact.personal_plan].approved = at

    def _revised(self, fact: PersonalPlanRevised, at: Mark) -> None:
        self.plans[fact.personal_plan].revised.append(at)

    def _reached(self, fact: CampaignReached, at: Mark) -> None:
        self.fathers_reached.append(Amount(of=fact.campaign, count=fact.fathers, at=at))

    def _leave_planned(self, fact: PaternityLeavePlanned, at: Mark) -> None:
        self.leaves_planned.append(Amount(of=fact.leave, count=fact.day_count, at=at))

    def _leave_taken(self, fact: PaternityLeaveTaken, at: Mark) -> None:
        self.leaves_taken.append(Amount(of=fact.leave, count=fact.day_count, at=at))

    # Needs and supply

    def _declared(self, fact: NeedDeclared, at: Mark) -> None:
        self.needs[fact.need] = NeedLine(household=fact.household, action=fact.action, municipio=fact.municipio, at=at)

    def _unmet(self, fact: NeedUnmet, at: Mark) -> None:
        self.unmet[fact.need] = UnmetLine(reason=fact.reason, at=at)

    def _requested(self, fact: ServiceRequested, at: Mark) -> None:
        self.requests[fact.request] = RequestLine(need=fact.need, channel=fact.channel, mode=fact.mode, at=at)

    def _request_answered(self, fact: RequestAnswered, _at: Mark) -> None:
        request = self.requests[fact.request]
        if fact.accepted:
            self._modes[request.need] = request.mode

    def _registered(self, fact: SupplierRegistered, _at: Mark) -> None:
        self.suppliers[fact.supplier] = fact.firm

    def _offered(self, fact: SupplierOffered, at: Mark) -> None:
        self.offers[fact.offer] = OfferLine(supplier=fact.supplier, service=fact.service, channel=fact.channel, at=at)

    def _agreed(self, fact: AgreementSigned, at: Mark) -> None:
        self.agreements[fact.agreement] = AgreementLine(
            supplier=fact.supplier, offers=fact.offers, period=fact.period, end=fact.period.end, at=at
        )

    def _agreement_ended(self, fact: AgreementEnded, at: Mark) -> None:
        line = self.agreements[fact.agreement]
        line.end, line.ended = min(fact.on, line.period.end), at

    # What was promised and done

    def _pooled(self, fact: PoolFormed, at: Mark) -> None:
        self.pools[fact.pool] = PoolLine(steps=fact.steps, members=fact.members, at=at)

    def _booked(self, fact: ServiceBooked, at: Mark) -> None:
        need = self.needs[fact.need]
        step = self.pools[fact.pool].steps[fact.step]
        offer = self.offers[step.offer]
        self.engagements[fact.engagement] = EngagementLine(
            need=fact.need,
            household=need.household,
            action=need.action,
            pool=fact.pool,
            offer=step.offer,
            supplier=offer.supplier,
            service=step.service,
            channel=offer.channel,
            mode=self._modes.get(fact.need),
            occurrences=fact.occurrences,
            at=at,
        )

    def _delivered(self, fact: ServiceDelivered, at: Mark) -> None:
        self.deliveries[fact.engagement, fact.session] = Delivery(
            id=fact.engagement,
            session=fact.session,
            engagement=self.engagements[fact.engagement],
            minutes=fact.minutes,
            at=at,
        )

    def _confirmed(self, fact: DeliveryConfirmed, at: Mark) -> None:
        self.deliveries[fact.engagement, fact.session].confirmed = at

    def _resolved(self, fact: DisputeResolved, at: Mark) -> None:
        place = fact.engagement, fact.session
        if fact.upheld:
            del self.deliveries[place]
        else:
            self.deliveries[place].confirmed = at

    def _judged(self, fact: SatisfactionRecorded, at: Mark) -> None:
        self.answers.append(
            Answer(
                engagement=fact.engagement,
                life=(fact.life_before, fact.life_after),
                climate=(fact.climate_before, fact.climate_after),
                saved_minutes=fact.saved_minutes,
                at=at,
            )
        )

    def _cost(self, fact: CostIncurred, at: Mark) -> None:
        paid = Mark(fact.paid_on, at.position)
        self.costs[fact.cost] = CostLine(source=fact.source, net_cents=fact.net_cents, at=paid)

    def _cost_back(self, fact: CostReversed, _at: Mark) -> None:
        del self.costs[fact.cost]
