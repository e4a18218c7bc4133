"""A plan as tables for a spreadsheet: who is served how, and why, need by need.

A text that a spreadsheet would take for a formula is written behind a quote
mark, so that nobody's cell computes anything where the table is opened.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from wis_engine.matching import Diagnostic, Plan, PlanPool, Problem
from wis_engine.matching.plan import Member
from wis_engine.matching.problem import ANY_WEEK
from wis_engine.values import DAYS, SLOTS_A_DAY, Cents, clock_text

PLAN_HEADER: Final = (
    *("need", "household", "firm", "pool", "people", "service", "offers", "starts", "first_day", "last_day"),
    *("sessions", "session_minutes", "share_eur", "public_money_eur", "household_eur", "alone_eur", "saving_eur"),
)
REASONS_HEADER: Final = ("need", "served", "reasons", "explanation", "remedy")
DIAGNOSTICS_HEADER: Final = ("table", "row", "column", "what", "why")
BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int
Row = tuple[Cell, ...]


@attrs.frozen(kw_only=True)
class Form:
    """How a table is written: as the spreadsheet that it goes back to reads it.

    Attributes
    ----------
    delimiter
        What stands between columns; with a semicolon, decimals have a comma.
    """

    delimiter: str = ","

    def amount(self, cents: Cents) -> "Amount":
        """Write an amount as a number: «12,50» or «12.50»."""
        mark = "," if self.delimiter == ";" else "."
        sign = "-" if cents < 0 else ""
        return Amount(f"{sign}{abs(cents) // 100}{mark}{abs(cents) % 100:02d}")

    def table(self, header: Sequence[str], rows: Iterable[Row]) -> str:
        """Write a table as CSV, with the mark by which spreadsheets know UTF-8."""
        written = io.StringIO()
        writer = csv.writer(written, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows([_harmless(cell) for cell in row] for row in rows)
        return BYTE_ORDER_MARK + written.getvalue()


class Amount(str):
    """Digits of our own making, which may begin with a minus."""

    __slots__ = ()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and not isinstance(cell, Amount) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def plan_rows(problem: Problem, plan: Plan, form: Form) -> list[Row]:
    """One row for each need that is served, by pool and then by need."""
    needs = {need.id: need for need in problem.needs}
    rows: list[Row] = []
    for pool in plan.pools:
        offers = " > ".join(_offers(plan, pool))
        for member in pool.members:
            need = needs[member.need]
            service = need.service or " > ".join(step.service for step in need.steps)
            rows.append(
                (
                    *(need.id, need.household, need.firm, pool.id, len(pool.members), service, offers),
                    *(_begins(pool), *_days(pool), need.sessions, pool.session_minutes),
                    *_amounts(member, form),
                )
            )
    return rows


def _offers(plan: Plan, pool: PlanPool) -> tuple[str, ...]:
    chain = next((chain for chain in plan.chains if chain.id == pool.chain), None)
    return (pool.offer or "",) if chain is None else tuple(step.offer for step in chain.steps)


def _begins(pool: PlanPool) -> str:
    """Say when in the week its sessions begin: «mon 16:00, wed 16:00»."""
    begins = (divmod(slot, SLOTS_A_DAY) for slot in pool.starts or ())
    return ", ".join(f"{DAYS[day]} {clock_text(slot)}" for day, slot in begins)


def _days(pool: PlanPool) -> tuple[str, str]:
    if pool.period in (None, ANY_WEEK):
        return "", ""
    assert pool.period is not None
    return pool.period.start.isoformat(), (pool.period.end - dt.timedelta(days=1)).isoformat()


def _amounts(member: Member, form: Form) -> tuple[Amount, ...]:
    granted_cents = sum(grant.cents for grant in member.grants)
    every = (member.share_cents, granted_cents, member.household_cents, member.alone_cents, member.saving_cents)
    return tuple(map(form.amount, every))


def reason_rows(problem: Problem, plan: Plan, remedies: Mapping[str, str], language: str) -> list[Row]:
    """One row for each need: whether it is served, why in words, and what would serve it where that is known."""
    explained = (plan.explain(need.id) for need in problem.needs)
    return [
        (
            *(one.need, "yes" if one.served else "no", " ".join(one.reasons)),
            *(one.text(language), remedies.get(one.need, "")),
        )
        for one in explained
    ]


def diagnostic_rows(diagnostics: Iterable[Diagnostic]) -> list[Row]:
    """One row for each thing that was left out."""
    return [(one.table, one.row, one.column, one.what, one.why) for one in diagnostics]
