"""What plans, chains and pools leave: entities, links, minutes committed."""

import pytest
from stories import (
    AFTER_ALL,
    CHAIN,
    MONDAYS,
    booked,
    cancelled,
    chain,
    chain_pool,
    delivered,
    matched,
    member,
    network_of,
    offer,
    plan,
    pool,
    step,
)

from wis_engine.errors import Malformed
from wis_engine.facts import ChainBroken, PoolDissolved, PoolMemberLeft
from wis_engine.facts.matches import LeavingReason, PlanLevel, PlanSetting
from wis_engine.network import timetable
from wis_engine.network.promises import ChainStep, Grant, NeedState, PoolMember, PoolState
from wis_engine.values import WeekSlots

DISSOLVED = PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER)
SHARES = {1: 12_000, 2: 9_000, 3: 6_000}


def pooled(count):
    return [plan(), pool("pool-1", *(member(f"n{number}", SHARES[count]) for number in range(1, count + 1)))]


def test_a_plan_is_adopted():
    network = network_of(plan(settings=(PlanSetting(name="group_max", value="4"),)))
    assert (network.plans["plan-1"].strategy, network.plans["plan-1"].seed) == ("by_hand", 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_pool_is_formed(count):
    network = network_of(*pooled(count))
    names = [f"n{number}" for number in range(1, count + 1)]
    formed = network.pools["pool-1"]
    assert (formed.state, formed.open, formed.sessions) == (PoolState.FORMED, True, 4)
    assert formed.price_cents == count * SHARES[count]
    assert [network.needs[name].state for name in names] == [NeedState.POOLED] * count
    assert network.links.sources("pool-1", "joins") == names
    assert network.links.sources("pool-1", "serves") == ["hw"]
    assert network.links.sources("pool-1", "forms") == ["plan-1"]
    assert network.offers["hw"].committed_minutes == 360 * count
    assert set(network.opened("need")) == {"n1", "n2", "n3", "n4"} - set(names)
    assert timetable.sessions_of(network, formed) == (MONDAYS,)
    assert network.check() == ()


def test_a_chain_is_composed_and_pooled():
    network = network_of(*matched())
    assert network.chains["chain-1"].steps == CHAIN
    assert network.links.targets("chain-1", "uses") == ["hw", "ride"]
    assert network.links.targets("s1", "leads") == ["chain-1"]
    assert network.links.targets("plan-1", "composes") == ["chain-1"]
    assert network.links.targets("chain-1", "shapes") == ["pool-2"]
    assert network.links.sources("pool-2", "serves") == ["hw", "ride"]
    assert network.offers["ride"].committed_minutes == 4 * 30
    assert network.offers["hw"].committed_minutes == 3 * 360 + 4 * 90
    assert network.check() == ()


def test_a_chain_may_be_composed_outside_a_plan():
    network = network_of(chain(plan=None))
    assert network.links.sources("chain-1", "composes") == []


def test_a_chain_breaks_and_what_was_pooled_stays():
    network = network_of(*matched(), ChainBroken(chain="chain-1", offer="hw"))
    assert network.chains["chain-1"].broken
    assert network.links.targets("chain-1", "uses") == []
    assert network.pools["pool-2"].open


def test_a_member_leaves_and_the_others_keep_their_shares():
    network = network_of(*pooled(3), PoolMemberLeft(pool="pool-1", need="n2"))
    left = network.pools["pool-1"]
    assert [one.need for one in left.members] == ["n1", "n3"]
    assert (left.price_cents, left.member("n2")) == (12_000, None)
    assert network.needs["n2"].state is NeedState.OPEN
    assert network.links.sources("pool-1", "joins") == ["n1", "n3"]
    assert network.offers["hw"].committed_minutes == 720
    assert network.check() == ()


def test_a_member_takes_with_it_only_what_was_not_delivered():
    served = [booked(occurrences=MONDAYS[:1]), AFTER_ALL, delivered()]
    network = network_of(*pooled(3), *served, PoolMemberLeft(pool="pool-1", need="n1"))
    assert network.offers["hw"].committed_minutes == 720 + 90
    assert (network.needs["n1"].left_sessions, network.needs["n1"].left_minutes) == (3, 270)
    assert network.check() == ()


def test_the_last_waiting_member_leaves_and_the_pool_is_done():
    served = [booked(), AFTER_ALL, *(delivered(session=session) for session in range(4))]
    network = network_of(*pooled(2), *served, PoolMemberLeft(pool="pool-1", need="n2"))
    assert network.pools["pool-1"].state is PoolState.DONE
    assert network.links.targets("hw", "serves") == []
    assert network.check() == ()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_pool_is_dissolved_and_its_needs_wait_again(count):
    network = network_of(*pooled(count), DISSOLVED)
    assert network.pools["pool-1"].state is PoolState.DISSOLVED
    assert network.offers["hw"].committed_minutes == 0
    assert {network.needs[f"n{number}"].state for number in range(1, count + 1)} == {NeedState.OPEN}
    assert network.links.sources("pool-1", "joins") == network.links.sources("pool-1", "serves") == []
    assert network.check() == ()


def test_a_dissolved_pool_keeps_who_was_met_and_what_was_delivered():
    served = [
        booked(),
        booked("e2", need="n2"),
        AFTER_ALL,
        *(delivered(session=session) for session in range(4)),
        delivered("e2"),
        cancelled("e2"),
    ]
    network = network_of(*pooled(3), *served, DISSOLVED)
    assert [network.needs[name].state for name in ("n1", "n2", "n3")] == [
        NeedState.MET,
        NeedState.OPEN,
        NeedState.OPEN,
    ]
    assert network.offers["hw"].committed_minutes == 360 + 90
    assert network.check() == ()


def test_what_is_left_of_a_need_is_served_in_another_pool():
    first = [booked(occurrences=MONDAYS[:2]), AFTER_ALL, delivered(), delivered(session=1), DISSOLVED]
    rest = member("n1", 6_000, sessions=2, minutes=180)
    again = pool("pool-9", rest, steps=(step("o9"),), starts=WeekSlots.at(2, 32))
    network = network_of(*pooled(1), *first, offer("o9"), again)
    assert network.needs["n1"].state is NeedState.POOLED
    assert network.check() == ()


STEP = {"service": "homework_support", "offer": "hw", "minutes": 90}
MEMBER = {"need": "n1", "sessions": 4, "minutes": 360, "share_cents": 1, "alone_cents": 1}


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (plan, {"problem": "0" * 63}),
        (plan, {"problem": "G" * 64}),
        (plan, {"seed": -1}),
        (plan, {"levels": [PlanLevel(level="met", value=1, bound=1)]}),
        (plan, {"settings": ("group_max",)}),
        (PlanSetting, {"name": "", "value": "4"}),
        (PlanLevel, {"level": "met", "value": -1, "bound": 1}),
        (chain, {"steps": CHAIN[:1]}),
        (chain, {"steps": ()}),
        (chain, {"steps": list(CHAIN)}),
        (chain, {"steps": (CHAIN[0], step())}),
        (chain, {"plan": "no id!"}),
        (pool, {"steps": ()}),
        (pool, {"steps": ("hw",)}),
        (pool, {"members": ()}),
        (pool, {"members": (member("n1", 1), member("n1", 2))}),
        (pool, {"members": ["n1"]}),
        (pool, {"price_cents": -1}),
        (pool, {"starts": "mon 16:00-16:30"}),
        (pool, {"period": None}),
        (PoolDissolved, {"pool": "pool-1", "reason": "supplier"}),
        (ChainStep, STEP | {"offset_slots": 336}),
        (ChainStep, STEP | {"offset_slots": -1}),
        (ChainStep, STEP | {"minutes": 0}),
        (PoolMember, MEMBER | {"grants": (Grant(fund="b1", cents=1), Grant(fund="b1", cents=2))}),
        (PoolMember, MEMBER | {"sessions": 0}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_steps_of_a_chain_may_begin_when_the_one_before_is_over():
    assert chain_pool(steps=(CHAIN[0], step(offset_slots=1))).steps[1].offset_slots == 1
