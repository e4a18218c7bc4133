"""The laws of the views: fact by fact or at once, with personal fields or without, against a recount by hand."""

from collections import Counter

import attrs
import pytest
import stories
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import histories, pilot

from wis_engine.community import Community
from wis_engine.facts.base import redacted
from wis_engine.network import ledger
from wis_engine.network.promises import SessionState
from wis_engine.values import Period
from wis_engine.views import VIEWS, Budget, Indicators, Vouchers

FEWER = settings(max_examples=25)
PERIODS = [Period.parse("2026-01-01/2027-01-01"), Period.parse("2026-03-01/2026-03-15")]


def community_of(batches):
    community = Community.open("memory:", clock=lambda: stories.START)
    community.record(*pilot(), at=stories.START)
    for at, facts in batches:
        community.record(*facts, at=at)
    return community


def everything(view):
    """List all that a view answers."""
    match view:
        case Indicators():
            return [view.of(period) for period in PERIODS], view.records()
        case Budget():
            return view.records(), view.by_class(), view.by_partner(), view.by_source(), view.hours()
        case Vouchers():
            return view.records(), view.yearly(), view.expiring(PERIODS[0].end)
    raise AssertionError(view)


@FEWER
@given(batches=histories(), stops=st.sets(st.integers(1, 80)))
def test_fact_by_fact_equals_from_scratch(batches, stops):
    facts = list(community_of(batches).events())
    for kind in VIEWS.values():
        view = kind()
        for recorded in facts:
            view.take(recorded)
            if recorded.position in stops:
                assert everything(view) == everything(kind().read(facts[: recorded.position]))
        assert everything(view) == everything(kind().read(facts))


@FEWER
@given(batches=histories())
def test_erasing_everybody_changes_no_figure(batches):
    facts = list(community_of(batches).events())
    emptied = [attrs.evolve(one, fact=redacted(one.fact)) for one in facts]
    assert emptied != facts
    for kind in VIEWS.values():
        assert everything(kind().read(emptied)) == everything(kind().read(facts))


@FEWER
@given(batches=histories(), back=st.integers(0, 20))
def test_figures_as_known_earlier_are_those_of_the_community_as_of_then(batches, back):
    community = community_of(batches)
    position = max(1, community.position - back)
    then = community.as_of(position)
    read = Indicators(zone=community.network.zone).read(community.events(until=position))
    for period in PERIODS:
        assert then.indicators(period) == read.of(period)


@FEWER
@given(batches=histories())
def test_deliveries_are_those_that_the_network_knows(batches):
    community = community_of(batches)
    network = community.network
    figures = {one.id: one for one in community.indicators(PERIODS[0])}
    done = [
        (name, number)
        for name, one in network.engagements.items()
        for number, state in enumerate(one.states)
        if state.took_place
    ]
    assert figures["I4.2a"].variant("sessions").value == len(done)
    assert figures["I4.2a"].ids == tuple(sorted({name for name, _ in done}))
    served = {network.needs[network.engagements[name].need].household for name, _ in done}
    assert figures["I4.4"].ids == tuple(sorted(served))
    confirmed = [(name, one) for name, one in network.engagements.items() if SessionState.CONFIRMED in one.states]
    assert figures["I4.2e"].value == len({(one.need, one.pool) for _, one in confirmed})
    assert set(figures["I4.2e"].ids) <= {name for name, _ in confirmed}


@FEWER
@given(batches=histories())
def test_a_part_is_never_more_than_the_whole(batches):
    for one in community_of(batches).indicators(PERIODS[0]):
        for part in one.variants:
            if part.split:
                assert set(part.ids) <= set(one.ids)
                assert part.unit == one.unit
        assert one.value == sum(each.amount for each in one.counted)
        assert list(one.ids) == sorted(set(one.ids))
        assert all(each.facts and each.facts[-1] <= one.position for each in one.counted)


@FEWER
@given(batches=histories())
def test_the_book_of_vouchers_is_what_the_network_knows(batches):
    community = community_of(batches)
    network = community.network
    rows = Vouchers().read(community.events()).records()
    assert [row["voucher"] for row in rows] == sorted(network.vouchers)
    for row in rows:
        voucher = network.vouchers[row["voucher"]]
        held = (voucher.face_cents, voucher.redeemed_cents, voucher.left_cents, voucher.state.value)
        assert (row["face_cents"], row["redeemed_cents"], row["left_cents"], row["state"]) == held
        assert row["redeemed_cents"] + row["left_cents"] + row["released_cents"] == row["face_cents"]
        assert row["settled_cents"] == voucher.settled_cents


@FEWER
@given(batches=histories())
def test_the_budget_is_what_the_accounts_say(batches):
    community = community_of(batches)
    network = community.network
    budget = Budget().read(community.events())
    committed, paid = Counter(), Counter()
    for fund in network.funds.values():
        account = network.accounts[ledger.account_of(fund.id)]
        committed[fund.action] += account.debits_pending_cents
        paid[fund.action] += account.debits_posted_cents
    for row in budget.records():
        action = network.actions[row["action"]]
        assert row["committed_cents"] == committed[action.id]
        assert row["paid_cents"] == paid[action.id]
        assert (row["planned_cents"], row["costs_cents"]) == (action.budget_cents, action.costs_cents)
        assert row["free_cents"] == action.left_cents
    assert sum(row["paid_cents"] for row in budget.by_source()) == sum(paid.values())


@pytest.mark.parametrize("kind", VIEWS.values(), ids=list(VIEWS))
def test_the_order_of_independent_facts_leaves_no_trace(kind):
    ends = [stories.firm("fz"), stories.supplier("sz"), stories.meeting("mz")]
    forth, back = community_of([(stories.START, tuple(ends))]), community_of([(stories.START, tuple(ends[::-1]))])
    rows = [kind().read(one.events()).records() for one in (forth, back)]
    assert rows[0] == rows[1]
