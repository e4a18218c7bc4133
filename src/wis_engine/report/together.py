"""What was served together and what alone, as it was promised: pools, single needs, households."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from wis_engine.facts import PoolFormed
from wis_engine.network import Network
from wis_engine.network.promises import PoolMember
from wis_engine.report.story import ServiceName, service_name
from wis_engine.values import Cents, Period, WeekSlots


@frozen(kw_only=True)
class PoolRow:
    """One pool as it was formed: what, by whom, when, for how many, at what price."""

    pool: str
    services: tuple[ServiceName, ...]
    offers: tuple[str, ...]
    members: tuple[PoolMember, ...]
    starts: WeekSlots
    period: Period
    price_cents: Cents

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the needs that it serves."""
        return tuple(member.need for member in self.members)

    @property
    def together(self) -> bool:
        """Whether anything was joined: needs, or offers."""
        return len(self.members) > 1 or self.chained

    @property
    def chained(self) -> bool:
        """Whether offers of different suppliers were joined for it."""
        return len(self.offers) > 1

    @property
    def alone_cents(self) -> Cents:
        """What its needs would have cost one by one."""
        return sum(member.alone_cents for member in self.members)

    @property
    def granted_cents(self) -> Cents:
        """Public money promised to its members."""
        return sum(member.granted_cents for member in self.members)

    @property
    def saved_cents(self) -> Cents:
        """What its members save against going alone."""
        return self.alone_cents - self.price_cents

    @property
    def columns(self) -> tuple[Cents, ...]:
        """Together, alone, saved, public money."""
        return self.price_cents, self.alone_cents, self.saved_cents, self.granted_cents


@frozen(kw_only=True)
class ServedRow:
    """What pools of one service, or of one chain of services, came to: by how many offers, pools and needs."""

    services: tuple[ServiceName, ...]
    offers: tuple[str, ...]
    pools: int
    needs: int
    columns: tuple[Cents, ...]


@frozen(kw_only=True)
class AloneRow:
    """How many needs of one service were served alone, and for how much."""

    service: ServiceName
    needs: int
    price_cents: Cents
    granted_cents: Cents


@frozen(kw_only=True)
class HouseholdRow:
    """What one household was promised over the whole time: prices, public money, savings."""

    household: str
    needs: int
    price_cents: Cents
    alone_cents: Cents
    granted_cents: Cents

    @property
    def columns(self) -> tuple[Cents, ...]:
        """Alone, together, saved, public money, what is left for the household to pay."""
        saved_cents = self.alone_cents - self.price_cents
        pays_cents = self.price_cents - self.granted_cents
        return self.alone_cents, self.price_cents, saved_cents, self.granted_cents, pays_cents


def pool_row(fact: PoolFormed) -> PoolRow:
    """Read a pool off the fact that formed it."""
    return PoolRow(
        pool=fact.pool,
        services=tuple(service_name(step.service) for step in fact.steps),
        offers=tuple(step.offer for step in fact.steps),
        members=tuple(sorted(fact.members, key=lambda member: member.need)),
        starts=fact.starts,
        period=fact.period,
        price_cents=fact.price_cents,
    )


def served_rows(pools: Iterable[PoolRow]) -> tuple[ServedRow, ...]:
    """Add up pools by service, or by chain of services: those with most needs first."""
    found: dict[tuple[ServiceName, ...], list[PoolRow]] = {}
    for pool in pools:
        found.setdefault(pool.services, []).append(pool)
    rows = (
        ServedRow(
            services=services,
            offers=tuple(sorted({offer for pool in mine for offer in pool.offers})),
            pools=len(mine),
            needs=sum(len(pool.needs) for pool in mine),
            columns=tuple(map(sum, zip(*(pool.columns for pool in mine), strict=True))),
        )
        for services, mine in found.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.needs, row.services)))


def alone_rows(pools: Iterable[PoolRow]) -> tuple[AloneRow, ...]:
    """Add up by service what was served alone."""
    single = [pool for pool in pools if not pool.together]
    rows = []
    for service in sorted({pool.services[0] for pool in single}):
        mine = [pool for pool in single if pool.services[0] == service]
        price_cents = sum(pool.price_cents for pool in mine)
        granted_cents = sum(pool.granted_cents for pool in mine)
        rows.append(AloneRow(service=service, needs=len(mine), price_cents=price_cents, granted_cents=granted_cents))
    return tuple(rows)


def household_rows(network: Network, pools: Iterable[PoolRow]) -> tuple[HouseholdRow, ...]:
    """Add up by household what pools promised, in order of id."""
    members: dict[str, list[PoolMember]] = {}
    for pool in pools:
        for member in pool.members:
            members.setdefault(network.needs[member.need].household, []).append(member)
    return tuple(_household(name, members[name]) for name in sorted(members))


def _household(name: str, members: Sequence[PoolMember]) -> HouseholdRow:
    return HouseholdRow(
        household=name,
        needs=len({member.need for member in members}),
        price_cents=sum(member.share_cents for member in members),
        alone_cents=sum(member.alone_cents for member in members),
        granted_cents=sum(member.granted_cents for member in members),
    )
