"""Neither an error nor a `repr` tells what is personal."""

import datetime as dt

import attrs
import pytest
from stories import (
    LEAVE_DAYS,
    NIL,
    START,
    facts_in,
    household,
    leave,
    leave_taken,
    life,
    need,
    network_of,
    person,
    pilot,
    record,
)

import wis_engine as wis
from wis_engine import catalogue
from wis_engine.errors import Malformed, Refused
from wis_engine.facts import EVENTS, HouseholdFormed, NeedRevised, PersonLeft
from wis_engine.facts.base import Recorded, personal_fields
from wis_engine.facts.needs import Reason
from wis_engine.facts.outreach import Reason as LeaveReason
from wis_engine.log.codec import fact_from_dict, fact_to_dict
from wis_engine.network.parties import Household, Member
from wis_engine.network.promises import Need, NeedStep
from wis_engine.plain import PERSONAL
from wis_engine.territory import zone
from wis_engine.values import AgeBand, Period, WeekSlots

CANARY = "signora-Bianchi"
SERVICES = ("homework_support", "escorted_transport")
STEPS = (NeedStep(service=SERVICES[1], minutes=30), NeedStep(service=SERVICES[0], minutes=60))
SLOTS = WeekSlots.parse("mon-fri 15:30-19:30")
KEPT = (CANARY, *SERVICES, "qx", str(SLOTS.bits))
"""What the facts and entities of this file hold in their personal fields."""

BIRTH = dt.date(2026, 3, 10)

FORMED = household("h9", CANARY, members=(Member(id=CANARY, age_band=AgeBand.SCHOOL_6_10),))
DECLARED = need("n9", "h9", beneficiary=CANARY, language="qx", slots=SLOTS, steps=STEPS)
REVISED = NeedRevised(need="n9", household="h9", slots=SLOTS)
PLANNED = leave("l9", household="h9", father=CANARY, birth=BIRTH, multiple=True)
TAKEN = leave_taken("l9", household="h9", days=(BIRTH, *LEAVE_DAYS))
FACTS = {type(fact): fact for fact in (FORMED, DECLARED, REVISED, PLANNED, TAKEN)}
LIVED = [person(CANARY), FORMED, DECLARED, REVISED, PLANNED]


def tells(what):
    """List what a text, or an error with all that it carries, says that is personal."""
    said = f"{what!s} {what!r} {getattr(what, 'args', '')} {getattr(what, '__dict__', '')}"
    return [one for one in KEPT if one in said]


def raised(call, *arguments, **named):
    """Give the error that a call raises, if any; one of ours and no other."""
    try:
        call(*arguments, **named)
    except wis.WisError as error:
        return error
    return None


def test_every_fact_with_personal_fields_is_tried_here():
    assert set(FACTS) == {event for event in EVENTS if personal_fields(event)}
    for fact in FACTS.values():
        assert all(getattr(fact, name) for name, _ in personal_fields(type(fact)))


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_a_fact_shows_its_public_fields_alone(fact):
    envelope = Recorded(
        position=1, batch=1, fact=fact, occurred_at=START, recorded_at=START, actor="wm-1", cause=None, key=None
    )
    for shown in (repr(fact), repr(envelope), str(fact), f"{[envelope]}"):
        assert not tells(shown)
        assert not any(f"{name}=" in shown.replace("'", "") for name, _ in personal_fields(type(fact)))
    assert "household='h9'" in repr(envelope)


def test_an_entity_shows_its_public_fields_alone():
    network = network_of(*LIVED, *life())
    sealed = {name: set() for name in network.tables}
    for name, table in network.tables.items():
        for entity in table.values():
            fields = {a.name for a in attrs.fields(type(entity)) if PERSONAL in a.metadata}
            sealed[name] |= fields
            assert not any(f"{field}=" in repr(entity) for field in fields)
    assert {name: len(fields) for name, fields in sealed.items() if fields} == {
        "households": 3,
        "needs": 6,
        "leaves": 3,
    }
    assert isinstance(network.households["h9"], Household)
    assert isinstance(network.needs["n9"], Need)
    assert not tells(network.households["h9"])
    assert not tells(network.needs["n9"])
    assert "state=" in repr(network.needs["n9"])


REFUSALS = [
    ([], FORMED, "unknown-id"),
    ([person(CANARY), PersonLeft(person=CANARY, firm="f1")], FORMED, "not-enrolled"),
    ([person(CANARY), FORMED], attrs.evolve(FORMED, household="h8"), "in-another-household"),
    ([person(CANARY), FORMED], FORMED, "id-taken"),
    ([], attrs.evolve(DECLARED, household="h1"), Reason.UNKNOWN_BENEFICIARY),
    ([], DECLARED, "unknown-id"),
    ([person(CANARY), FORMED], attrs.evolve(DECLARED, slots=WeekSlots.at(0, 1)), Reason.NEVER_FITS),
    (
        [person(CANARY), FORMED],
        need("n9", "h9", beneficiary=CANARY, service="elder_care"),
        Reason.CONSENT_MISSING,
    ),
    ([person(CANARY), FORMED, PersonLeft(person=CANARY, firm="f1")], DECLARED, Reason.NO_ACTIVE_RECIPIENT),
    (LIVED, attrs.evolve(REVISED, sessions=30), Reason.NEVER_FITS),
    ([person(CANARY), FORMED], attrs.evolve(PLANNED, household="h1"), LeaveReason.OTHER_HOUSEHOLD),
    ([person(CANARY), FORMED], attrs.evolve(PLANNED, birth=dt.date(2020, 1, 1)), LeaveReason.OUTSIDE_WINDOW),
]


