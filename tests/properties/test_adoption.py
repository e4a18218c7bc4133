"""A plan that answers the community's own problem can be adopted at once, whatever the history."""

import stories
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    agreement_signed,
    consent_given,
    consent_withdrawn,
    facts,
    need_declared,
    need_revised,
    offer_revised,
    pilot,
    supplier_offered,
    voucher_issued,
)

from wis_engine.community import Community

DRAWERS = (
    *[need_declared] * 6,
    *[supplier_offered] * 3,
    *(agreement_signed, consent_given, consent_withdrawn, need_revised, offer_revised, voucher_issued),
)


@st.composite
def asking(draw):
    """Draw a community with needs and offers of every kind, ready to be matched."""
    community = Community.open("memory:", clock=lambda: stories.START)
    community.record(*pilot(), at=stories.START)
    for _ in range(draw(st.integers(4, 18))):
        fact = draw(facts(community.network, drawers=DRAWERS))
        if fact is not None:
            community.record(fact, at=stories.START)
    return community


@settings(max_examples=40)
@given(asking(), st.sampled_from(["by_firm", "by_zone", "greedy"]))
def test_what_was_matched_can_be_adopted_and_matched_again(community, strategy):
    for _ in range(2):
        problem = community.problem()
        plan = community.match(strategy)
        plan.check(problem)
        if not plan.pools:
            break
        community.adopt(plan, at=stories.START)
        assert community.network.check() == ()
        assert not {need.id for need in community.problem().needs} & plan.covered
