"""Money, rules and staff time on a page; then the vouchers as a whole."""

from collections.abc import Iterable
from html import escape
from typing import Final

from wis_engine.report.markup import Cell, Column, Html, Page, heading, paragraph, rows_table, table
from wis_engine.report.money import ActionMoney, FundRow
from wis_engine.views.view import Row
from wis_engine.words import Words

_SOURCES: Final = (
    Column(head="money.source", key="source", kind="funding"),
    Column(head="money.granted", key="granted_cents", kind="cents"),
    Column(head="money.paid", key="paid_cents", kind="cents"),
    Column(head="money.costs", key="costs_cents", kind="cents"),
    Column(head="money.left", key="left_cents", kind="cents"),
)
_PARTNERS: Final = (
    Column(head="money.partner", key="partner"),
    Column(head="money.costs", key="costs_cents", kind="cents"),
    Column(head="money.worked", key="logged_minutes", kind="hours"),
)


def money(page: Page) -> str:
    """Draw the budget by action, source, fund, class and partner; the funder's rules; the hours."""
    words, found = page.words, page.summary.money
    body = [paragraph(words("money.note"), "quiet"), heading(words("money.actions")), _actions(page)]
    body += [heading(words("money.sources")), rows_table(words, "money.sources_caption", _SOURCES, found.sources)]
    if found.funds:
        body += [heading(words("money.funds")), _funds(page)]
    body += [heading(words("money.classes")), _classes(words, found.classes)]
    if found.partners:
        body += [
            heading(words("money.partners")),
            rows_table(words, "money.partners_caption", _PARTNERS, found.partners),
        ]
    body += [heading(words("rules.title")), _rules(page)]
    body += [heading(words("money.hours")), paragraph(words("money.hours_note"), "quiet"), _hours(words, found.hours)]
    return page.section("budget", "money.title", *body)


def _actions(page: Page) -> str:
    words = page.words
    head = ("action", "planned", "lines", "held", "paid", "free", "costs", "margin")

    def cells(name: str, row: ActionMoney) -> list[str]:
        cents = (row.planned_cents, row.lines_cents, row.committed_cents, row.paid_cents, row.free_cents)
        return [name, *map(words.decimal, (*cents, row.costs_cents, row.margin_cents))]

    found = page.summary.money
    return table(
        words("money.actions_caption"),
        [words(f"money.{key}") for key in head],
        [cells(f"{row.code} {row.title}", row) for row in found.actions],
        numbers=range(1, len(head)),
        total=cells(words("word.all"), found.whole),
    )


def _funds(page: Page) -> str:
    words = page.words
    head = ("fund", "share", "granted", "promised", "held", "paid", "free")
    rows: list[list[Cell]] = []
    for row in page.summary.money.funds:
        cents = (row.granted_cents, row.promised_cents, row.held_cents, row.paid_cents, row.free_cents)
        rows.append([_fund(words, row), f"{row.share_percent}\N{NO-BREAK SPACE}%", *map(words.decimal, cents)])
    names = [words(f"money.{key}") for key in head]
    return table(words("money.funds_caption"), names, rows, numbers=range(1, len(head)))


def _fund(words: Words, row: FundRow) -> Html:
    """Name a fund by its action and its source, beside its id."""
    name = f"{row.action} {words.code('funding', row.source)}"
    return Html(f'{escape(name)} <span class="id">{escape(row.fund)}</span>')


def _classes(words: Words, found: Iterable[Row]) -> str:
    planned = Column(head="money.planned", key="planned_cents", kind="cents")
    spent = Column(head="money.spent", key="spent_cents", kind="cents")
    rows = [
        (
            words.both([words.code("class", one) for one in str(row["cost_classes"]).split(", ")]),
            planned.cell(words, row[planned.key]),
            spent.cell(words, row[spent.key]),
        )
        for row in found
    ]
    head = [words(f"money.{key}") for key in ("class", "planned", "spent")]
    return table(words("money.classes_caption"), head, rows, numbers=[1, 2])


def _rules(page: Page) -> str:
    words, checks = page.words, page.summary.money.rules
    if not checks:
        return paragraph(words("rules.none"))
    head = ("rule", "measured", "limit", "margin", "holds")
    rows = [
        (
            words.code("rule", check.rule),
            *(words.measure(value, check.unit) for value in (check.measured, check.limit, check.margin)),
            words("word.yes" if check.holds else "word.no"),
        )
        for check in checks
    ]
    drawn = table(words("rules.caption"), [words(f"rules.{key}") for key in head], rows, numbers=[1, 2, 3])
    return paragraph(words("rules.note"), "quiet") + drawn


def _hours(words: Words, found: Iterable[Row]) -> str:
    time = Column(head="money.logged", key="logged_minutes", kind="hours")
    rows = [
        (
            str(row["action"]),
            words.code("staff", str(row["role"])) if row["role"] else words("money.all_roles"),
            time.cell(words, row["planned_minutes"]),
            time.cell(words, row["logged_minutes"]),
        )
        for row in found
    ]
    head = [words(f"money.{key}") for key in ("action", "role", "hours_planned", "logged")]
    return table(words("money.hours_caption"), head, rows, numbers=[2, 3], cards=True)


def vouchers(page: Page) -> str:
    """Draw what was issued, paid and is left, by fund, and how many vouchers stand in which state."""
    words, found = page.words, page.summary.money
    head = ("count", "face", "paid", "settled", "left", "released")

    def cells(name: Cell, rows: Iterable[FundRow]) -> list[Cell]:
        rows = list(rows)
        cents = (
            sum(row.face_cents for row in rows),
            sum(row.paid_cents for row in rows),
            sum(row.settled_cents for row in rows),
            sum(row.held_cents for row in rows),
            sum(row.released_cents for row in rows),
        )
        return [name, words.number(sum(row.issued for row in rows)), *map(words.decimal, cents)]

    by_fund = table(
        words("vouchers.caption"),
        [words("money.fund"), *(words(f"vouchers.{key}") for key in head)],
        [cells(_fund(words, row), [row]) for row in found.funds],
        numbers=range(1, len(head) + 1),
        total=cells(words("word.all"), found.funds),
    )
    states = table(
        words("vouchers.states"),
        [words("vouchers.state"), words("vouchers.number"), words("vouchers.face")],
        [(words.code("voucher", name), words.number(n), words.decimal(cents)) for name, n, cents in found.states],
        numbers=[1, 2],
    )
    return page.section("vouchers", "vouchers.title", paragraph(words("vouchers.note"), "quiet"), by_fund, states)
