"""A community measured: its tables, and one row of numbers that stands for it."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.measures import money, spread, supply, wanted
from wis_engine.measures.definitions import DEFINITIONS
from wis_engine.measures.growth import COLUMNS
from wis_engine.measures.growth import growth as months_of
from wis_engine.measures.reading import BY_HOUSEHOLD, Broken, Reading
from wis_engine.measures.shares import mean_milli, ppm, ranked
from wis_engine.measures.table import Cell, Table
from wis_engine.values import Period

DISRUPTIONS: Final = ("what", "by", "needs", "sessions")


class Measures:
    """What came of a community in a period: tables, and one summary; each is worked out when it is first asked for.

    Parameters
    ----------
    community
        A simulated or a real one, that nobody writes to meanwhile: `as_of` gives such a one.
    period
        Local dates; from the first need or money up to today when None.

    Notes
    -----
    One pass over the facts of needs, pools and disruptions; the rest is read
    from the network. Zones and firms of needs are personal: where a household
    was erased they are not known any more.

    Examples
    --------
    >>> import wis_engine as wis
    >>> from wis_engine.measures import Measures
    >>> measures = Measures(wis.Community.open("memory:"))
    >>> measures["needs"], measures["coverage_ppm"]
    (0, None)
    """

    def __init__(self, community: Community, period: Period | None = None) -> None:
        if not isinstance(community, Community):
            raise Malformed(f"no community: {type(community).__name__}")
        if period is not None and type(period) is not Period:
            raise Malformed(f"no period: {type(period).__name__}")
        reading = Reading(community)
        self._reading, self._community = reading, community
        self.period = period or reading.whole
        self._fates = [one for _, one in sorted(reading.fates.items()) if one.declared in self.period]
        self._pools = [one for one in reading.pools if one.day in self.period]

    @cached_property
    def needs(self) -> Table:
        """One row for each need declared in the period."""
        return wanted.needs(self._reading, self._fates)

    @cached_property
    def pools(self) -> Table:
        """One row for each pool formed in the period."""
        return wanted.pools(self._reading, self._pools)

    @cached_property
    def pool_sizes(self) -> Table:
        """How many needs and pools there are of each size of pool."""
        return wanted.pool_sizes(self._fates, self._pools)

    @cached_property
    def months(self) -> Table:
        """Needs, promises, deliveries and money, summed up to the end of each month."""
        return wanted.months(self._reading, self._fates, self.period)

    @cached_property
    def waiting(self) -> Table:
        """How many days needs waited for their first session."""
        return wanted.waiting(self._fates)

    @cached_property
    def suppliers(self) -> Table:
        """Capacity, promised and delivered minutes of each supplier."""
        return supply.suppliers(self._reading, self.period)

    @cached_property
    def weeks(self) -> Table:
        """Capacity and delivered minutes of each supplier and week."""
        return supply.weeks(self._reading, self.period)

    @cached_property
    def flows(self) -> Table:
        """From action through way of serving to supplier."""
        return supply.flows(self._reading, self._fates)

    @cached_property
    def budget(self) -> Table:
        """Public money granted, held, paid and left, day by day and action."""
        return money.budget(self._reading, self.period)

    @cached_property
    def groups(self) -> Table:
        """What each household, firm, size of firm, zone, municipio and action asked for and got."""
        return spread.groups(self.needs)

    @cached_property
    def lorenz(self) -> Table:
        """Curves of how minutes, coverage and saving are spread."""
        return spread.lorenz(self.groups)

    @cached_property
    def disruptions(self) -> Table:
        """What was promised and not kept, and by whom: needs, and sessions where it was single ones."""
        found: dict[tuple[str, str], set[str]] = {}
        sessions: Counter[tuple[str, str]] = Counter()
        for one in self._broken:
            found.setdefault((one.what, one.by), set()).add(one.need)
            sessions[one.what, one.by] += one.sessions
        rows = ((*key, len(found[key]), sessions[key]) for key in sorted(found))
        return Table.of("disruptions", DISRUPTIONS, rows)

    @cached_property
    def growth(self) -> Table:
        """Firms, people, suppliers and relations at the end of each month of the period, of the last 36."""
        kept = [name for name in COLUMNS if name != "accesses"]
        months = months_of(self._community, self.period)
        rows: Iterator[tuple[Cell, ...]] = (
            (one.first_day, *(one.counts[COLUMNS.index(name)] for name in kept)) for one in months
        )
        return Table.of("growth", ("month_day", *kept), rows)

    @cached_property
    def _broken(self) -> list[Broken]:
        known = {one.fact.need for one in self._fates}
        return [one for one in self._reading.broken if one.need in known]

    def summary(self) -> Table:
        """One number for each of `DEFINITIONS`, in one row."""
        return Table.of("summary", tuple(DEFINITIONS), [tuple(self._numbers[name] for name in DEFINITIONS)])

    def __getitem__(self, name: str) -> int | None:
        """Give one measure by its name; None where there is nothing to measure."""
        if name not in DEFINITIONS:
            raise Malformed(f"no measure {name!r}; there are {', '.join(DEFINITIONS)}")
        return self._numbers[name]

    def _repr_html_(self) -> str:
        """Draw the summary for a notebook, one line a measure, with unit and what counts."""
        names = ("measure", "value", "unit", "counts")
        rows = ((one.title, self._numbers[one.name], one.unit, one.counts) for one in DEFINITIONS.values())
        return Table.of(f"measures, {self.period}", names, rows)._repr_html_()

    @cached_property
    def _numbers(self) -> dict[str, int | None]:
        return self._of_needs() | self._of_promises() | self._of_supply() | self._of_spread() | self._of_members()

    def _of_needs(self) -> dict[str, int | None]:
        needs, fates = self.needs, self._fates
        served = len(needs.numbers("wait_days"))
        asked, delivered = sum(needs.numbers("asked_minutes")), sum(needs.numbers("delivered_minutes"))
        return {
            "needs": len(fates),
            "promised": len(needs.numbers("notice_days")),
            "served": served,
            "coverage_ppm": ppm(served, len(fates)),
            "unmet": sum(wanted.is_unmet(self._reading, one) for one in fates),
            "asked_minutes": asked,
            "delivered_minutes": delivered,
            "delivered_ppm": ppm(delivered, asked),
            "notice_days_median": ranked(needs.numbers("notice_days"), 50),
            "wait_days_median": ranked(needs.numbers("wait_days"), 50),
            "wait_days_p90": ranked(needs.numbers("wait_days"), 90),
            "late_days_median": ranked(needs.numbers("late_days"), 50),
            "walk_m_median": ranked(needs.numbers("walk_m"), 50),
        }

    def _of_promises(self) -> dict[str, int | None]:
        needs = self.needs
        sizes = needs.numbers("pool_size")
        promised, together = len(sizes), sum(size > 1 for size in sizes)
        alone, saved = sum(needs.numbers("alone_cents")), sum(needs.numbers("saved_cents"))
        given_up = {one.need for one in self._broken if one.by == BY_HOUSEHOLD}
        disrupted = {one.need for one in self._broken if one.by != BY_HOUSEHOLD}
        return {
            "price_cents": sum(needs.numbers("price_cents")),
            "alone_cents": alone,
            "granted_cents": sum(needs.numbers("granted_cents")),
            "saved_cents": saved,
            "saving_ppm": ppm(saved, alone),
            "pools": len(self._pools),
            "together": together,
            "together_ppm": ppm(together, promised),
            "chained": sum(needs.numbers("chained")),
            "pool_size_milli": mean_milli(sizes),
            "disrupted": len(disrupted),
            "disruption_ppm": ppm(len(disrupted), promised),
            "given_up": len(given_up),
        }

    def _of_supply(self) -> dict[str, int | None]:
        delivered = self.suppliers.numbers("delivered_minutes")
        budget = sum(cents for (day, _), cents in self._reading.granted.items() if day < self.period.end)
        paid = money.paid_cents(self._reading, self.period)
        return {
            "utilisation_ppm": ppm(sum(delivered), sum(self.suppliers.numbers("capacity_minutes"))),
            "active_suppliers": sum(minutes > 0 for minutes in delivered),
            "budget_cents": budget,
            "paid_cents": paid,
            "burn_ppm": ppm(paid, budget),
        }

    def _of_spread(self) -> dict[str, int | None]:
        return {
            "gini_household_ppm": spread.gini(self.groups, "household", "minutes"),
            "gini_size_ppm": spread.gini(self.groups, "size", "coverage"),
            "gini_zone_ppm": spread.gini(self.groups, "zone", "coverage"),
        }

    def _of_members(self) -> dict[str, int | None]:
        network = self._reading.network
        enrolled = {person for firm in network.firms for person in network.links.targets(firm, "employs")}
        return {
            "firms": sum(firm.member for firm in network.firms.values()),
            "people": len(enrolled),
            "households": len(network.households),
            "offers": len(network.opened("offer")),
        }
