"""Partners come and go, costs are incurred and reversed, hours logged: against sums in plain integers."""

import datetime as dt

import stories
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import data, integers, sampled_from, tuples
from machinery import Telling, mostly

from wis_engine.facts import CostReversed, PartnerWithdrawn, StaffHoursReversed
from wis_engine.network import ledger
from wis_engine.network.parties import CostClass, FundingRules, FundSource

PARTNERS = ["a", "b", "c"]
COSTS = [f"k{number}" for number in range(8)]
SHEETS = [f"t{number}" for number in range(8)]
NO_ONE_ASKED = FundingRules(partners_min=0, small_firms_min=0, public_bodies_min=0)
GRANTED = {FundSource.CONTRIBUTION: 70_000, FundSource.COFINANCING: 30_000}
BUDGETS = {"F.1": 80_000, "F.2": 40_000}
GOODS_CAP = 10_500
DAYS = [dt.date(2026, 2, 26), dt.date(2026, 2, 27)]


class Costs(Telling):
    beginning = (
        stories.project("second", rules=NO_ONE_ASKED),
        *(stories.action(name, project="second", budget_cents=cents) for name, cents in BUDGETS.items()),
        stories.grant(project="second", contribution_cents=70_000, cofinancing_cents=30_000),
    )

    def __init__(self):
        super().__init__()
        self.partners, self.costs, self.sheets = {}, {}, {}
        self.admit("a")

    def spent(self, **wanted):
        return sum(
            one["cents"]
            for one in self.costs.values()
            if one["stands"] and all(one[name] == value for name, value in wanted.items())
        )

    def admit(self, name):
        allowed = name not in self.partners
        self.tell(stories.partner(name, project="second"), allowed=allowed)
        if allowed:
            self.partners[name] = True
            self.tell(stories.staff(f"staff-{name}", partner=name), allowed=True)

    @rule(name=sampled_from(PARTNERS))
    def come(self, name):
        self.admit(name)

    @rule(name=sampled_from(PARTNERS), sure=sampled_from([False, False, True]))
    def withdraw(self, name, sure):
        if sure:
            self.tell(PartnerWithdrawn(partner=name), allowed=self.partners.get(name, False))
            self.partners |= {name: False} if name in self.partners else {}

    @rule(
        name=sampled_from(COSTS),
        partner=sampled_from(PARTNERS),
        action=sampled_from(sorted(BUDGETS)),
        what=tuples(sampled_from(CostClass), sampled_from(FundSource)),
        cents=sampled_from([1, 5_000, 10_500, 20_000, 30_000, 40_000]),
    )
    def incur(self, name, partner, action, what, cents):
        kind, source = what
        allowed = (
            name not in self.costs
            and self.partners.get(partner, False)
            and self.spent(action=action) + cents <= BUDGETS[action]
            and self.spent(source=source) + cents <= GRANTED[source]
            and (kind is not CostClass.GOODS or self.spent(kind=kind) + cents <= GOODS_CAP)
        )
        fact = stories.cost(
            name, partner=partner, action=action, cost_class=kind, source=source, net_cents=cents, vat_cents=cents
        )
        self.tell(fact, allowed=allowed)
        if allowed:
            self.costs[name] = {
                "partner": partner,
                "action": action,
                "kind": kind,
                "source": source,
                "cents": cents,
                "stands": True,
            }

    @precondition(lambda self: self.costs)
    @rule(data=data())
    def reverse(self, data):
        name = data.draw(mostly(self.costs, COSTS))
        allowed = name in self.costs and self.costs[name]["stands"]
        self.tell(CostReversed(cost=name), allowed=allowed)
        if allowed:
            self.costs[name]["stands"] = False

    @rule(
        name=sampled_from(SHEETS),
        partner=sampled_from(PARTNERS),
        day=sampled_from(DAYS),
        minutes=integers(1, 24) | sampled_from([600, 1_440]),
    )
    def log(self, name, partner, day, minutes):
        that_day = sum(one["minutes"] for one in self.sheets.values() if (one["partner"], one["day"]) == (partner, day))
        allowed = name not in self.sheets and partner in self.partners and that_day + minutes <= 1_440
        fact = stories.hours(name, staff=f"staff-{partner}", action="F.1", day=day, minutes=minutes)
        self.tell(fact, allowed=allowed)
        if allowed:
            self.sheets[name] = {"partner": partner, "day": day, "minutes": minutes}

    @precondition(lambda self: self.sheets)
    @rule(data=data())
    def reverse_hours(self, data):
        name = data.draw(mostly(self.sheets, SHEETS))
        allowed = name in self.sheets and self.sheets[name]["minutes"] > 0
        self.tell(StaffHoursReversed(timesheet=name), allowed=allowed)
        if allowed:
            self.sheets[name]["minutes"] = 0

    def teardown(self):
        super().teardown()
        for action in BUDGETS:
            assert self.network.actions[action].costs_cents == self.spent(action=action)
        project = self.network.projects["second"]
        assert project.goods_cents == self.spent(kind=CostClass.GOODS)
        assert {source: project.left_cents(source) for source in FundSource} == {
            source: cents - self.spent(source=source) for source, cents in GRANTED.items()
        }
        for partner in self.partners:
            account = self.network.accounts.get(ledger.account_of(partner))
            assert (account.credits_posted_cents if account else 0) == self.spent(partner=partner)


TestCosts = Costs.TestCase
