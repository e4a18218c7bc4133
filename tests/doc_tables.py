"""Tables of `docs/` that follow from the code: made here, compared by `test_doc_tables.py`.

`python -m tests.doc_tables` writes them again, each between its two marks.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from wis_engine import catalogue
from wis_engine.facts import EVENTS
from wis_engine.simulation.card import table
from wis_engine.values import Period
from wis_engine.views import VIEWS
from wis_engine.views.figures import DEFINITIONS

ROOT = Path(__file__).parent.parent
ADR = ROOT / "docs/adr/0015-the-remaining-facts.md"

OLDER = {
    "ActionPlanned": "budget: planned by action; guards of hours, costs and fund lines",
    "GrantAwarded": "rules on money; budget: lines of each fund",
    "FirmLeft": "guards: who may enrol and supply; growth in the report",
    "PersonEnrolled": "I1.1; who is an active recipient",
    "PersonLeft": "I1.1; who is an active recipient",
    "ConsentGiven": "guard and matcher: special services only with it",
    "ConsentWithdrawn": "guard and matcher: special services only with it",
    "NeedDeclared": "I4.1, X7; the matcher",
    "NeedRevised": "the matcher",
    "NeedWithdrawn": "what became of needs in the report",
    "NeedExpired": "what became of needs in the report",
    "NeedUnmet": "X7",
    "SupplierRegistered": "X4; the choice of a supplier",
    "SupplierOffered": "I1.3, I4.5a; the matcher",
    "OfferRevised": "the matcher",
    "OfferWithdrawn": "the matcher; growth in the report",
    "PlanAdopted": "plans and their certificates in the report",
    "ChainComposed": "X6; guards of pools and bookings",
    "ChainBroken": "guards of pools and bookings",
    "PoolFormed": "X6: needs together and what they saved; X8: what is promised",
    "PoolMemberLeft": "calendar: capacity and «nobody in two places»; money promised",
    "PoolDissolved": "calendar: capacity and «nobody in two places»; money promised",
    "ServiceBooked": "I4.2: every figure of deliveries; calendar",
    "ServiceDelivered": "I4.2a, I4.2b, I4.3, I4.4, I4.5b, X4",
    "DeliveryConfirmed": "I4.2e: accesses; guard of payments",
    "ServiceCancelled": "calendar; conservation of sessions",
    "VoucherRedeemed": "I4.2c, vouchers, budget, X8",
    "VoucherExpired": "I4.2c: what was released; vouchers, budget",
    "VoucherCancelled": "I4.2c: what was released; vouchers, budget",
}
"""Who reads the facts that are older than the list of ADR 15."""


def readers() -> dict[str, str]:
    """Who reads each fact, by the name of its class: from the list of ADR 15, and from `OLDER`."""
    found, last = dict(OLDER), ""
    for line in ADR.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            last = last if cells[2] == "the same" else cells[2]
            found |= dict.fromkeys(re.findall(r"`([A-Z][A-Za-z]+)`", cells[0]), last)
    return found


def first_line(event: type) -> str:
    return (event.__doc__ or "").partition("\n")[0]


def facts() -> Iterator[str]:
    """Every fact by its chapter: name as stored, what it says, the views that take it, who reads it."""
    read = readers()
    for chapter, events in groupby(EVENTS, key=lambda event: event.__module__.rsplit(".", 1)[1]):
        yield from ("", f"## {chapter.capitalize()}", "")
        yield from ("| fact | says | views | read by |", "| --- | --- | --- | --- |")
        for event in events:
            views = ", ".join(name for name, view in sorted(VIEWS.items()) if event in view.READS)
            yield f"| `{event.__name__}` `{event.name}` | {first_line(event)} | {views} | {read[event.__name__]} |"


def names() -> Iterator[str]:
    """Stored names with the version in which they are written."""
    yield from ("| stored name | version |", "| --- | ---: |")
    yield from (f"| `{event.name}` | {event.version} |" for event in sorted(EVENTS, key=lambda event: event.name))


def reasons() -> Iterator[str]:
    """The codes of `Refused`, by the chapter that they belong to."""
    import importlib  # noqa: PLC0415 - only this table walks the chapters

    modules = sorted({"wis_engine.facts.base", *(event.__module__ for event in EVENTS)})
    yield from ("| chapter | reasons |", "| --- | --- |")
    for module in modules:
        found = sorted(importlib.import_module(module).Reason)
        yield f"| {module.rsplit('.', 1)[1]} | {', '.join(f'`{reason}`' for reason in found)} |"


def numbers() -> Iterator[str]:
    """The numbers of the project card, from the data in which the library keeps them."""
    card = table("card")
    project, costs, grant = card["project"], card["costs"], card["grant"]
    yield from ("| of the card | number | where |", "| --- | ---: | --- |")
    targets = {"recipients": "I1.1", "accesses": "I4.2e", "boards": "I2.1"}
    for name, value in project["targets"].items():
        yield f"| target: {name} | {value} | target of {targets[name]} |"
    staff = [row["actions"] for row in card["staff"].values()]
    for action in card["actions"]:
        code = action["code"]
        people = sum(code in actions for actions in staff)
        yield f"| {code} {action['title']}: budget, EUR | {_euro(action['budget_cents'])} | `ActionPlanned`, budget |"
        yield f"| {code}: months | {_months(Period.parse(action['period']))} | `ActionPlanned.period` |"
        yield f"| {code}: hours | {action['staff_minutes'] // 60:,} | `ActionPlanned`, hours in the budget |"
        yield f"| {code}: staff | {people} | `StaffAssigned`, `StaffHoursLogged` |"
    for name, cents in (
        ("personnel", costs["personnel_cents"]),
        ("other direct costs", costs["other_cents"]),
        ("contribution", grant["contribution_cents"]),
        ("co-financing", grant["cofinancing_cents"]),
        ("total", sum(grant.values())),
    ):
        where = "`ProjectPlanned.planned_costs`" if name in ("personnel", "other direct costs") else "`GrantAwarded`"
        yield f"| {name}, EUR | {_euro(cents)} | {where} |"


def _months(period: Period) -> int:
    return (period.end.year - period.start.year) * 12 + period.end.month - period.start.month


def _euro(cents: int) -> str:
    return f"{cents // 100:,}"


def services() -> Iterator[str]:
    """Every service that the card names."""
    yield from ("| card | service | code in `catalogue.py` |", "| --- | --- | --- |")
    yield from (f"| {one.card_id} | {one.name_it} | `{one.code}` |" for one in catalogue.services())


def indicators() -> Iterator[str]:
    """Every indicator of the card, and those that the engine derives from results that have none."""
    targets = {"I1.1": "recipients", "I4.2e": "accesses", "I2.1": "boards"}
    given = table("card")["project"]["targets"]
    yield from ("| id | phase | in the card | unit | target |", "| --- | --- | --- | --- | ---: |")
    for one in DEFINITIONS.values():
        target = given[targets[one.id]] if one.id in targets else "none"
        yield f"| {one.id} | {one.phase or 'derived'} | {one.title_it} | {one.unit} | {target} |"


TABLES: dict[tuple[str, str], Callable[[], Iterator[str]]] = {
    ("facts.md", "facts"): facts,
    ("stability.md", "names"): names,
    ("stability.md", "reasons"): reasons,
    ("card.md", "numbers"): numbers,
    ("card.md", "services"): services,
    ("card.md", "indicators"): indicators,
}
"""Each table by the page and the mark between which it stands."""


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def block(text: str, mark: str) -> str:
    """Find a table of a page, with the marks around it."""
    end = f"<!-- end of {mark} -->"
    return text[text.index(f"<!-- {mark} -->") : text.index(end) + len(end)]


def made(name: str, mark: str) -> str:
    """Make what a page should hold there."""
    lines = (f"<!-- {mark} -->", "", *TABLES[name, mark](), "", f"<!-- end of {mark} -->")
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def main() -> None:
    for name, mark in TABLES:
        text = page(name)
        (ROOT / "docs" / name).write_text(text.replace(block(text, mark), made(name, mark)), encoding="utf-8")


if __name__ == "__main__":
    main()
