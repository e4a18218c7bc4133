"""The life of a request: what its facts leave, and why they are refused."""

import pytest
from stories import answered, booked, matched, network_of, request, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import NeedWithdrawn
from wis_engine.facts.engagements import Reason as BookingReason
from wis_engine.facts.requests import Reason
from wis_engine.network.guidance import AccessMode, RequestState
from wis_engine.values import Channel

PAIRS = [
    (Reason.NEED_OVER, [NeedWithdrawn(need="n1"), request()], [NeedWithdrawn(need="n2"), request()]),
    (Reason.REQUEST_WAITING, [request(), request("q2")], [request(), request("q2", need="n2")]),
    (
        Reason.REQUEST_WAITING,
        [request(), request("q2")],
        [request(), answered(accepted=False), request("q2", channel=Channel.AGREEMENT)],
    ),
    (Reason.ALREADY_ANSWERED, [request(), answered(), answered(accepted=False)], [request(), answered()]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_pooled_need_is_asked_for_too():
    assert why_refused(*matched(), request()) is None


def test_a_request_says_how_it_was_made_and_how_it_was_answered():
    network = network_of(request(), request("q2", need="n2", mode=AccessMode.TRADITIONAL), answered(accepted=False))
    first, second = network.requests["q1"], network.requests["q2"]
    assert (first.channel, first.mode, first.state) == (Channel.WEMI, AccessMode.DIGITAL, RequestState.REJECTED)
    assert (second.mode, second.state) == (AccessMode.TRADITIONAL, RequestState.WAITING)
    assert network.links.targets("n1", "asks") == ["q1"]


def test_what_is_asked_for_is_booked_once_some_request_is_accepted():
    asked = [*matched(), request()]
    assert why_refused(*asked, booked()) is BookingReason.REQUEST_NOT_ACCEPTED
    rejected = [*asked, answered(accepted=False)]
    assert why_refused(*rejected, booked()) is BookingReason.REQUEST_NOT_ACCEPTED
    again = [*rejected, request("q2"), answered("q2")]
    assert why_refused(*again, booked()) is None
    assert why_refused(*asked, booked(need="n2")) is None


@pytest.mark.parametrize("changes", [{"mode": "by-hand"}, {"channel": "wemi"}])
def test_a_fact_of_another_shape_is_malformed(changes):
    with pytest.raises(Malformed):
        request(**changes)
