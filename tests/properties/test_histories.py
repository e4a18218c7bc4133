"""The laws of every history: each has a name and one test."""

import tempfile
from collections import Counter
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import stories
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import histories, pilot

from wis_engine.community import Community
from wis_engine.errors import Refused
from wis_engine.facts import (
    CostIncurred,
    CostReversed,
    DisputeResolved,
    NeedWithdrawn,
    ServiceBooked,
    ServiceDelivered,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReversed,
    VoucherSettled,
)
from wis_engine.facts.base import holds_redacted, redacted
from wis_engine.log.codec import fact_from_dict, fact_to_dict, known_events
from wis_engine.network import Network, ledger
from wis_engine.network.promises import PoolState, SessionState

FEWER = settings(max_examples=15)
IMPOSSIBLE = (
    stories.firm("f1"),
    NeedWithdrawn(need="nobody"),
    stories.voucher("over", face_cents=10**9),
    stories.chain(lead="s2"),
)


def lived(batches):
    network = Network()
    stories.record(network, *pilot())
    for at, facts in batches:
        stories.record(network, *facts, at=at)
    return network


def told(batches):
    """List every fact of a history with its instant, the pilot's among them."""
    return [(stories.START, fact) for fact in pilot()] + [(at, fact) for at, facts in batches for fact in facts]


def replayed(facts):
    network = Network()
    for at, fact in facts:
        stories.replay(network, [fact], at)
    return network


def community_of(batches, url="memory:"):
    community = Community.open(url, clock=lambda: stories.START)
    community.record(*pilot(), at=stories.START)
    for at, facts in batches:
        community.record(*facts, at=at)
    return community


@given(batches=histories())
def test_a_history_breaks_no_invariant_at_any_position(batches):
    network = Network()
    for at, fact in told(batches):
        stories.record(network, fact, at=at)
        assert network.check() == ()


@given(batches=histories())
def test_replay_equals_live(batches):
    assert replayed(told(batches)).digest() == lived(batches).digest()


@given(batches=histories(shortest=1), good=st.integers(0, 3), bad=st.sampled_from(IMPOSSIBLE))
def test_a_refused_batch_changes_nothing(batches, good, bad):
    kept = max(0, len(batches) - good)
    network = lived(batches[:kept])
    before, clock = network.digest(), network.now
    batch = [fact for _, facts in batches[kept:] for fact in facts]
    at = batches[-1][0] if batches else stories.START
    try:
        stories.record(network, *batch, bad, *batch, at=at)
    except Refused:
        pass
    else:
        raise AssertionError("an impossible fact was admitted")
    assert (network.digest(), network.now, network.position) == (before, clock, len(pilot()) + kept)
    for later, facts in batches[kept:]:
        stories.record(network, *facts, at=later)
    assert network.digest() == lived(batches).digest()


@given(batches=histories())
def test_how_facts_are_batched_leaves_no_trace(batches):
    network = Network()
    for at, together in groupby(told(batches), key=itemgetter(0)):
        stories.record(network, *(fact for _, fact in together), at=at)
    assert network.digest() == lived(batches).digest()


@FEWER
@given(batches=histories())
def test_memory_equals_sqlite(batches):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'community.db')}"
        memory, file = community_of(batches), community_of(batches, url)
        assert memory.network.digest() == file.network.digest()
        assert list(memory.events()) == list(file.events())
        for table in memory.network.tables:
            assert memory.records(table) == file.records(table)
        file.close()
        again = Community.open(url, mode="r")
        assert again.network.digest() == memory.network.digest()
        again.close()


@FEWER
@given(batches=histories(), back=st.integers(0, 20))
def test_the_graph_at_a_position_is_the_graph_of_the_community_as_of_it(batches, back):
    community = community_of(batches)
    position = max(0, community.position - back)
    now, then = community.network.graph_at(position), community.as_of(position).network.graph
    assert dict(now.nodes(data="kind")) == dict(then.nodes(data="kind"))
    assert sorted(now.edges(keys=True, data="since")) == sorted(then.edges(keys=True, data="since"))
    assert community.as_of(position).network.digest() == replayed(told(batches)[:position]).digest()


@given(batches=histories())
def test_with_every_personal_field_redacted_a_history_still_replays(batches):
    facts = told(batches)
    emptied = [(at, redacted(fact)) for at, fact in facts]
    assert any(holds_redacted(fact) for _, fact in emptied)
    network, whole = replayed(emptied), lived(batches)
    assert network.check() == ()
    for table in ("pools", "engagements", "vouchers", "accounts", "offers", "firms", "persons", "chains"):
        assert network.tables[table] == whole.tables[table]
    for name, need in network.needs.items():
        full = whole.needs[name]
        public = ("minutes", "sessions", "period", "action", "municipio", "step_count", "delivered", "state")
        assert [getattr(need, field) for field in public] == [getattr(full, field) for field in public]
    links = {row for row in whole.links.rows() if row[1] != "lives_in"}
    assert {row for row in network.links.rows() if row[1] != "lives_in"} == links


