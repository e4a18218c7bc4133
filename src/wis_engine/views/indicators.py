"""How many, counted from the facts: the indicators of the project card.

An indicator counts facts by when they happened (`occurred_at`), says the log
position that it was read at, its target or that there is none, and the ids it
counted with the facts of each, so that every number leads back to its facts.
Read up to an earlier position, the same period gives its figures as they were
known then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, Final, TypeAlias

from wis_engine.errors import Malformed
from wis_engine.facts import Event, Recorded
from wis_engine.network.parties import MeetingKind
from wis_engine.values import Period
from wis_engine.views import reach, results, use
from wis_engine.views.chronicle import Chronicle
from wis_engine.views.figures import DEFINITIONS, Indicator, Readings, figure

__all__ = ["READS", "Indicator", "Indicators", "indicators"]
from wis_engine.views.view import Handler, Row, View

Counter: TypeAlias = Callable[[Chronicle, Period], Readings]


COUNTERS: Final[dict[str, Counter]] = {
    "I1.1": reach.recipients,
    "I1.2": reach.firms_won,
    "I1.2a": reach.firms_sensitised,
    "I1.2b": reach.firms_involved,
    "I1.3": reach.suppliers_reached,
    "I2.1": reach.meetings(MeetingKind.STEERING_BOARD),
    "I2.2": reach.meetings(MeetingKind.WORKING_GROUP),
    "I2.3": reach.meetings(MeetingKind.MONITORING),
    "I3.1": reach.consultations,
    "I3.2": reach.personal_plans,
    "I3.3": reach.consultations_in_firms,
    "I4.1": use.requests,
    "I4.2a": use.services_delivered,
    "I4.2b": use.time_delivered,
    "I4.2c": use.vouchers_used,
    "I4.2d": use.agreements,
    "I4.2e": use.accesses,
    "I4.3": use.people,
    "I4.4": use.households,
    "I4.5a": use.suppliers_involved,
    "I4.5b": use.suppliers_active,
    "I4.5c": use.deliveries,
    "X1": results.life,
    "X2": results.climate,
    "X3": results.time_saved,
    "X4": results.shared_among_firms,
    "X5": use.deliveries,
    "X6": results.aggregation,
    "X7": results.unmet,
    "X8": results.sources,
    "X9": results.paternity,
}
"""What counts each figure of `DEFINITIONS`."""

NOTES: Final[dict[str, Callable[[Chronicle, Period], str]]] = {
    "I2.1": reach.board_note,
    "I4.2e": lambda _chronicle, _period: use.ACCESS_RULE,
}
"""What some figures do not say alone."""


class Indicators(View):
    """The figures of the project, over any period, as far as it has read.

    It takes facts one by one; `of` and `why` then answer for any period.
    """

    READS: ClassVar[tuple[type[Event], ...]] = Chronicle.READS

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self._chronicle = Chronicle()
        super().__init__(zone=zone)

    def handlers(self) -> Mapping[type[Event], Handler]:
        """Let the chronicle write."""
        return self._chronicle.handlers()

    @property
    def period(self) -> Period | None:
        """The time of the project, once one is planned."""
        return self._chronicle.period

    def of(self, period: Period) -> tuple[Indicator, ...]:
        """Count every figure over a period of local dates, in the order of the card."""
        return tuple(self.one(name, period) for name in DEFINITIONS)

    def one(self, name: str, period: Period) -> Indicator:
        """Count one figure.

        Raises
        ------
        Malformed
            There is no such figure.
        """
        if name not in COUNTERS:
            raise Malformed(f"no indicator {name!r}; there are {', '.join(COUNTERS)}")
        readings = COUNTERS[name](self._chronicle, period)
        return figure(
            DEFINITIONS[name],
            readings,
            period=period,
            position=self.position,
            target=self._chronicle.targets.get(name),
            note=NOTES[name](self._chronicle, period) if name in NOTES else "",
        )

    def records(self, period: Period | None = None) -> list[Row]:
        """List figures and their variants, one row each, over a period or the time of the project; none before it."""
        during = period or self.period
        return [row for one in self.of(during) for row in _rows(one)] if during else []

    def reported(self) -> list[Row]:
        """List the figures of every report that was issued, beside what is known of their periods by now."""
        return [
            {
                "report": report.report,
                "period": str(report.period),
                "position": report.position,
                "indicator": told.indicator,
                "reported": told.value,
                "known": self.one(told.indicator, report.period).value if told.indicator in COUNTERS else None,
            }
            for report in self._chronicle.reports
            for told in report.figures
        ]


def _rows(indicator: Indicator) -> Iterator[Row]:
    """Tell a figure, then its other readings and parts, which have no target."""
    common: Row = {"indicator": indicator.id, "phase": indicator.phase, "title": indicator.title}
    where: Row = {"scope": indicator.scope, "period": str(indicator.period), "position": indicator.position}
    whole: Row = {"value": indicator.value, "unit": indicator.unit, "target": indicator.target}
    yield common | {"split": "", "variant": ""} | whole | where
    for one in indicator.variants:
        part: Row = {"split": one.split, "variant": one.name, "value": one.value, "unit": one.unit, "target": None}
        yield common | part | where


READS: Final = Indicators.READS


def indicators(records: Iterable[Recorded], period: Period, *, position: int, zone: str) -> tuple[Indicator, ...]:
    """Count every figure over a period of local dates, from recorded facts up to a position.

    Parameters
    ----------
    records
        Recorded facts up to `position`, in order; others than `READS` are passed over.
    zone
        Time zone that turns the instant of a fact into its local date.
    """
    return Indicators(zone=zone).read(records, position=position).of(period)
