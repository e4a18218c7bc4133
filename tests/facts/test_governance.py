"""The meetings of a project."""

import pytest
from stories import instant, meeting, network_of, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts.governance import Reason
from wis_engine.network.parties import MeetingKind

PAIRS = [
    (
        Reason.OUTSIDE_PROJECT,
        [instant("2026-12-31 23:00"), meeting()],
        [instant("2026-12-31 22:59"), meeting()],
    ),
    (Reason.OUTSIDE_PROJECT, [instant("2025-12-31 22:59"), meeting()], [instant("2025-12-31 23:00"), meeting()]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


@pytest.mark.parametrize("kind", list(MeetingKind))
def test_a_meeting_was_held(kind):
    network = network_of(meeting(kind=kind))
    assert network.meetings["m1"].meeting_kind is kind


@pytest.mark.parametrize(("make", "changes"), [(meeting, {"minutes": 0}), (meeting, {"kind": "monitoring"})])
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
