"""Firms join and leave, people enrol, households form and consent: against sets of who is where."""

import stories
from hypothesis.stateful import rule
from hypothesis.strategies import data, integers, lists, sampled_from
from machinery import Telling, mostly

from wis_engine.facts import ConsentGiven, ConsentWithdrawn, FirmLeft, PersonLeft

FIRMS = ["f1", "f2", "f3", "f8", "f9"]
PEOPLE = ["p1", "p3", "p5", "p8", "p9"]
HOUSEHOLDS = ["h1", "h3", "h8", "h9"]


class Membership(Telling):
    def __init__(self):
        super().__init__()
        self.firms = {"f1": True, "f2": True, "f3": True}
        self.works = {("p1", "f1"), ("p2", "f1"), ("p3", "f2"), ("p4", "f2"), ("p5", "f3")}
        self.known = {"p1", "p2", "p3", "p4", "p5"}
        self.lives = {"p1": "h1", "p2": "h2", "p3": "h3", "p4": "h3", "p5": "h4"}
        self.consents = {"h1": False, "h2": False, "h3": False, "h4": False}

    @rule(firm=sampled_from(FIRMS), persons=sampled_from([1, 9, 49, 50, 200]))
    def join(self, firm, persons):
        allowed = not self.firms.get(firm, False) and persons < 50
        self.tell(stories.firm(firm, persons=persons), allowed=allowed)
        if allowed:
            self.firms[firm] = True

    @rule(data=data())
    def leave(self, data):
        empty = {firm for firm, member in self.firms.items() if member} - {firm for _, firm in self.works}
        firm = data.draw(mostly(empty, FIRMS))
        allowed = self.firms.get(firm, False) and all(where != firm for _, where in self.works)
        self.tell(FirmLeft(firm=firm), allowed=allowed)
        if allowed:
            self.firms[firm] = False

    @rule(person=sampled_from(PEOPLE), firm=sampled_from(FIRMS))
    def enrol(self, person, firm):
        allowed = self.firms.get(firm, False) and (person, firm) not in self.works
        self.tell(stories.person(person, firm), allowed=allowed)
        if allowed:
            self.works.add((person, firm))
            self.known.add(person)

    @rule(data=data())
    def resign(self, data):
        person, firm = data.draw(mostly(self.works, [("p1", "f2"), ("p9", "f9")]))
        allowed = (person, firm) in self.works
        self.tell(PersonLeft(person=person, firm=firm), allowed=allowed)
        self.works.discard((person, firm))

    @rule(
        household=sampled_from(HOUSEHOLDS),
        holders=lists(sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
        nil=integers(1, 88),
    )
    def form(self, household, holders, nil):
        enrolled = {person for person, _ in self.works}
        allowed = household not in self.consents and all(
            person in enrolled and person not in self.lives for person in holders
        )
        self.tell(stories.household(household, *holders, nil=nil), allowed=allowed)
        if allowed:
            self.consents[household] = False
            self.lives |= dict.fromkeys(holders, household)

    @rule(household=sampled_from(HOUSEHOLDS))
    def consent(self, household):
        allowed = self.consents.get(household) is False
        self.tell(ConsentGiven(household=household), allowed=allowed)
        if allowed:
            self.consents[household] = True

    @rule(data=data())
    def withdraw(self, data):
        household = data.draw(mostly([name for name, given in self.consents.items() if given], HOUSEHOLDS))
        allowed = self.consents.get(household) is True
        self.tell(ConsentWithdrawn(household=household), allowed=allowed)
        if allowed:
            self.consents[household] = False

    @rule(household=sampled_from(HOUSEHOLDS), service=sampled_from(["homework_support", "elder_care"]))
    def declare(self, household, service):
        enrolled = {person for person, _ in self.works}
        active = any(home == household and person in enrolled for person, home in self.lives.items())
        allowed = active and (service == "homework_support" or self.consents[household])
        self.tell(stories.need(f"n-{len(self.told)}", household, service=service), allowed=allowed)

    def teardown(self):
        super().teardown()
        network = self.network
        assert {name: firm.member for name, firm in network.firms.items()} == self.firms
        assert set(network.persons) == self.known
        assert {(who, firm) for firm in network.firms for who in network.links.targets(firm, "employs")} == self.works
        assert {name: bool(one.consents) for name, one in network.households.items()} == self.consents
        homes = {who: network.links.targets(who, "lives_in") for who in self.known}
        assert homes == {who: [self.lives[who]] if who in self.lives else [] for who in self.known}


TestMembership = Membership.TestCase
