"""Phases 1 to 3: whom the project reached, how it governs itself, what the welfare manager did."""

import pytest
from stories import (
    agreement,
    approached,
    approved,
    booked,
    carried,
    consultation,
    delivered,
    firm,
    group,
    matched,
    meeting,
    offer,
    person,
    personal_plan,
    plan_revised,
    supplier,
)
from telling import APRIL, MARCH, YEAR, day, figure, parts

from wis_engine.facts import PersonLeft
from wis_engine.network.guidance import ConsultationMode, ConsultationTopic
from wis_engine.network.parties import FirmStage, FirmStatus, Gender, MeetingKind, Role
from wis_engine.values import Period

FEBRUARY = Period.parse("2026-02-01/2026-03-01")


def test_recipients_are_those_of_partner_firms_and_other_readings_say_the_rest():
    one = figure("I1.1")
    assert (one.value, one.ids, one.target) == (3, ("p1", "p2", "p5"), 22)
    assert one.variant("all member firms").ids == ("p1", "p2", "p3", "p4", "p5")
    assert parts(one, "role") == {"employee": 2, "entrepreneur": 1}
    assert parts(one, "gender") == {"woman": 1, "not declared": 2}


@pytest.mark.parametrize(("left", "counted"), [("02-28", False), ("03-01", True), ("03-02", True), ("04-01", True)])
def test_a_recipient_counts_while_enrolled_at_some_moment_of_the_period(left, counted):
    assert ("p5" in figure("I1.1", day(left), PersonLeft(person="p5", firm="f3")).ids) is counted


@pytest.mark.parametrize(("came", "counted"), [("03-31", True), ("04-01", False)])
def test_a_recipient_counts_from_the_day_of_enrolment(came, counted):
    assert ("p9" in figure("I1.1", day(came), person("p9", "f1")).ids) is counted


def test_who_works_for_two_firms_is_one_person_and_stays_what_the_first_enrolment_said():
    again = person("p3", "f1", role=Role.ENTREPRENEUR, gender=Gender.OTHER)
    one = figure("I1.1", again)
    assert "p3" in one.ids
    assert one.variant("all member firms").value == 5
    assert parts(one, "gender") == {"woman": 1, "man": 1, "not declared": 2}
    assert parts(one, "role") == {"employee": 3, "entrepreneur": 1}
    assert "p3" in figure("I1.1", again, PersonLeft(person="p3", firm="f2"), day("05-01"), period=APRIL).ids


SENSITISED = [approached(), approached(stage=FirmStage.SENSITISED)]
MEMBER = firm("f8", status=FirmStatus.MEMBER)


@pytest.mark.parametrize(
    ("story", "sensitised", "involved", "both"),
    [
        ([], (), (), ()),
        (SENSITISED[:1], (), (), ()),
        (SENSITISED, ("f8",), (), ()),
        ([*SENSITISED, MEMBER], ("f8",), ("f8",), ("f8",)),
        ([MEMBER], (), ("f8",), ()),
        ([*SENSITISED, firm("f8")], (), (), ()),
        ([*SENSITISED, consultation(firm="f8")], ("f8",), ("f8",), ("f8",)),
        ([*SENSITISED, consultation(firm="f1")], ("f8",), (), ()),
        ([*SENSITISED, day("04-01"), MEMBER], ("f8",), (), ()),
    ],
)
def test_new_firms_are_sensitised_involved_and_both(story, sensitised, involved, both):
    assert figure("I1.2a", *story).ids == sensitised
    assert figure("I1.2b", *story).ids == involved
    assert figure("I1.2", *story).ids == both
    assert figure("I1.2", *story).variant("one or the other").ids == tuple(sorted({*sensitised, *involved}))


def test_a_firm_is_involved_by_joining_or_by_advice():
    assert parts(figure("I1.2b", MEMBER, consultation(firm="f8")), "how") == {"advised": 1, "joined": 1}


def test_suppliers_are_reached_by_what_they_offered_signed_or_delivered():
    assert figure("I1.3").value == 0
    assert figure("I1.3", supplier("s9")).value == 0
    story = [offer("o8", supplier="s1"), agreement("a8", "cm"), *matched(), booked("e1"), delivered("e1")]
    one = figure("I1.3", *story)
    assert one.ids == ("s1", "s2")
    assert parts(one, "how") == {"delivered": 1, "offered": 1, "signed": 1}


KINDS = {"I2.1": MeetingKind.STEERING_BOARD, "I2.2": MeetingKind.WORKING_GROUP, "I2.3": MeetingKind.MONITORING}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_meetings_count_by_kind_and_date(name, kind):
    held = [meeting("m1", kind=kind), meeting("m2", kind=kind), day("04-01"), meeting("m3", kind=kind)]
    assert figure(name, *held).ids == ("m1", "m2")
    assert figure(name, *held, period=YEAR).value == 3
    assert all(figure(other, *held).value == 0 for other in KINDS if other != name)


def test_working_groups_meet_by_area():
    kind = MeetingKind.WORKING_GROUP
    held = [
        group("g1", area="B"),
        group("g2", area="C"),
        meeting("m1", kind=kind, group="g1"),
        meeting("m2", kind=kind),
    ]
    one = figure("I2.2", *held, meeting("m3", kind=kind, group="g2"), meeting("m4", kind=kind, group="g1"))
    assert one.value == 4
    assert parts(one, "area") == {"B": 2, "C": 1}


def test_consultations_count_by_mode_and_topic_and_say_their_time():
    remote = {"mode": ConsultationMode.REMOTE, "topic": ConsultationTopic.PLAN}
    held = [consultation("c-1"), consultation("c-2", firm=None, household="h1", minutes=30, **remote)]
    one = figure("I3.1", *held, day("04-02"), consultation("c-3"))
    assert one.ids == ("c-1", "c-2")
    assert one.variant("time").value == 90
    assert parts(one, "mode") == {"on-site": 1, "remote": 1}
    assert parts(one, "topic") == {"paternity": 1, "plan": 1}


def test_consultations_in_firms_are_those_on_site_with_a_firm():
    held = [
        consultation("c-1"),
        consultation("c-2"),
        consultation("c-3", firm="f2"),
        consultation("c-4", mode=ConsultationMode.REMOTE),
        consultation("c-5", firm=None, household="h1"),
    ]
    one = figure("I3.3", *held)
    assert one.ids == ("c-1", "c-2", "c-3")
    assert one.variant("firms").ids == ("f1", "f2")
    assert set(one.ids) <= set(figure("I3.1", *held).ids)


def test_a_plan_counts_when_approved_and_a_revision_is_no_new_plan():
    story = [personal_plan("pp1"), personal_plan("pp2"), approved("pp1"), plan_revised("pp1"), plan_revised("pp1")]
    one = figure("I3.2", *story)
    assert one.ids == ("pp1",)
    assert one.counted[0].facts == (one.position - 4, one.position - 2)
    assert one.variant("drafts").ids == ("pp2",)
    assert one.variant("revised").ids == ("pp1",)
    later = figure("I3.2", *story, day("04-02"), approved("pp2"))
    assert (later.ids, later.variant("drafts").ids) == (("pp1",), ("pp2",))
    assert figure("I3.2", *story, day("04-02"), approved("pp2"), period=APRIL).ids == ("pp2",)


def test_the_facts_of_partners_staff_and_advice_live_in_one_story():
    assert figure("I3.1", *carried(), period=MARCH).value == 1
    assert figure("I2.2", *carried(), period=FEBRUARY).value == 0
