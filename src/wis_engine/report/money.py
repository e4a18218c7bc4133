"""What the report says of money and staff time: read off the budget and the book of vouchers."""

from collections import Counter
from collections.abc import Iterable

from attrs import frozen

from wis_engine.community import Community
from wis_engine.network import Network, ledger
from wis_engine.network.grants import free_cents
from wis_engine.network.rules import RuleCheck, rule_checks
from wis_engine.values import Cents, Minutes
from wis_engine.views import Budget, Vouchers
from wis_engine.views.view import Row
from wis_engine.views.vouchers import VoucherLine


@frozen(kw_only=True)
class ActionMoney:
    """The money of one action: its budget, its lines for vouchers, what became of them, its other costs.

    `committed_cents` is held by vouchers that still stand, `paid_cents` is
    what vouchers paid to suppliers. `staff_minutes` are planned, a ledger of
    their own: no money follows from them.
    """

    code: str
    title: str
    staff_minutes: Minutes
    planned_cents: Cents
    lines_cents: Cents
    issued_cents: Cents
    committed_cents: Cents
    paid_cents: Cents
    costs_cents: Cents

    @property
    def free_cents(self) -> Cents:
        """What its lines for vouchers have free."""
        return self.lines_cents - self.committed_cents - self.paid_cents

    @property
    def margin_cents(self) -> Cents:
        """What of its budget is neither on a line for vouchers nor spent."""
        return self.planned_cents - self.lines_cents - self.costs_cents

    @property
    def columns(self) -> tuple[Cents, ...]:
        """Planned, for vouchers, issued, held, paid, free; other costs, margin."""
        vouchers = (self.lines_cents, self.issued_cents, self.committed_cents, self.paid_cents, self.free_cents)
        return (self.planned_cents, *vouchers, self.costs_cents, self.margin_cents)

    @property
    def hours(self) -> str:
        """Planned staff time in hours: «417», or «417:30»."""
        whole, rest = divmod(self.staff_minutes, 60)
        return f"{whole:,}:{rest:02d}" if rest else f"{whole:,}"


@frozen(kw_only=True)
class FundRow:
    """One fund: what was granted, what pools promised, what vouchers hold and paid; and its vouchers."""

    fund: str
    action: str
    source: str
    share_percent: int
    granted_cents: Cents
    promised_cents: Cents
    held_cents: Cents
    paid_cents: Cents
    free_cents: Cents
    issued: int
    face_cents: Cents
    settled_cents: Cents
    released_cents: Cents


@frozen(kw_only=True)
class Money:
    """All that the report says of money: by action, fund, class, source and partner; rules, hours, vouchers.

    `classes`, `sources`, `partners` and `hours` are the rows of the budget
    view; `vouchers` those of the book of vouchers, which names households.
    """

    actions: tuple[ActionMoney, ...]
    funds: tuple[FundRow, ...]
    classes: tuple[Row, ...]
    sources: tuple[Row, ...]
    partners: tuple[Row, ...]
    hours: tuple[Row, ...]
    rules: tuple[RuleCheck, ...]
    states: tuple[tuple[str, int, Cents], ...]
    vouchers: tuple[Row, ...]

    @property
    def whole(self) -> ActionMoney:
        """All actions as one row."""
        rows = self.actions
        return ActionMoney(
            code="all",
            title="",
            staff_minutes=sum(row.staff_minutes for row in rows),
            planned_cents=sum(row.planned_cents for row in rows),
            lines_cents=sum(row.lines_cents for row in rows),
            issued_cents=sum(row.issued_cents for row in rows),
            committed_cents=sum(row.committed_cents for row in rows),
            paid_cents=sum(row.paid_cents for row in rows),
            costs_cents=sum(row.costs_cents for row in rows),
        )


def money(community: Community) -> Money:
    """Read the money off the views and the accounts."""
    network = community.network
    budget, book = community.view("budget"), community.view("vouchers")
    assert isinstance(budget, Budget)
    assert isinstance(book, Vouchers)
    lines = list(book.lines())
    return Money(
        actions=tuple(_action(network, row) for row in budget.records()),
        funds=tuple(_fund(network, name, lines) for name in sorted(network.funds)),
        classes=tuple(budget.by_class()),
        sources=tuple(budget.by_source()),
        partners=tuple(_named(network, row) for row in budget.by_partner()),
        hours=tuple(budget.hours()),
        rules=tuple(check for project in sorted(network.projects) for check in rule_checks(network, project)),
        states=_states(lines),
        vouchers=tuple(book.records()),
    )


def _action(network: Network, row: Row) -> ActionMoney:
    action = next(one for one in network.actions.values() if one.id == row["action"])
    cents = {name: value for name, value in row.items() if isinstance(value, int)}
    return ActionMoney(
        code=action.id,
        title=action.title,
        staff_minutes=action.staff_minutes,
        planned_cents=cents["planned_cents"],
        lines_cents=cents["lines_cents"],
        issued_cents=cents["issued_cents"],
        committed_cents=cents["committed_cents"],
        paid_cents=cents["paid_cents"],
        costs_cents=cents["costs_cents"],
    )


def _fund(network: Network, name: str, lines: Iterable[VoucherLine]) -> FundRow:
    fund = next(one for one in network.funds.values() if one.id == name)
    account = network.accounts[ledger.account_of(fund.id)]
    mine = [line for line in lines if line.fund.fund == name]
    return FundRow(
        fund=name,
        action=fund.action,
        source=fund.source.value,
        share_percent=fund.share_percent,
        granted_cents=account.credits_posted_cents,
        promised_cents=fund.promised_cents,
        held_cents=account.debits_pending_cents,
        paid_cents=account.debits_posted_cents,
        free_cents=free_cents(network, fund.id),
        issued=len(mine),
        face_cents=sum(line.face_cents for line in mine),
        settled_cents=sum(line.settled_cents for line in mine),
        released_cents=sum(line.released_cents for line in mine),
    )


def _states(lines: Iterable[VoucherLine]) -> tuple[tuple[str, int, Cents], ...]:
    """Count vouchers by state, and the cents of their faces."""
    counts, cents = Counter[str](), Counter[str]()
    for line in lines:
        counts[line.state.value] += 1
        cents[line.state.value] += line.face_cents
    return tuple((state, counts[state], cents[state]) for state in sorted(counts))


def _named(network: Network, row: Row) -> Row:
    """Name a partner by its title."""
    partner = next(one for one in network.partners.values() if one.id == row["partner"])
    return row | {"partner": partner.title}
