"""What the welfare manager does: what its facts leave, and why they are refused."""

import pytest
from stories import approached, approved, consultation, need, network_of, personal_plan, plan_revised, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts.guidance import Reason
from wis_engine.network.guidance import ConsultationMode, ConsultationTopic

APPROVED = [personal_plan(), approved()]
PAIRS = [
    (Reason.OTHER_HOUSEHOLD, [personal_plan(needs=("n1", "n2"))], [personal_plan(needs=("n1",))]),
    (Reason.OTHER_HOUSEHOLD, [*APPROVED, plan_revised("pp1", "n2")], [*APPROVED, plan_revised("pp1", "n1")]),
    (Reason.ALREADY_APPROVED, [*APPROVED, approved()], APPROVED),
    (Reason.NOT_YET_APPROVED, [personal_plan(), plan_revised()], [*APPROVED, plan_revised()]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


@pytest.mark.parametrize(
    ("firm", "household"), [("f1", None), (None, "h1"), ("f1", "h1")], ids=["firm", "household", "both"]
)
def test_a_consultation_is_held_with_whom_it_names(firm, household):
    network = network_of(consultation(firm=firm, household=household))
    held = network.consultations["c-1"]
    assert (held.mode, held.topic) == (ConsultationMode.ON_SITE, ConsultationTopic.PATERNITY)
    assert network.links.sources("c-1", "consults") == sorted(one for one in (firm, household) if one)


def test_a_firm_that_has_not_joined_is_advised_too():
    assert why_refused(approached(), consultation(firm="f8")) is None


def test_a_plan_sets_needs_out_and_a_revision_sets_out_others():
    more = [need("n8", "h1"), need("n9", "h1")]
    drafted = network_of(*more, personal_plan(needs=("n1", "n8")))
    assert (drafted.personal_plans["pp1"].approved, drafted.links.targets("pp1", "sets_out")) == (False, ["n1", "n8"])
    revised = network_of(*more, personal_plan(needs=("n1", "n8")), approved(), plan_revised("pp1", "n8", "n9"))
    assert (revised.personal_plans["pp1"].approved, revised.links.targets("pp1", "sets_out")) == (True, ["n8", "n9"])


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (consultation, {"firm": None}),
        (consultation, {"minutes": 0}),
        (consultation, {"topic": "weather"}),
        (personal_plan, {"needs": ()}),
        (personal_plan, {"needs": ("n1", "n1")}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
