"""The life of a membership: what its facts leave, and why they are refused."""

import pytest
from stories import firm, household, network_of, person, refusal, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import ConsentGiven, ConsentWithdrawn, FirmLeft, HouseholdFormed, PersonLeft
from wis_engine.facts.base import Reason as BaseReason
from wis_engine.facts.base import redacted
from wis_engine.facts.membership import Reason
from wis_engine.network.parties import FirmStatus, Gender, Member, Purpose, Recipient, Role
from wis_engine.values import AgeBand, Redacted

PAIRS = [
    (Reason.FIRM_TOO_LARGE, [firm(persons=50)], [firm(persons=49)]),
    (Reason.FIRM_NOT_MEMBER, [firm(), FirmLeft(firm="f9"), person("p9", "f9")], [firm(), person("p9", "f9")]),
    (Reason.FIRM_NOT_MEMBER, [firm(), FirmLeft(firm="f9"), FirmLeft(firm="f9")], [firm(), FirmLeft(firm="f9")]),
    (Reason.STILL_ENROLLED, [FirmLeft(firm="f3")], [PersonLeft(person="p5", firm="f3"), FirmLeft(firm="f3")]),
    (Reason.ALREADY_ENROLLED, [person("p1", "f1")], [person("p1", "f2")]),
    (Reason.NOT_ENROLLED, [PersonLeft(person="p1", firm="f2")], [PersonLeft(person="p1", firm="f1")]),
    (
        Reason.NOT_ENROLLED,
        [person("p9", "f1"), PersonLeft(person="p9", firm="f1"), household("h9", "p9")],
        [person("p9", "f1"), household("h9", "p9")],
    ),
    (Reason.IN_ANOTHER_HOUSEHOLD, [person("p9"), household("h9", "p1")], [person("p9"), household("h9", "p9")]),
    (
        Reason.OTHER_RECIPIENTS,
        [person("p9", gender=Gender.WOMAN), household("h9", "p9", recipients=(Recipient(role=Role.EMPLOYEE),))],
        [person("p9"), household("h9", "p9", recipients=(Recipient(role=Role.EMPLOYEE),))],
    ),
    (
        Reason.ALREADY_CONSENTED,
        [ConsentGiven(household="h1"), ConsentGiven(household="h1")],
        [ConsentGiven(household="h1"), ConsentWithdrawn(household="h1"), ConsentGiven(household="h1")],
    ),
    (
        Reason.NOT_CONSENTED,
        [ConsentWithdrawn(household="h1")],
        [ConsentGiven(household="h1"), ConsentWithdrawn(household="h1")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_firm_joins():
    joined = network_of(firm("f9", persons=1)).firms["f9"]
    assert (joined.member, joined.persons, joined.status) == (True, 1, FirmStatus.PARTNER)


def test_a_title_may_be_two_hundred_characters_long():
    assert len(firm(title="x" * 200).title) == 200
    with pytest.raises(Malformed):
        firm(title="x" * 201)


def test_a_firm_leaves_and_is_remembered():
    network = network_of(firm("f9"), FirmLeft(firm="f9", reason="closed"))
    assert not network.firms["f9"].member


@pytest.mark.parametrize("count", [1, 2, 3])
def test_people_enrol_through_a_firm(count):
    names = [f"x{number}" for number in range(count)]
    network = network_of(firm("f9"), *(person(name, "f9", gender=Gender.MAN) for name in names))
    assert network.links.targets("f9", "employs") == names
    assert network.persons["x0"].gender is Gender.MAN


def test_a_person_may_work_for_two_firms_and_leave_one():
    network = network_of(person("p1", "f2", role=Role.ENTREPRENEUR), PersonLeft(person="p1", firm="f1"))
    assert network.links.sources("p1", "employs") == ["f2"]
    # What the first enrolment said of the person stands.
    assert (network.persons["p1"].role, network.persons["p1"].gender) == (Role.EMPLOYEE, Gender.WOMAN)


def test_a_firm_that_left_may_come_back():
    network = network_of(PersonLeft(person="p5", firm="f3"), FirmLeft(firm="f3"), firm("f3", persons=5))
    assert (network.firms["f3"].member, network.firms["f3"].persons) == (True, 5)
    assert refusal(network, firm("f3")) is BaseReason.ID_TAKEN


def test_a_person_who_left_may_come_back():
    network = network_of(PersonLeft(person="p1", firm="f1"), person("p1", "f1"))
    assert network.links.is_open("f1", "employs", "p1")
    spells = [row[3:] for row in network.links.rows() if row[:3] == ("f1", "employs", "p1")]
    assert [until is None for _, until in spells] == [False, True]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_household_forms_around_its_holders(count):
    names = [f"x{number}" for number in range(count)]
    network = network_of(*(person(name, "f1") for name in names), household("h9", *names))
    formed = network.households["h9"]
    assert network.links.sources("h9", "lives_in") == names
    assert (formed.holders, formed.nil, formed.consents) == (tuple(names), 46, frozenset())
    assert formed.municipio == HouseholdFormed(household="x", holders=("y",), members=(), nil=46).municipio


def test_a_consent_is_given_and_taken_back():
    given = network_of(ConsentGiven(household="h1"))
    assert given.households["h1"].consents == {Purpose.SPECIAL_DATA}
    taken = network_of(ConsentGiven(household="h1"), ConsentWithdrawn(household="h1"))
    assert taken.households["h1"].consents == frozenset()


FORMED = household("h9", "p1")


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (firm, {"persons": 0}),
        (firm, {"ateco": "farm"}),
        (firm, {"ateco": "٦٢.٠١"}),
        (firm, {"nil": 89}),
        (firm, {"title": ""}),
        (firm, {"status": "partner"}),
        (firm, {"name": "no id!"}),
        (household, {"holders": ()}),
        (household, {"holders": ("p1", "p1")}),
        (household, {"holders": ("no id!",)}),
        (household, {"holders": ["p1"]}),
        (household, {"holders": ("p1",), "nil": 0}),
        (household, {"holders": ("p1",), "municipio": FORMED.municipio % 9 + 1}),
        (household, {"holders": ("p1",), "members": FORMED.members[:1] * 2}),
        (household, {"holders": ("p1",), "members": ("kid",)}),
        (FirmLeft, {"firm": "f1", "reason": "x" * 201}),
        (FirmLeft, {"firm": "f1", "reason": "two\nlines"}),
        (ConsentGiven, {"household": "h1", "purpose": "anything"}),
        (ConsentGiven, {"household": "h1", "text_version": 1}),
        (Member, {"id": "no id!", "age_band": AgeBand.INFANT_0_2}),
        (Member, {"id": "kid", "age_band": "infant-0-2"}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_a_household_says_of_its_holders_what_outlives_its_key():
    kinds = (Recipient(role=Role.ENTREPRENEUR, gender=Gender.MAN), Recipient(role=Role.EMPLOYEE))
    enrolled = [person("p9", role=Role.ENTREPRENEUR, gender=Gender.MAN), person("p8")]
    assert why_refused(*enrolled, household("h9", "p8", "p9", recipients=kinds)) is None
    assert household("h9", "p8", "p9").recipients == (Recipient(), Recipient())
    assert redacted(household("h9", "p8", "p9", recipients=kinds)).recipients == kinds
    for wrong in (kinds[:1], ()):
        with pytest.raises(Malformed, match="one for each holder"):
            household("h9", "p8", "p9", recipients=wrong)


def test_a_household_that_was_forgotten_before_it_said_anything_says_nothing():
    gone = HouseholdFormed(household="h9", holders=Redacted("holders", "h9"), members=(), nil=46)
    assert gone.recipients == ()
