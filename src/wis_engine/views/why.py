"""Why a figure is what it is: from a number to the facts that made it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import attrs

from wis_engine.errors import Malformed
from wis_engine.facts import Event, Recorded
from wis_engine.values import Period
from wis_engine.views.figures import Counted, Indicator, Variant
from wis_engine.views.indicators import Indicators


class Read(Protocol):
    """How recorded facts are read: `Community.events` is one such way."""

    def __call__(self, *, types: Iterable[type[Event]], until: int) -> Iterable[Recorded]:
        """Read the facts of some types up to a position, in order."""
        ...


@attrs.frozen(kw_only=True)
class Trace:
    """One id that a figure counted, what it adds, and the facts that made it count, in order."""

    id: str
    amount: int
    facts: tuple[Recorded, ...]


@attrs.frozen(kw_only=True)
class Why:
    """A figure, or one of its variants, and the trace of each id that it counted."""

    indicator: Indicator
    variant: Variant | None
    traces: tuple[Trace, ...]

    def lines(self) -> Iterator[str]:
        """Tell it as text: the figure, then each id with its facts, by position, date and the ids that they name."""
        one, part = self.indicator, self.variant
        target = "no target" if one.target is None or part else f"target {one.target}"
        shown = (part.value, part.unit) if part else (one.value, one.unit)
        which = f", {_named(part)}" if part else ""
        yield f"{one.id} {one.title}{which}: {shown[0]} {shown[1]} ({target})"
        yield f"{one.scope}, {one.period}, as known at position {one.position}"
        for trace in self.traces:
            yield f"{trace.id}: {trace.amount}"
            for told in trace.facts:
                fact = told.fact
                assert fact is not None, "a fact was counted"
                yield f"  {told.position}  {told.occurred_at.date()}  {fact.name}  {' '.join(fact.about())}"


def _named(variant: Variant) -> str:
    return f"{variant.split}={variant.name}" if variant.split else variant.name


def why(name: str, period: Period, *, read: Read, position: int, zone: str) -> Why:
    """Trace a figure to the facts that made it.

    Parameters
    ----------
    name
        Id of an indicator («I4.2e»), of one of its readings («I4.2e:confirmed
        sessions») or of one of its parts («I1.1:role=employee»).
    read
        Reads the log, twice: `Community.events` does.
    position
        How far to read.
    zone
        Time zone that turns the instant of a fact into its local date.

    Returns
    -------
    The figure with one trace for each id, in order of id.

    Raises
    ------
    Malformed
        There is no such figure, or nothing of it bears that name.
    """
    ident, _, wanted = name.partition(":")
    view = Indicators(zone=zone).read(read(types=Indicators.READS, until=position), position=position)
    indicator = view.one(ident, period)
    variant = _variant(indicator, wanted) if wanted else None
    counted = variant.counted if variant else indicator.counted
    needed = {place for one in counted for place in one.facts}
    found: dict[int, list[Recorded]] = {}
    for recorded in read(types=Indicators.READS, until=position):
        if recorded.position in needed:
            found.setdefault(recorded.position, []).append(recorded)
    return Why(indicator=indicator, variant=variant, traces=tuple(_trace(one, found) for one in counted))


def _variant(indicator: Indicator, wanted: str) -> Variant:
    for one in indicator.variants:
        if _named(one) == wanted:
            return one
    names = ", ".join(map(_named, indicator.variants)) or "none"
    raise Malformed(f"{indicator.id} has no variant {wanted!r}; there are {names}")


def _trace(one: Counted, found: dict[int, list[Recorded]]) -> Trace:
    return Trace(id=one.id, amount=one.amount, facts=tuple(fact for place in one.facts for fact in found[place]))
