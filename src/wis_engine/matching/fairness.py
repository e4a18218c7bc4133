"""Who gets how much of a plan: coverage and saving by size of firm, firm, zone and household.

Measured and shown, never a level of the objective. A group is fairly treated
when it is covered as much as others in proportion to what it asks for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from attrs import field, frozen

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.plan import Plan
from wis_engine.matching.problem import Need, Problem
from wis_engine.matching.rules import Rule
from wis_engine.shapes import natural
from wis_engine.values import Cents, Minutes

_MILLION: Final = 1_000_000
_COLUMNS: Final = ("needs", "served", "minutes", "covered_minutes", "coverage_ppm", "saving_cents", "household_cents")


@frozen(kw_only=True)
class Share:
    """What one group asks for and gets.

    Attributes
    ----------
    group
        Size class, id of the firm or household, or number of the zone; empty
        for needs of which it is not known.
    saving_cents
        What its members' places cost less than alone; below zero, more.
    """

    group: str
    needs: int = field(validator=natural)
    served: int = field(validator=natural)
    minutes: Minutes = field(validator=natural)
    covered_minutes: Minutes = field(validator=natural)
    saving_cents: int
    household_cents: Cents = field(validator=natural)

    @property
    def coverage_ppm(self) -> int:
        """Covered minutes in millionths of those asked for, rounded down."""
        return self.covered_minutes * _MILLION // self.minutes


@frozen(kw_only=True)
class Measure:
    """One way to group needs, the share of each group, and how unequal the groups are.

    Attributes
    ----------
    shares
        By group.
    coverage_gini_ppm, saving_gini_ppm
        Gini coefficients in millionths: of coverage, and of cents saved for
        each hour asked for, where a group that saves nothing or less counts as
        0. The mean difference between two groups, each pair both ways, over
        twice the mean: 0 where all are alike, and nearly a million where one
        of many has all. Every group counts once, however large; needs whose
        group is not known are left out.
    """

    by: str
    shares: tuple[Share, ...]
    coverage_gini_ppm: int = field(validator=natural)
    saving_gini_ppm: int = field(validator=natural)


@frozen(kw_only=True)
class Fairness:
    """The measures of one plan."""

    measures: tuple[Measure, ...]

    def __getitem__(self, by: str) -> Measure:
        """Give the measure by «size», «firm», «zone» or «household»; raise `KeyError` for any other."""
        for measure in self.measures:
            if measure.by == by:
                return measure
        raise KeyError(by)

    def records(self) -> list[dict[str, Any]]:
        """Rows for a table or a frame, one a group."""
        return [
            {"by": measure.by, "group": share.group, **{name: getattr(share, name) for name in _COLUMNS}}
            for measure in self.measures
            for share in measure.shares
        ]

    def _repr_html_(self) -> str:
        """Draw the rows as a table, for a notebook."""
        rows = self.records()
        head = "".join(f"<th>{name}</th>" for name in ("by", "group", *_COLUMNS))
        body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row.values())}</tr>" for row in rows)
        ginis = ", ".join(f"{one.by} {one.coverage_gini_ppm / _MILLION:.3f}" for one in self.measures)
        return f"<table><caption>Gini of coverage: {ginis}</caption><tr>{head}</tr>{body}</table>"


def fairness(problem: Problem, plan: Plan, sizes: Mapping[str, str] | None = None) -> Fairness:
    """Measure how coverage and saving are spread.

    Parameters
    ----------
    sizes
        The size class of each firm; without it there is no measure by size.

    Raises
    ------
    Malformed
        What is given is no problem or no plan.
    PlanError
        The plan answers another problem.

    Examples
    --------
    >>> from wis_engine.matching import Need, Offer, Option, Problem, fairness, solve
    >>> needs = [Need(id=f"n{k}", firm=f"f{k}", minutes=60) for k in (1, 2)]
    >>> problem = Problem(
    ...     needs=needs,
    ...     offers=[Offer(id="o", capacity_minutes=60)],
    ...     options=[Option(need=need.id, offer="o", minutes=60, price_cents=900) for need in needs],
    ... )
    >>> by_firm = fairness(problem, solve(problem))["firm"]
    >>> [(share.group, share.coverage_ppm) for share in by_firm.shares], by_firm.coverage_gini_ppm
    ([('f1', 1000000), ('f2', 0)], 500000)
    """
    if type(problem) is not Problem or type(plan) is not Plan:
        raise Malformed("not a Problem and its Plan")
    if plan.problem != problem.digest:
        raise PlanError(Rule.PROBLEM, "the plan answers another problem")
    ways: dict[str, Callable[[Need], str]] = {
        "firm": lambda need: need.firm,
        "zone": lambda need: "" if need.zone is None else str(need.zone),
        "household": lambda need: need.household,
    }
    if sizes is not None:
        ways = {"size": lambda need: sizes.get(need.firm, ""), **ways}
    return Fairness(measures=tuple(_measure(by, way, problem, plan) for by, way in ways.items()))


def _measure(by: str, group: Callable[[Need], str], problem: Problem, plan: Plan) -> Measure:
    members = {member.need: member for pool in plan.pools for member in pool.members}
    groups: dict[str, list[Need]] = {}
    for need in problem.needs:
        groups.setdefault(group(need), []).append(need)
    shares = []
    for name, needs in sorted(groups.items(), key=lambda one: _in_order(one[0])):
        served = [need for need in needs if need.id in members]
        shares.append(
            Share(
                group=name,
                needs=len(needs),
                served=len(served),
                minutes=sum(need.minutes for need in needs),
                covered_minutes=sum(need.minutes for need in served),
                saving_cents=sum(members[need.id].saving_cents for need in served),
                household_cents=sum(members[need.id].household_cents for need in served),
            )
        )
    known = [share for share in shares if share.group]
    return Measure(
        by=by,
        shares=tuple(shares),
        coverage_gini_ppm=gini_ppm([share.coverage_ppm for share in known]),
        saving_gini_ppm=gini_ppm([max(0, share.saving_cents) * _MILLION // share.minutes for share in known]),
    )


def _in_order(group: str) -> tuple[int, str]:
    """Numbers by size, then names."""
    return (int(group), "") if group.isdecimal() else (-1 if not group else _MILLION, group)


def gini_ppm(values: Iterable[int]) -> int:
    """Gini coefficient of some values of 0 or more, in millionths, rounded down; 0 for none and for zeros.

    Examples
    --------
    >>> gini_ppm([3, 3, 3]), gini_ppm([0, 0, 0, 10]), gini_ppm([1, 3])
    (0, 750000, 250000)
    """
    ordered: Sequence[int] = sorted(values)
    total, count = sum(ordered), len(ordered)
    # Between sorted values, twice the sum of differences of pairs is a weighted sum.
    weighted = sum((2 * place - count + 1) * value for place, value in enumerate(ordered))
    return weighted * _MILLION // (count * total) if total else 0