@pytest.mark.parametrize(("history", "fact", "reason"), REFUSALS)
def test_a_refusal_tells_nothing_personal(history, fact, reason):
    network = network_of(*history)
    error = raised(record, network, fact)
    assert type(error) is Refused
    assert error.reason == reason
    assert not tells(error)
    assert "elder_care" not in str(error)


def test_a_refusal_tells_which_holder():
    error = raised(record, network_of(person("p9")), household("h9", "p9", "p1"))
    assert (error.reason, error.detail) == ("in-another-household", 1)


def test_a_community_tells_nothing_personal_either():
    community = wis.Community.open("memory:", clock=lambda: START)
    community.record(*pilot())
    error = raised(community.record, person("p9"), FORMED)
    assert (error.reason, error.fact) == ("unknown-id", 1)
    assert not tells(error)
    community.record(*LIVED)
    assert not any(tells(one) for one in community.events(about="n9"))
    assert not tells(community.events(about="n9"))


JUNK = [CANARY, [CANARY], {CANARY: CANARY}, {"redacted": [CANARY]}, [[CANARY]], [{CANARY: 1}], f"mon {CANARY}"]


def broken(fact):
    """Give the plain form of a fact with one thing at a time that does not belong there."""
    plain = fact_to_dict(fact)
    yield plain | {CANARY: CANARY}
    for name, _ in personal_fields(type(fact)):
        for junk in JUNK:
            yield plain | {name: junk}
        if isinstance(plain[name], list):
            first, *rest = plain[name]
            for junk in JUNK:
                yield plain | {name: [junk, *rest]}
            if isinstance(first, dict):
                yield plain | {name: [first | {CANARY: CANARY}, *rest]}
                for inner in first:
                    for junk in JUNK:
                        yield plain | {name: [first | {inner: junk}, *rest]}
            yield plain | {name: [first, first]}


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_what_cannot_be_read_is_not_told(fact):
    errors = [error for data in broken(fact) if (error := raised(fact_from_dict, fact.name, data))]
    assert len(errors) > len(JUNK)
    assert {type(error) for error in errors} == {Malformed}
    assert not [str(error) for error in errors if CANARY in f"{error!s} {error!r}"]


MISSHAPEN = [
    lambda: HouseholdFormed(household="h", holders=(CANARY, CANARY), members=(), nil=NIL),
    lambda: HouseholdFormed(household="h", holders=(f"{CANARY} 1",), members=(), nil=NIL),
    lambda: HouseholdFormed(household="h", holders=CANARY, members=CANARY, nil=CANARY),
    lambda: HouseholdFormed(household="h", holders=(CANARY,), members=FORMED.members * 2, nil=NIL),
    lambda: HouseholdFormed(household="h", holders=(CANARY,), members=(), nil=CANARY),
    lambda: Member(id=f"{CANARY} 1", age_band=AgeBand.SCHOOL_6_10),
    lambda: Member(id=CANARY, age_band=CANARY),
    lambda: attrs.evolve(DECLARED, service=CANARY),
    lambda: attrs.evolve(DECLARED, steps=(STEPS[0], NeedStep(service=CANARY, minutes=60))),
    lambda: attrs.evolve(DECLARED, steps=STEPS[:1]),
    lambda: attrs.evolve(DECLARED, beneficiary=f"{CANARY} 1"),
    lambda: attrs.evolve(DECLARED, language=CANARY),
    lambda: attrs.evolve(DECLARED, slots=CANARY),
    lambda: attrs.evolve(DECLARED, municipio=1 + DECLARED.municipio % 9),
    lambda: attrs.evolve(DECLARED, minutes=1),
    lambda: attrs.evolve(REVISED, slots=CANARY),
    lambda: fact_from_dict(fact_to_dict(DECLARED), DECLARED.name),
    lambda: catalogue.service(CANARY),
    lambda: zone(CANARY),
    lambda: WeekSlots.parse(f"mon 16:00-17:00, {CANARY}"),
    lambda: WeekSlots.parse(f"{CANARY} 16:00-17:00"),
    lambda: Period.parse(CANARY),
]


@pytest.mark.parametrize("make", MISSHAPEN, ids=range(len(MISSHAPEN)))
def test_what_has_not_the_shape_is_not_told(make):
    error = raised(make)
    assert type(error) is Malformed
    assert not tells(error)


def test_a_number_is_not_told_either():
    for make in (
        lambda: zone(7_777),
        lambda: WeekSlots.parse("mon 16:00-77:00"),
        lambda: Period.parse("7777-01-01/7776-01-01"),
        lambda: Period(dt.date(7777, 1, 1), dt.date(2000, 1, 1)),
        lambda: attrs.evolve(DECLARED, nil=7_777),
    ):
        error = raised(make)
        assert type(error) is Malformed
        assert "77" not in str(error)


def test_facts_hold_the_canary_that_is_looked_for():
    assert facts_in(LIVED) == LIVED
    assert tells(f"{fact_to_dict(FORMED)} {fact_to_dict(DECLARED)} {REVISED.slots!r}") == list(KEPT)
