"""What the facts add up to: entities in tables by id, links between them.

The network is the only state that guards read and the matcher sees. It
changes by three verbs, `put`, `link` and `unlink`; nothing is ever deleted.
While a batch is open the verbs keep a journal, so that a refused batch rolls
back at the cost of what it did, whole or to a mark on the way.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self
from zoneinfo import ZoneInfo

from wis_engine import plain
from wis_engine.network.entity import Entity, Place, open_ids
from wis_engine.network.guidance import (
    Campaign,
    Consultation,
    Leave,
    PersonalPlan,
    Product,
    Request,
    Survey,
)
from wis_engine.network.links import Links
from wis_engine.network.parties import (
    Account,
    Action,
    Agreement,
    Firm,
    Fund,
    Household,
    Meeting,
    Offer,
    Person,
    Project,
    Supplier,
)
from wis_engine.network.partners import (
    Cost,
    NetworkAgreement,
    Partner,
    Report,
    StaffMember,
    Timesheet,
    WorkingGroup,
)
from wis_engine.network.promises import AdoptedPlan, Chain, Engagement, Need, Pool, Voucher
from wis_engine.network.relations import RELATIONS
from wis_engine.values import (
    AccountId,
    ActionCode,
    AgreementId,
    CampaignId,
    ChainId,
    ConsultationId,
    CostId,
    EngagementId,
    FirmId,
    FundId,
    GroupId,
    HouseholdId,
    LeaveId,
    MeetingId,
    NeedId,
    NetworkAgreementId,
    OfferId,
    PartnerId,
    PersonalPlanId,
    PersonId,
    PlanId,
    PoolId,
    ProductId,
    ProjectId,
    ReportId,
    RequestId,
    StaffId,
    SupplierId,
    SurveyId,
    TimesheetId,
    VoucherId,
)

if TYPE_CHECKING:
    from wis_engine.network.graph import Graph
    from wis_engine.network.invariants import Breach

ENTITIES: Final[tuple[type[Entity], ...]] = (
    *(Project, Action, Fund, Account, Firm, Person, Household, Supplier, Offer, Agreement, Meeting),
    *(Need, AdoptedPlan, Chain, Pool, Engagement, Voucher),
    *(Partner, StaffMember, Timesheet, Cost, WorkingGroup, Report, NetworkAgreement),
    *(Survey, Request, Consultation, PersonalPlan, Campaign, Product, Leave),
)
KINDS: Final = tuple(cls.kind for cls in ENTITIES)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Network:
    """Tables of entities by id, and the links between them.

    Parameters
    ----------
    zone
        Name of the time zone whose wall clock and calendar the community uses.

    Attributes
    ----------
    position
        Log position of the last fact applied, or of the one being applied.
    latest
        The latest instant known to have passed; `now` may be earlier, when a paper sheet comes in late.
    """

    projects: Mapping[ProjectId, Project]
    actions: Mapping[ActionCode, Action]
    funds: Mapping[FundId, Fund]
    accounts: Mapping[AccountId, Account]
    firms: Mapping[FirmId, Firm]
    persons: Mapping[PersonId, Person]
    households: Mapping[HouseholdId, Household]
    suppliers: Mapping[SupplierId, Supplier]
    offers: Mapping[OfferId, Offer]
    agreements: Mapping[AgreementId, Agreement]
    meetings: Mapping[MeetingId, Meeting]
    needs: Mapping[NeedId, Need]
    plans: Mapping[PlanId, AdoptedPlan]
    chains: Mapping[ChainId, Chain]
    pools: Mapping[PoolId, Pool]
    engagements: Mapping[EngagementId, Engagement]
    vouchers: Mapping[VoucherId, Voucher]
    partners: Mapping[PartnerId, Partner]
    staff_members: Mapping[StaffId, StaffMember]
    timesheets: Mapping[TimesheetId, Timesheet]
    costs: Mapping[CostId, Cost]
    working_groups: Mapping[GroupId, WorkingGroup]
    reports: Mapping[ReportId, Report]
    network_agreements: Mapping[NetworkAgreementId, NetworkAgreement]
    surveys: Mapping[SurveyId, Survey]
    requests: Mapping[RequestId, Request]
    consultations: Mapping[ConsultationId, Consultation]
    personal_plans: Mapping[PersonalPlanId, PersonalPlan]
    campaigns: Mapping[CampaignId, Campaign]
    products: Mapping[ProductId, Product]
    leaves: Mapping[LeaveId, Leave]

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self.zone = zone
        self.position = 0
        self._now = self.latest = _EPOCH
        # Lines are (place, id, what stood there), or for a mark (None, position, now, mark of the links).
        self._journal: list[tuple[Any, ...]] | None = None
        self._hold({cls.kind: {} for cls in ENTITIES}, {cls.kind: set() for cls in ENTITIES}, new_links())

    def _hold(self, tables: dict[str, dict[str, Any]], waiting: dict[str, set[str]], links: Links) -> None:
        self._tables, self._open, self.links = tables, waiting, links
        self._places = {cls: Place.of(cls, tables[cls.kind], waiting[cls.kind]) for cls in ENTITIES}
        for kind, table in tables.items():
            setattr(self, f"{kind}s", MappingProxyType(table))

    # Reading

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The time zone of the community's calendar."""
        return ZoneInfo(self.zone)

    @property
    def now(self) -> dt.datetime:
        """Instant at which the facts of the open batch happen."""
        return self._now

    @now.setter
    def now(self, moment: dt.datetime) -> None:
        self._now = moment

    def pass_time(self, occurred_at: dt.datetime, recorded_at: dt.datetime) -> None:
        """Know that an instant has passed: a fact cannot have happened after it was recorded."""
        self.latest = max(self.latest, min(occurred_at, recorded_at))

    @property
    def today(self) -> dt.date:
        """Local date of `now`."""
        return self.now.astimezone(self.zone_info).date()

    @property
    def local_minute(self) -> tuple[dt.date, int]:
        """Local date and minute of the day of `now`, to be compared with a session's."""
        local = self.now.astimezone(self.zone_info)
        return local.date(), local.hour * 60 + local.minute

    @property
    def closed_days(self) -> frozenset[dt.date]:
        """Days on which nothing is delivered, as the projects planned them."""
        return frozenset().union(*(project.closed_days for project in self.projects.values()))

    def kind(self, name: str) -> str | None:
        """Kind of the entity that bears this id, or None when nobody does."""
        return self.links.kind(name)

    def entity(self, name: str) -> Entity | None:
        """Find an entity of any kind."""
        kind = self.links.kind(name)
        found: Entity | None = self._tables[kind].get(name) if kind else None
        return found

    def opened(self, kind: str) -> list[str]:
        """Ids of the entities of a kind to which something can still happen, in order."""
        return sorted(self._open[kind])

    @property
    def tables(self) -> dict[str, Mapping[str, Entity]]:
        """Every table by its name: «needs», «pools», ..."""
        return {f"{kind}s": MappingProxyType(table) for kind, table in self._tables.items()}

    @property
    def graph(self) -> "Graph":
        """The open links as a read-only `networkx.MultiDiGraph`."""
        return self.graph_at(self.position)

    def graph_at(self, position: int) -> "Graph":
        """Show the structure after `position`: nodes with `kind`, links with `relation`, `since`, `until`."""
        from wis_engine.network.graph import Graph  # noqa: PLC0415 - networkx is loaded when first asked for

        return Graph(self.links, at=min(position, self.position))

    @property
    def in_batch(self) -> bool:
        """Whether a batch is open, so that what is here may yet be undone."""
        return self._journal is not None

    def digest(self) -> str:
        """Hash everything held, independent of the way it was reached."""
        hashed = hashlib.sha256(plain.dump(["network", self.position]))
        for kind, table in sorted(self._tables.items()):
            for name in sorted(table):
                hashed.update(plain.dump([kind, plain.to_plain(table[name])]))
        for row in sorted(self.links.rows(), key=lambda row: (*row[:4], row[4] or 0)):
            hashed.update(plain.dump(list(row)))
        return hashed.hexdigest()

    def check(self) -> "tuple[Breach, ...]":
        """List what does not hold of quantity, money, capacity, places and shares; nothing when all does."""
        from wis_engine.network.invariants import check  # noqa: PLC0415 - it reads the network

        return check(self)

    # Writing: three verbs, and the journal that undoes them

    def put(self, entity: Entity) -> None:
        """Add an entity, or replace the one of the same id; a new one opens the links of its references."""
        place, name, journal = self._places[type(entity)], entity.id, self._journal
        table = place.table
        old = table.get(name)
        if old is None:
            self.links.node(name, entity.kind, self.position)
        if journal is not None:
            journal.append((place, name, old))
        table[name] = entity
        if old is None and place.references:
            self._refer(entity, place)
        if place.waits:
            (place.waiting.add if entity.open else place.waiting.discard)(name)

    def link(self, source: str, relation: str, target: str) -> None:
        """Open a link from now on; nothing happens when it is open already."""
        self.links.open(source, relation, target, self.position)

    def unlink(self, source: str, relation: str, target: str) -> None:
        """Close an open link from now on; nothing happens when it is not open."""
        self.links.close(source, relation, target, self.position)

    def begin(self) -> None:
        """Open a batch: keep a journal from here."""
        assert self._journal is None, "a batch is open already"
        self._journal = [self._marked()]

    def mark(self) -> int:
        """Mark where the open batch stands, so that it can be rolled back to here and stay open."""
        assert self._journal is not None, "no batch is open"
        self._journal.append(self._marked())
        return len(self._journal) - 1

    def _marked(self) -> tuple[Any, ...]:
        return None, self.position, self._now, self.links.mark()

    def commit(self) -> None:
        """Close the batch, if one is open, and forget how to undo it."""
        self._journal = None
        self.links.settle()

    def rollback(self, *, to: int | None = None) -> None:
        """Undo everything since `begin`, the clock too, and close the batch; nothing when none is open.

        Parameters
        ----------
        to
            A mark of the open batch: undo only what came after it, and leave the batch open.
        """
        journal = self._journal
        if journal is None:
            return
        first = to or 0
        assert journal[first][0] is None, "no mark of the open batch"
        try:
            self._undo(journal, first)
        except BaseException:
            self._undo(journal, first)  # who stops an undoing, stops it after it is done: twice does no harm
            raise
        finally:
            if to is None:
                self._journal = None

    def _undo(self, journal: list[tuple[Any, ...]], first: int) -> None:
        for place, name, old, *_ in reversed(journal[first + 1 :]):
            if place is None:
                continue
            if old is None:
                place.table.pop(name, None)
                place.waiting.discard(name)
            else:
                place.table[name] = old
                (place.waiting.add if old.open else place.waiting.discard)(name)
        _, self.position, self._now, held = journal[first]
        self.links.undo(held)
        del journal[first + 1 :]  # the mark stays good

    def touched(self) -> frozenset[str]:
        """Ids of the entities that the open batch has put so far."""
        return frozenset(line[1] for line in self._journal or () if line[0] is not None)

    def copy(self) -> Self:
        """Make an independent network that is equal to this one now.

        The entities, which never change, are shared; the cost is that of the
        tables. No batch may be open.
        """
        assert not self.in_batch, "a batch is open"
        return self.of(
            {kind: table.copy() for kind, table in self._tables.items()},
            self.links.copy(),
            waiting={kind: names.copy() for kind, names in self._open.items()},
            zone=self.zone,
            position=self.position,
            now=self._now,
            latest=self.latest,
        )

    @classmethod
    def of(
        cls,
        tables: dict[str, dict[str, Any]],
        links: Links,
        *,
        zone: str,
        position: int,
        now: dt.datetime,
        latest: dt.datetime,
        waiting: dict[str, set[str]] | None = None,
    ) -> Self:
        """Make the network that holds these entities, by kind and id, and these links.

        Parameters
        ----------
        waiting
            Ids of the entities that are open, by kind; looked for when not given.
        """
        network = cls(zone=zone)
        network.position, network._now, network.latest = position, now, latest
        if waiting is None:
            waiting = {kind.kind: open_ids(kind, tables[kind.kind]) for kind in ENTITIES}
        network._hold(tables, waiting, links)
        return network

    def _refer(self, entity: Entity, place: Place) -> None:
        mine = entity.id
        for name, relation, to in place.references:
            value = getattr(entity, name)
            # Nothing is linked for None, nor for what redaction left.
            for other in (value,) if type(value) is str else value if type(value) is tuple else ():
                if to:
                    self.link(mine, relation, other)
                else:
                    self.link(other, relation, mine)


def new_links() -> Links:
    """Make links without nodes, by the table of relations; the code of a kind is its place among the kinds."""
    return Links(RELATIONS, KINDS)