@given(batches=histories())
def test_minutes_are_conserved(batches):
    network, facts = lived(batches), [fact for _, fact in told(batches)]
    failed = {(one.engagement, one.session) for one in facts if isinstance(one, DisputeResolved) and one.upheld}
    delivered, count = Counter(), Counter()
    for fact in facts:
        if isinstance(fact, ServiceDelivered) and (fact.engagement, fact.session) not in failed:
            delivered[fact.engagement] += fact.minutes
            count[fact.engagement] += 1
    booked = {fact.engagement: len(fact.occurrences) for fact in facts if isinstance(fact, ServiceBooked)}
    assert set(booked) == set(network.engagements)
    for name, engagement in network.engagements.items():
        assert sum(engagement.delivered_minutes) == delivered[name]
        states = Counter(engagement.states)
        assert sum(states.values()) == booked[name]
        assert sum(states[state] for state in SessionState if state.took_place) == count[name]
    for need in network.needs.values():
        engagements = [one for one in network.engagements.values() if one.need == need.id]
        last = [state for one in engagements if one.step + 1 == need.step_count for state in one.states]
        assert need.delivered == sum(state.took_place for state in last) <= need.sessions


@given(batches=histories())
def test_cents_are_conserved(batches):
    network, facts = lived(batches), [fact for _, fact in told(batches)]
    paid = sum(fact.amount_cents for fact in facts if isinstance(fact, VoucherRedeemed))
    paid -= sum(fact.amount_cents for fact in facts if isinstance(fact, VoucherReversed))
    settled = sum(fact.amount_cents for fact in facts if isinstance(fact, VoucherSettled))
    assert settled == sum(voucher.settled_cents for voucher in network.vouchers.values()) <= paid
    faces = sum(fact.face_cents for fact in facts if isinstance(fact, VoucherIssued))
    held = sum(voucher.left_cents for voucher in network.vouchers.values())
    freed = sum(
        voucher.face_cents - voucher.redeemed_cents for voucher in network.vouchers.values() if not voucher.open
    )
    assert paid + held + freed == faces
    free = sum(ledger.free_cents(network.accounts[ledger.account_of(fund)]) for fund in network.funds)
    assert free + held + paid == 150_000
    assert paid == sum(one.redeemed_cents for one in network.engagements.values())


@given(batches=histories())
def test_costs_are_conserved(batches):
    network, facts = lived(batches), [fact for _, fact in told(batches)]
    back = {fact.cost for fact in facts if isinstance(fact, CostReversed)}
    stand = [fact for fact in facts if isinstance(fact, CostIncurred) and fact.cost not in back]
    net = sum(fact.net_cents for fact in stand)
    assert sum(action.costs_cents for action in network.actions.values()) == net
    credited = [network.accounts.get(ledger.account_of(partner)) for partner in network.partners]
    assert sum(account.credits_posted_cents for account in credited if account) == net
    project = network.projects["wis"]
    assert project.contribution_used_cents + project.cofinancing_used_cents == 150_000 + net


@given(batches=histories())
def test_a_need_is_in_one_open_pool_at_most(batches):
    network = Network()
    for at, fact in told(batches):
        stories.record(network, fact, at=at)
        members = Counter(
            member.need for pool in network.pools.values() if pool.state is PoolState.FORMED for member in pool.members
        )
        assert all(count == 1 for count in members.values())
        assert {name: network.links.targets(name, "joins") for name in network.needs} == {
            name: [pool.id for pool in network.pools.values() if pool.open and pool.member(name)]
            for name in network.needs
        }


@given(batches=histories())
def test_every_fact_goes_through_the_codec_and_back(batches):
    registry = known_events()
    for _, whole in told(batches):
        for fact in (whole, redacted(whole)):
            assert fact_from_dict(fact.name, fact_to_dict(fact)) == fact
            stored = registry.encode(fact)
            for trusted in (False, True):
                assert (
                    registry.decode(stored.name, stored.version, stored.body, stored.personal, trusted=trusted) == fact
                )


@given(batches=histories())
def test_what_a_fact_names_exists(batches):
    network = Network()
    for at, fact in told(batches):
        stories.record(network, fact, at=at)
        assert fact.about()
        assert all(network.kind(name) for name in fact.about())


def test_every_fact_of_a_life_goes_through_the_codec_and_back():
    for fact in [*pilot(), *stories.facts_in(stories.life())]:
        assert fact_from_dict(fact.name, fact_to_dict(fact)) == fact
