"""What the facts add up to: entities in tables by id, links between them.

The network is the only state that guards read and the matcher sees. It
changes by three verbs, `put`, `link` and `unlink`; nothing is ever deleted.
While a batch is open the verbs keep a journal, so that a refused batch rolls
back at the cost of what it did.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import attrs

from wis_engine import plain
from wis_engine.network.entity import REFERS, Entity
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
from wis_engine.network.promises import AdoptedPlan, Chain, Engagement, Need, Pool, Voucher
from wis_engine.network.relations import RELATIONS
from wis_engine.values import (
    AccountId,
    ActionCode,
    AgreementId,
    ChainId,
    EngagementId,
    FirmId,
    FundId,
    HouseholdId,
    MeetingId,
    NeedId,
    OfferId,
    PersonId,
    PlanId,
    PoolId,
    ProjectId,
    SupplierId,
    VoucherId,
    is_redacted,
)

if TYPE_CHECKING:
    from wis_engine.network.graph import Graph
    from wis_engine.network.invariants import Breach

ENTITIES: Final[tuple[type[Entity], ...]] = (
    *(Project, Action, Fund, Account, Firm, Person, Household, Supplier, Offer, Agreement, Meeting),
    *(Need, AdoptedPlan, Chain, Pool, Engagement, Voucher),
)
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

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self.zone = zone
        self.position = 0
        self._now = self.latest = _EPOCH
        self.links = Links(RELATIONS)
        self._tables: dict[str, dict[str, Any]] = {cls.kind: {} for cls in ENTITIES}
        self._open: dict[str, set[str]] = {cls.kind: set() for cls in ENTITIES}
        self._journal: list[tuple[Any, ...]] | None = None
        self._begun = 0, _EPOCH
        for kind, table in self._tables.items():
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
        found: Entity | None = self._tables[kind][name] if kind else None
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
        kind, name = entity.kind, entity.id
        table = self._tables[kind]
        old = table.get(name)
        table[name] = entity
        if self._journal is not None:
            self._journal.append((self._undo_put, kind, name, old))
        if old is None:
            self.links.node(name, kind, self.position)
            self._refer(entity)
        (self._open[kind].add if entity.open else self._open[kind].discard)(name)

    def link(self, source: str, relation: str, target: str) -> None:
        """Open a link from now on; nothing happens when it is open already."""
        if self.links.open(source, relation, target, self.position) and self._journal is not None:
            self._journal.append((self.links.undo_open, source, relation, target))

    def unlink(self, source: str, relation: str, target: str) -> None:
        """Close an open link from now on; nothing happens when it is not open."""
        if self.links.close(source, relation, target, self.position) and self._journal is not None:
            self._journal.append((self.links.undo_close, source, relation, target))

    def begin(self) -> None:
        """Open a batch: keep a journal from here."""
        assert self._journal is None, "a batch is open already"
        self._journal = []
        self._begun = self.position, self._now

    def commit(self) -> None:
        """Close the batch, if one is open, and forget how to undo it."""
        self._journal = None
        self.links.settle()

    def rollback(self) -> None:
        """Undo everything since `begin`, the clock too; nothing when no batch is open."""
        if self._journal is None:
            return
        for undo, *what in reversed(self._journal):
            undo(*what)
        self._journal = None
        self.position, self._now = self._begun

    def _undo_put(self, kind: str, name: str, old: Entity | None) -> None:
        table = self._tables[kind]
        if old is None:
            del table[name]
            self._open[kind].discard(name)
            self.links.undo_node(name)
            return
        table[name] = old
        (self._open[kind].add if old.open else self._open[kind].discard)(name)

    def _refer(self, entity: Entity) -> None:
        for name, relation, to in _references(type(entity)):
            value = getattr(entity, name)
            if value is None or is_redacted(value):
                continue
            for other in value if isinstance(value, tuple) else (value,):
                self.link(*((entity.id, relation, other) if to else (other, relation, entity.id)))


_REFERENCES: dict[type[Entity], tuple[tuple[str, str, bool], ...]] = {}


def _references(cls: type[Any]) -> tuple[tuple[str, str, bool], ...]:
    if cls not in _REFERENCES:
        _REFERENCES[cls] = tuple((a.name, *a.metadata[REFERS]) for a in attrs.fields(cls) if REFERS in a.metadata)
    return _REFERENCES[cls]
