"""Matching the user's own spreadsheets: a plan, its reasons, and what could not be read, in a folder."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wis_engine import catalogue
from wis_engine.cli.advice import GAINS_HEADER, Advice, advise, gain_rows
from wis_engine.cli.exchange import SHOWN
from wis_engine.cli.files import require_free, whole_file
from wis_engine.cli.looking import bar
from wis_engine.errors import Malformed
from wis_engine.interop.plan_tables import (
    BYTE_ORDER_MARK,
    DIAGNOSTICS_HEADER,
    PLAN_HEADER,
    REASONS_HEADER,
    Form,
    diagnostic_rows,
    plan_rows,
    reason_rows,
)
from wis_engine.interop.spreadsheets import FILE_BYTES_MAX, OwnData, Sheet, read_spreadsheets
from wis_engine.matching import Diagnostic, Plan, Progress, solve
from wis_engine.matching.explain import euro
from wis_engine.matching.words import words

PARTLY: Final = 2
PLAN: Final = "plan.json"
PLAN_TABLE: Final = "plan.csv"
REASONS_TABLE: Final = "explanations.csv"
REASONS: Final = "explanations.txt"
GAINS: Final = "opportunities.csv"
DIAGNOSTICS: Final = "diagnostics.csv"
_MADE_BY: Final = "wis-engine match"
_BEGINS: Final = {
    PLAN: f'{{\n "made_by": "{_MADE_BY}"',
    PLAN_TABLE: BYTE_ORDER_MARK + PLAN_HEADER[0],
    REASONS_TABLE: BYTE_ORDER_MARK + REASONS_HEADER[0],
    REASONS: "",
    GAINS: BYTE_ORDER_MARK + GAINS_HEADER[0],
    DIAGNOSTICS: BYTE_ORDER_MARK + DIAGNOSTICS_HEADER[0],
}
"""How each file of ours begins; the reasons are in any language, and say in their first line who wrote them."""
_BEST: Final = 3
"""So many opportunities are printed."""
_SHORT: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}


def match_tables(asked: Namespace) -> int:
    """Match what the tables hold; exit code 2 when something in them was left out."""
    paths = {"needs": asked.needs, "offers": asked.offers, "budgets": asked.budgets}
    _require_free(asked.out)
    contents = {table: _content(path) for table, path in paths.items() if path is not None}
    own = read_spreadsheets(contents["needs"], contents["offers"], contents.get("budgets"))
    _require_rows(own, paths)
    with bar("matching", asked.effort) as move:
        plan = solve(
            own.problem,
            asked.strategy,
            seed=asked.seed,
            effort=asked.effort,
            split=asked.split,
            progress=lambda now: move(now.step, _told(now)),
        )
    advice = advise(own.problem, plan, asked.advice)
    form = Form(delimiter=own.sheets[0].delimiter)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, text in _written(own, plan, advice, form, asked.lang).items():
        with whole_file(asked.out / name) as held:
            held.write(text.encode())
    _print_diagnostics(own.diagnostics, f": see {DIAGNOSTICS}")
    _print_plan(own, plan, paths)
    _print_advice(advice)
    print(f"In {asked.out}: {', '.join(_BEGINS)}.")
    return PARTLY if own.diagnostics else 0


def _told(now: Progress) -> str:
    """Say how far a search has come, in percent of what no plan can pass."""
    return f"matching: {now.value * 100 // max(1, now.bound)} % of what could be covered"


def _content(path: Path) -> bytes:
    """Read a file, and of one that is too large only so much that it shows."""
    with path.open("rb") as held:
        return held.read(FILE_BYTES_MAX + 1)


def _require_rows(own: OwnData, paths: dict[str, Path | None]) -> None:
    """Stop where a table gives nothing at all: there is nothing to match. What is wrong with its rows is told first."""
    for sheet in own.sheets:
        if sheet.taken:
            continue
        mine = [one for one in own.diagnostics if one.table == sheet.table]
        if sheet.rows and mine[1:]:
            _print_diagnostics(mine)
            raise Malformed(f"{paths[sheet.table]}: no {sheet.table} in it: none of its {sheet.rows} rows can be read")
        # What is wrong with the table as a whole comes after what is wrong with its columns.
        why = f"; row {mine[-1].row}: {mine[-1].why}" if mine else ""
        raise Malformed(f"{paths[sheet.table]}: no {sheet.table} in it{why}")


def _require_free(out: Path) -> None:
    """Spare whatever is no earlier match of this command, before anything is written."""
    for name, begins in _BEGINS.items():
        require_free(
            out / name, begins=begins.encode(), holds=b"" if begins else f"({_MADE_BY})".encode(), what="match"
        )


def _written(own: OwnData, plan: Plan, advice: Advice, form: Form, language: str) -> dict[str, str]:
    """Write all files, by name."""
    problem = own.problem
    answered = {"made_by": _MADE_BY, "problem": problem.to_dict(), "plan": plan.to_dict()}
    remedies = {need.id: advice.told(need.id, language) for need in problem.needs}
    why = [f"{plan.explain(need).text(language)} {remedy}".strip() for need, remedy in remedies.items()]
    title = words(language)("say.title", plan=plan.id)
    return {
        PLAN: json.dumps(answered, indent=1, ensure_ascii=False) + "\n",
        PLAN_TABLE: form.table(PLAN_HEADER, plan_rows(problem, plan, form)),
        REASONS_TABLE: form.table(REASONS_HEADER, reason_rows(problem, plan, remedies, language)),
        REASONS: "\n".join([f"{title} ({_MADE_BY})", "", *why, ""]),
        GAINS: form.table(GAINS_HEADER, gain_rows(advice, form, language)),
        DIAGNOSTICS: form.table(DIAGNOSTICS_HEADER, diagnostic_rows(own.diagnostics)),
    }


def _print_diagnostics(diagnostics: Sequence[Diagnostic], where: str = "") -> None:
    for one in diagnostics[:SHOWN]:
        print(one, file=sys.stderr)
    hidden = len(diagnostics[SHOWN:])
    if hidden:
        print(f"{hidden} more{where}", file=sys.stderr)


def _print_plan(own: OwnData, plan: Plan, paths: dict[str, Path | None]) -> None:
    for sheet in own.sheets:
        print(f"{paths[sheet.table]}: {_read(sheet)}")
    members = [member for pool in plan.pools for member in pool.members]
    shares, alone = sum(one.share_cents for one in members), sum(one.alone_cents for one in members)
    if plan.stopped is not None:
        print(f"Stopped at step {plan.stopped}: this is the best plan until then.")
    print(f"{len(members)} of {len(own.problem.needs)} needs are served; pools: {len(plan.pools)}.")
    print(f"Together they cost {euro(shares)}; each alone, {euro(alone)}.")
    for one in plan.unmatched[:SHOWN]:
        print(one)
    strange = _offered_by_nobody(own)
    if strange:
        print(f"Not in the catalogue, and no offer says the same word: {', '.join(strange)}.")
    if plan.unmatched[SHOWN:]:
        print(f"{len(plan.unmatched[SHOWN:])} more are not served: see {REASONS}.")


def _offered_by_nobody(own: OwnData) -> list[str]:
    """List services by words of one's own that no offer has: they may be meant for one that it has, otherwise named."""
    wanted = {need.service for need in own.problem.needs} | {
        step.service for need in own.problem.needs for step in need.steps
    }
    known = {str(one.code) for one in catalogue.services()} | {offer.service for offer in own.problem.offers}
    return sorted(wanted - known - {""})


def _print_advice(advice: Advice) -> None:
    """Say what would help most, and how much was not tried."""
    for _, _, gain in advice.best()[:_BEST]:
        print(gain)
    if advice.left:
        print(f"Needs not looked through for what would serve them: {advice.left}; --advice looks longer.")
    if advice.untried is None:
        print("No change of the plan was tried; --advice tries some.")
    elif advice.untried:
        print(f"Changes of the plan not tried: {advice.untried}; --advice tries more.")


def _read(sheet: Sheet) -> str:
    """Say how a table was read, so that a wrong reading of its text is seen."""
    divided = _SHORT.get(sheet.delimiter, f"«{sheet.delimiter}»")
    return f"{sheet.taken} of {sheet.rows} rows taken ({sheet.encoding}, {divided} between columns)"
