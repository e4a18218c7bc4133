"""Strategies, or scenarios, compared in pairs that met the same luck: common random numbers.

Two runs of one seed differ only in what their strategies do. The difference of
a measure is therefore taken within each seed, and its interval is Student's
over the seeds: it assumes that these differences are roughly normal, or many.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.measures import DEFINITIONS, Table
from wis_engine.measures.table import Cell
from wis_engine.simulation.ensembles import Ensemble

_PAIRS_MIN: Final = 2
_COLUMNS: Final = (
    *("measure", "unit", "base", "other", "pairs", "same_demand", "base_mean", "other_mean"),
    *("difference", "low", "high", "verdict", "fewer_runs"),
)
_SCALES: Final = {"ppm": (10_000, "%"), "milli": (1_000, "mean"), "cents": (100, "EUR")}
"""What people read for a unit, and how many of the unit one of that is."""
DEFAULT: Final = (
    *("coverage_ppm", "delivered_ppm", "saving_ppm", "together_ppm", "pool_size_milli", "wait_days_median"),
    *("walk_m_median", "utilisation_ppm", "gini_household_ppm", "gini_zone_ppm"),
)
"""The measures that are compared when none are named."""


@frozen(kw_only=True)
class Difference:
    """One measure, of one thing against another, over pairs of runs of the same seed.

    Attributes
    ----------
    base, other
        What is compared with what: names of strategies, or of scenarios.
    pairs
        Seeds of which both have the measure; those without it are left out.
    same_demand
        Pairs in which the needs declared are the same, byte for byte.
    base_mean, other_mean, difference
        Means over the pairs; the difference is other less base.
    low, high
        The interval of the difference (Student's t); None of fewer than two pairs.
    independent_variance, paired_variance
        Of the mean difference of one pair: what it would be if the runs had
        different luck, and what it is.
    """

    measure: str
    base: str
    other: str
    pairs: int
    same_demand: int
    base_mean: Fraction
    other_mean: Fraction
    difference: Fraction
    low: float | None
    high: float | None
    independent_variance: Fraction
    paired_variance: Fraction

    @property
    def fewer_runs(self) -> Fraction | None:
        """How many times fewer runs pairing takes for the same precision; None when the pairs differ by nothing."""
        return self.independent_variance / self.paired_variance if self.paired_variance else None

    @property
    def verdict(self) -> str:
        """«more», «less», «same» where no pair differs, «unclear» where the interval holds zero."""
        if self.low is None or self.high is None:
            return "unclear"
        if self.low > 0 or self.high < 0:
            return "more" if self.low > 0 else "less"
        return "unclear" if self.paired_variance else "same"

    @property
    def better(self) -> str | None:
        """Name the one that is better off, where the interval says so and the measure has a better end."""
        sign = {"more": 1, "less": -1}.get(self.verdict, 0) * DEFINITIONS[self.measure].better
        return None if not sign else self.other if sign > 0 else self.base

    def __str__(self) -> str:
        """One line: means, difference and interval, what that says."""
        title, unit = _told_unit(self.measure)
        base, other, difference, low, high = self.shown()
        span = f" [{low} to {high}]" if low else ""
        return (
            f"{title} ({unit}): {self.base} {base}, {self.other} {other},"
            f" difference {difference}{span} over {self.pairs} pairs: {self.verdict}"
        )

    def shown(self) -> tuple[str, ...]:
        """Both means, the difference and its interval as people read them: per cent, EUR; nothing for None."""
        scale = _SCALES.get(DEFINITIONS[self.measure].unit, (1, ""))[0]
        every = (self.base_mean, self.other_mean, self.difference, self.low, self.high)
        return tuple("" if one is None else _short(float(one) / scale) for one in every)


@frozen(kw_only=True)
class Comparison:
    """Differences of several measures, of everything against one base.

    `level_percent` is how often an interval like these holds the true difference.
    """

    by: str
    base: str
    level_percent: int
    differences: tuple[Difference, ...] = field(repr=False)

    def __getitem__(self, key: tuple[str, str]) -> Difference:
        """Give the difference of a measure for one of the others: `comparison["coverage_ppm", "by_zone"]`."""
        for one in self.differences:
            if (one.measure, one.other) == key:
                return one
        raise Malformed(f"no difference {key!r}")

    def table(self) -> Table:
        """One row for each difference; means and intervals as floats."""
        return Table.of("differences", _COLUMNS, map(_row, self.differences))

    def records(self) -> list[dict[str, Cell]]:
        """List the differences as records."""
        return self.table().records()

    def __str__(self) -> str:
        """One line for each difference."""
        return "\n".join(map(str, self.differences))

    def _repr_html_(self) -> str:
        """Draw the differences for a notebook."""
        rows = []
        for one in self.differences:
            base, other, difference, low, high = one.shown()
            span = f"{low} to {high}" if low else ""
            ends = (one.verdict, one.better or "", one.pairs)
            rows.append((*_told_unit(one.measure), one.other, base, other, difference, span, *ends))
        heads = ("measure", "unit", "other", f"mean of {self.base}", "mean of other", "difference")
        title = f"{self.by} against {self.base}, pairs of one seed, {self.level_percent} % intervals (Student's t)"
        return Table.of(title, (*heads, "interval", "verdict", "better", "pairs"), rows)._repr_html_()


def _told_unit(measure: str) -> tuple[str, str]:
    """Name a measure and the unit in which people read it."""
    one = DEFINITIONS[measure]
    return one.title, _SCALES[one.unit][1] if one.unit in _SCALES else one.unit


def _short(value: float) -> str:
    told = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if told == "-0" else told


def _row(one: Difference) -> tuple[Cell, ...]:
    means = (float(one.base_mean), float(one.other_mean), float(one.difference))
    fewer = None if one.fewer_runs is None else float(one.fewer_runs)
    unit = DEFINITIONS[one.measure].unit
    return (
        *(one.measure, unit, one.base, one.other, one.pairs, one.same_demand),
        *(*means, one.low, one.high, one.verdict, fewer),
    )


def compare(
    runs: Ensemble,
    *,
    base: str | None = None,
    by: str = "strategy",
    measures: Sequence[str] = DEFAULT,
    level_percent: int = 95,
) -> Comparison:
    """Compare the strategies of an ensemble with one of them, seed by seed.

    Parameters
    ----------
    base
        The strategy that the others are held against; the first when None.
    by
        «scenario» compares scenarios instead. Of the other one there must be
        a single one, or pairs are taken within each.
    measures
        Names of `DEFINITIONS`.
    level_percent
        Of the intervals.

    Raises
    ------
    Malformed
        There is no such measure or base, or nothing to compare it with.

    Notes
    -----
    Many measures, many intervals: of twenty at 95 % one misses by chance. Say
    beforehand which one a conclusion is to rest on.

    Source: Law, Simulation modeling and analysis, chapter 11 (paired t, common
    random numbers). The means are exact; the interval is in floats (scipy).
    """
    if by not in ("strategy", "scenario"):
        raise Malformed(f"by: {by!r} is neither strategy nor scenario")
    for name in measures:
        if name not in DEFINITIONS:
            raise Malformed(f"no measure {name!r}; there are {', '.join(DEFINITIONS)}")
    if type(level_percent) is not int or not 0 < level_percent < 100:  # noqa: PLR2004 - per cent
        raise Malformed("level_percent: not a whole number from 1 to 99")
    names = runs.strategies if by == "strategy" else runs.scenarios
    chosen = names[0] if base is None else base
    if chosen not in names or len(names) < _PAIRS_MIN:
        raise Malformed(f"nothing to compare with {chosen!r}; there are {', '.join(names)}")
    sides = {name: _by_luck(runs, by, name) for name in names}
    found = [
        _difference(measure, (chosen, sides[chosen]), (other, sides[other]), level_percent)
        for measure in measures
        for other in names
        if other != chosen
    ]
    return Comparison(by=by, base=chosen, level_percent=level_percent, differences=tuple(found))


Side = Mapping[tuple[Cell, Cell], Mapping[str, Any]]


def _by_luck(runs: Ensemble, by: str, name: str) -> Side:
    """Find the runs of one side by what they share with those of another: the seed, and the rest."""
    rest = "scenario" if by == "strategy" else "strategy"
    return {(row[rest], row["seed"]): row for row in runs.runs.where(**{by: name}).records()}


def _difference(measure: str, base: tuple[str, Side], other: tuple[str, Side], level_percent: int) -> Difference:
    shared = [key for key in base[1] if key in other[1]]
    pairs = [(base[1][key], other[1][key]) for key in shared]
    pairs = [pair for pair in pairs if pair[0][measure] is not None and pair[1][measure] is not None]
    if not pairs:
        raise Malformed(f"{measure}: {base[0]} and {other[0]} have no run of one seed that has it")
    first, second = ([Fraction(row[measure]) for row in side] for side in zip(*pairs, strict=True))
    differences = [b - a for a, b in zip(first, second, strict=True)]
    mean = _mean(differences)
    variance = _variance(differences)
    low, high = _interval(mean, variance, len(pairs), level_percent)
    return Difference(
        measure=measure,
        base=base[0],
        other=other[0],
        pairs=len(pairs),
        same_demand=sum(a["demand"] == b["demand"] for a, b in pairs),
        base_mean=_mean(first),
        other_mean=_mean(second),
        difference=mean,
        low=low,
        high=high,
        independent_variance=_variance(first) + _variance(second),
        paired_variance=variance,
    )


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _variance(values: Sequence[Fraction]) -> Fraction:
    """Estimate a variance from a sample; zero from one value."""
    mean = _mean(values)
    return sum(((one - mean) ** 2 for one in values), Fraction(0)) / max(1, len(values) - 1)


def _interval(mean: Fraction, variance: Fraction, pairs: int, level_percent: int) -> tuple[float | None, float | None]:
    if pairs < _PAIRS_MIN:
        return None, None
    from scipy.stats import t  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy; it ships no types

    reach = float(t.ppf(0.5 + level_percent / 200, pairs - 1)) * (float(variance) / pairs) ** 0.5
    return float(mean) - reach, float(mean) + reach
