"""Whatever is changed in a plan, the check finds it, and says which rule breaks."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Plan, Problem, solve
from wis_engine.matching.plan import Grant, PlanChain, Setting
from wis_engine.values import Period, WeekSlots


def broken(plan, problem):
    with pytest.raises(PlanError) as caught:
        plan.check(problem)
    return str(caught.value.rule)


def resealed(plan, problem):
    """The rule that a plan breaks when whoever changed it also sealed it again."""
    return broken(plan.sealed(), problem)


def with_pool(plan, place, **changes):
    pools = list(plan.pools)
    pools[place] = attrs.evolve(pools[place], **changes)
    return attrs.evolve(plan, pools=tuple(pools))


def with_member(plan, place, number, **changes):
    members = list(plan.pools[place].members)
    members[number] = attrs.evolve(members[number], **changes)
    return with_pool(plan, place, members=tuple(members))


def place_of(plan, need):
    return next(place for place, pool in enumerate(plan.pools) if need in pool.needs)


def test_the_plan_holds_a_group_a_chain_a_pool_of_one_and_a_need_left_out(rich_plan, rich_problem):
    rich_plan.check(rich_problem)
    assert {pool.needs: pool.offer for pool in rich_plan.pools} == {
        ("n0", "n1", "n2"): "o-group",
        ("n3",): None,
        ("n5",): "o-single",
    }
    assert [explanation.need for explanation in rich_plan.unmatched] == ["n4"]


CHANGES = {
    "a member doubled": (lambda plan: with_pool(plan, 1, members=plan.pools[1].members * 2), "needs"),
    "a member gone": (lambda plan: with_pool(plan, 0, members=plan.pools[0].members[:2]), "needs"),
    "a member nobody knows": (lambda plan: with_member(plan, 0, 0, need="n9"), "needs"),
    "members in another order": (lambda plan: with_pool(plan, 0, members=plan.pools[0].members[::-1]), "needs"),
    "what alone would cost": (lambda plan: with_member(plan, 0, 0, alone_cents=1), "price"),
    "what alone would cost in a chain": (lambda plan: with_member(plan, 1, 0, alone_cents=1), "price"),
    "a chain under two ids": (
        lambda plan: attrs.evolve(plan, chains=(*plan.chains, attrs.evolve(plan.chains[0], id="twin"))),
        "chain",
    ),
    "a chain without steps": (
        lambda plan: attrs.evolve(
            with_pool(plan, 0, offer=None, chain="c"), chains=(*plan.chains, PlanChain(id="c", steps=()))
        ),
        "chain",
    ),
    "a strategy that does not look at every plan": (lambda plan: attrs.evolve(plan, strategy="greedy"), "certificate"),
    "an explanation gone": (lambda plan: attrs.evolve(plan, unmatched=()), "needs"),
    "two members changed places": (
        lambda plan: with_member(with_member(plan, 0, 2, need="n5"), place_of(plan, "n5"), 0, need="n2"),
        "group",
    ),
    "a member from elsewhere": (lambda plan: with_member(with_member(plan, 0, 0, need="n4"), 1, 0, need="n0"), "needs"),
    "another offer": (lambda plan: with_pool(plan, 0, offer="o-single"), "place"),
    "an offer of another service": (lambda plan: with_pool(plan, 0, offer="o-play"), "option"),
    "an offer nobody knows": (lambda plan: with_pool(plan, 0, offer="o9"), "option"),
    "an offer and a chain": (lambda plan: with_pool(plan, 1, offer="o-play"), "chain"),
    "another service": (lambda plan: with_pool(plan, 0, service="play"), "option"),
    "a chain gone": (lambda plan: attrs.evolve(plan, chains=()), "chain"),
    "a price": (lambda plan: with_member(plan, 0, 0, price_cents=1), "price"),
    "a tier": (lambda plan: with_member(plan, 0, 0, tiers=()), "price"),
    "an opening": (lambda plan: with_pool(plan, 0, opening_cents=0), "price"),
    "a share": (lambda plan: with_member(plan, 0, 0, share_cents=plan.pools[0].members[0].share_cents - 1), "shares"),
    "the price of the pool": (lambda plan: with_pool(plan, 0, price_cents=1), "shares"),
    "a grant": (lambda plan: with_member(plan, 0, 0, grants=()), "budget"),
    "a grant of another budget": (
        lambda plan: with_member(plan, 0, 0, grants=(Grant(budget="g2", cents=400),)),
        "budget",
    ),
    "what a household pays": (lambda plan: with_member(plan, 0, 0, household_cents=0), "budget"),
    "no starts": (lambda plan: with_pool(plan, 0, starts=None), "time"),
    "a start at night": (lambda plan: with_pool(plan, 0, starts=WeekSlots.parse("mon 02:00-02:30")), "time"),
    "a start too many": (lambda plan: with_pool(plan, 0, starts=WeekSlots.parse("mon-tue 16:00-16:30")), "time"),
    "a start where a promise stands": (
        lambda plan: with_pool(plan, 0, starts=WeekSlots.parse("mon 15:30-16:00")),
        "sessions-at-once",
    ),
    "other dates": (lambda plan: with_pool(plan, 0, period=Period.parse("2026-03-02/2026-03-29")), "period"),
    "fewer sessions": (lambda plan: with_pool(plan, 0, sessions=3), "period"),
    "longer sessions": (lambda plan: with_pool(plan, 0, session_minutes=90), "time"),
    "another host": (lambda plan: with_pool(plan, 0, host="n2"), "place"),
    "a host where nobody comes": (lambda plan: with_pool(plan, place_of(plan, "n5"), host="n5"), "place"),
    "another problem": (lambda plan: attrs.evolve(plan, problem="0" * 64), "problem"),
}


@pytest.mark.parametrize(("change", "rule"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_that_breaks_a_rule_is_named_even_when_sealed_again(rich_plan, rich_problem, change, rule):
    assert broken(change(rich_plan), rich_problem) == rule
    assert resealed(change(rich_plan), rich_problem) == rule


def test_a_pool_at_the_time_of_another_one_of_the_same_person_overlaps(rich_plan, rich_problem):
    other = place_of(rich_plan, "n5")
    assert broken(with_pool(rich_plan, other, starts=rich_plan.pools[0].starts), rich_problem) == "overlap"


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        (1, {"offset_slots": 3}),
        (1, {"offset_slots": 0}),
        (0, {"offset_slots": 1}),
        (0, {"minutes": 60}),
        (0, {"service": "play"}),
        (0, {"supplier": "s9"}),
        (0, {"offer": "o-play", "supplier": "s4"}),
    ],
)
def test_a_changed_chain_is_refused(rich_plan, rich_problem, step, changes):
    chain = rich_plan.chains[0]
    steps = list(chain.steps)
    steps[step] = attrs.evolve(steps[step], **changes)
    assert resealed(attrs.evolve(rich_plan, chains=(attrs.evolve(chain, steps=tuple(steps)),)), rich_problem) == "chain"


@pytest.mark.parametrize(("name", "number"), [("covered_minutes", 0), ("household_cents", 1), ("public_cents", 2)])
def test_a_wrong_value_or_bound_is_refused(rich_plan, rich_problem, name, number):
    for what, more in (("value", 1), ("bound", -1)):
        levels = list(rich_plan.certificate.levels)
        assert levels[number].name == name
        levels[number] = attrs.evolve(levels[number], **{what: max(0, getattr(levels[number], what) + more) or 7})
        certificate = attrs.evolve(rich_plan.certificate, levels=tuple(levels))
        assert resealed(attrs.evolve(rich_plan, certificate=certificate), rich_problem) == "certificate"


ONLY_DIGEST = {
    "the strategy": lambda plan: attrs.evolve(
        plan, strategy="greedy", certificate=attrs.evolve(plan.certificate, enumerated=False)
    ),
    "a setting": lambda plan: attrs.evolve(plan, settings=(Setting(name="needs_max", value="3"),)),
    "the seed": lambda plan: attrs.evolve(plan, seed=1),
    "the effort": lambda plan: attrs.evolve(plan, effort=1),
    "the order of pools": lambda plan: attrs.evolve(plan, pools=plan.pools[::-1]),
    "who proved it": lambda plan: attrs.evolve(
        plan, certificate=attrs.evolve(plan.certificate, enumerated=not plan.certificate.enumerated)
    ),
    "the id of a pool": lambda plan: with_pool(plan, 0, id="other-1"),
    "the digest": lambda plan: attrs.evolve(plan, digest="0" * 64),
}


@pytest.mark.parametrize("change", ONLY_DIGEST.values(), ids=ONLY_DIGEST.keys())
def test_any_other_change_is_found_by_the_digest(rich_plan, rich_problem, change):
    assert broken(change(rich_plan), rich_problem) == "digest"


def with_one_number_larger(data):
    """All copies of the data with one number made larger."""
    if type(data) is int:
        yield data + 1
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from (data | {key: other} for other in with_one_number_larger(value))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from ([*data[:place], other, *data[place + 1 :]] for other in with_one_number_larger(value))


def test_every_number_in_the_json_of_a_plan_counts(rich_plan, rich_problem):
    changed = list(with_one_number_larger(rich_plan.to_dict()))
    assert len(changed) > 50
    for data in changed:
        broken(Plan.from_dict(data), rich_problem)


TWICE = Problem(
    needs=[Need(id="n", minutes=480, sessions=8, period=Period.parse("2026-03-02/2026-03-30"))],
    offers=[Offer(id="o", capacity_minutes=480)],
)


@pytest.mark.parametrize(
    "starts", ["mon 16:00-17:00", "mon 16:00-16:30, mon 18:00-18:30", "sun 23:30-24:00, mon 16:00-16:30"]
)
def test_two_sessions_a_week_lie_on_two_days_and_inside_the_week(starts):
    plan = solve(TWICE, "greedy")
    assert broken(with_pool(plan, 0, starts=WeekSlots.parse(starts)), TWICE) == "time"


def test_a_plan_without_times_has_none():
    problem = Problem(
        needs=[Need(id="n", minutes=60)],
        offers=[Offer(id="o", capacity_minutes=60)],
        options=[Option(need="n", offer="o", minutes=60, price_cents=1)],
    )
    plan = solve(problem, "greedy")
    assert broken(with_pool(plan, 0, starts=WeekSlots.ALWAYS), problem) == "time"
    assert broken(with_pool(plan, 0, sessions=2), problem) == "time"
    assert broken(with_pool(plan, 0, chain="c", offer=None), problem) == "chain"


def test_needs_that_are_not_alike_are_not_together():
    needs = [Need(id=f"n{k}", minutes=30 + 60 * k, beneficiary="b" * k) for k in range(2)]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=480)])
    plan = solve(problem, "greedy")
    first, second = plan.pools
    both = attrs.evolve(first, members=(*first.members, *second.members))
    assert broken(attrs.evolve(plan, pools=(both,)), problem) == "option"


def test_a_plan_of_another_problem_is_refused(rich_plan):
    assert broken(rich_plan, Problem(needs=[Need(id="n", minutes=1)], offers=[])) == "problem"


def test_over_capacity_is_refused(rich_problem):
    plan = solve(rich_problem, "exact")
    smaller = attrs.evolve(
        rich_problem,
        offers=[
            attrs.evolve(offer, capacity_minutes=719) if offer.id == "o-group" else offer
            for offer in rich_problem.offers
        ],
    )
    assert broken(attrs.evolve(plan, problem=smaller.digest), smaller) == "capacity"


def test_over_a_limit_is_refused(rich_problem):
    plan = solve(rich_problem, "exact")
    poorer = attrs.evolve(
        rich_problem,
        needs=[attrs.evolve(need, price_limit_cents=3_000) if need.id == "n2" else need for need in rich_problem.needs],
    )
    assert broken(attrs.evolve(plan, problem=poorer.digest), poorer) == "limit"


def places_in(data, way=()):
    """Ways to all values in plain data."""
    yield way
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places_in(value, (*way, key))


def changed_at(data, way, new):
    if not way:
        return new
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[way[0]] = changed_at(data[way[0]], way[1:], new)
    return copy


JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**62,
        "",
        "c",
        "\ud800",
        "n0",
        "o-play",
        "always",
        "never",
        "mon 16:00-16:30",
        "2026-03-02/2026-03-30",
        [],
        {},
    ]
)


@settings(max_examples=300)
@given(st.data())
def test_whatever_is_written_into_the_json_of_a_plan_only_our_errors_leave(rich_plan, rich_problem, data):
    plain = rich_plan.to_dict()
    for _ in range(data.draw(st.integers(1, 3))):
        ways = list(places_in(plain))[1:]
        way = data.draw(st.sampled_from(ways))
        other = data.draw(st.sampled_from(ways))
        value = plain
        for key in other:
            value = value[key]
        plain = changed_at(plain, way, data.draw(JUNK | st.just(value)))
    try:
        plan = Plan.from_dict(plain)
        sealed = data.draw(st.booleans())
        (plan.sealed() if sealed else plan).check(rich_problem)
    except (PlanError, Malformed):
        return
    assert plan == rich_plan or sealed
