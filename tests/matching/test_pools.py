"""A draft is legal after every change, and what was tried leaves no trace."""

from hypothesis import given, settings
from hypothesis import strategies as st
from problems import timed_problems

from wis_engine.matching import Commitment, Need, Offer, Option, Problem, solve
from wis_engine.matching.construct import Rules, Servers, cheapest_first, place
from wis_engine.matching.gathering import Shape
from wis_engine.matching.making import anyone
from wis_engine.matching.options import Ground
from wis_engine.matching.pools import Draft
from wis_engine.matching.reading import Reading
from wis_engine.matching.rules import Rule
from wis_engine.values import Point, WeekSlots

# Each example solves a problem several times: a part of the profile's number is enough for a run.
FEW = settings().max_examples // 2


def state(draft):
    stacks = [{key: stack for key, stack in book._stacks.items() if stack} for book in (draft._rooms, draft._people)]
    return (
        dict(draft.pools),
        dict(draft.pool_of),
        dict(draft.left),
        draft.value,
        draft.price_cents,
        dict(draft._dues),
        draft._choosing,
        {key: cents for key, cents in draft._owed.items() if cents},
        stacks,
    )


@settings(max_examples=FEW)
@given(
    timed_problems(), st.lists(st.tuples(st.sampled_from(["place", "leave", "close"]), st.integers(0, 9)), max_size=12)
)
def test_what_is_undone_leaves_no_trace_and_a_copy_has_the_same_ledgers(problem, moves):
    ground = Ground(problem)
    draft, servers, rules = Draft(ground), Servers(ground), Rules(anyone, None, cheapest_first)

    def move(what, number):
        need = ground.ranked[number % len(ground.ranked)]
        pool = draft.pool_of.get(need)
        if what == "place" and pool is None:
            place(draft, servers, rules, need)
        elif what == "leave" and pool is not None:
            draft.leave(pool, need)
        elif what == "close" and pool is not None:
            draft.close(pool)

    for place_, (what, number) in enumerate(moves):
        before = state(draft)
        draft.begin()
        for later in moves[place_:]:
            move(*later)
        draft.undo()
        assert state(draft) == before
        move(what, number)
        assert state(draft.copy()) == state(draft)
        assert not draft.short_of_money()


def points(*steps):
    return [Point(45_460_000 + 1_000 * step, 9_190_000) for step in steps]


def host_and_fault(places, radius_m):
    needs = [Need(id=f"n{k}", minutes=30, place=place, radius_m=radius_m) for k, place in enumerate(places)]
    ground = Ground(Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=600, mobile=True)]))
    draft = Draft(ground)
    shape = Shape(ground.kinds["n0"], ("o",), (0,), 1)
    number = draft.open(shape, [need.id for need in needs])
    return draft.pools[number].hosts if number is not None else draft.fault


def test_a_pool_meets_where_all_can_come_whatever_the_order_they_join_in():
    assert host_and_fault(points(0, 4, 2), 300) == ("n2",)
    assert host_and_fault(points(0, 4, 8), 300) is Rule.PLACE
    assert host_and_fault(points(0, 4), None) == ("n0", "n1")


def test_a_promise_takes_minutes_even_more_than_there_are():
    problem = Problem(
        needs=[Need(id="n", minutes=30)],
        offers=[Offer(id="o", capacity_minutes=60)],
        commitments=[Commitment(offer="o", minutes=90)],
    )
    draft = Draft(Ground(problem))
    assert draft.open(Shape(draft.ground.kinds["n"], ("o",), (0,), 1), ["n"]) is None
    assert draft.fault is Rule.CAPACITY
    assert draft.left == Reading(problem).left == {"o": 0}


def test_what_takes_no_minutes_has_room_even_where_too_much_is_promised():
    problem = Problem(
        needs=[Need(id="n", minutes=30)],
        offers=[Offer(id="o", capacity_minutes=10)],
        options=[Option(need="n", offer="o", minutes=0, price_cents=0)],
        commitments=[Commitment(offer="o", minutes=20)],
    )
    for strategy in ("greedy", "exact"):
        assert solve(problem, strategy).covered == {"n"}


def test_sessions_of_one_person_do_not_meet_on_any_date():
    slots = WeekSlots.parse("mon 16:00-17:00")
    needs = [Need(id=f"n{k}", minutes=60, beneficiary="b", slots=slots) for k in range(2)]
    ground = Ground(
        Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=600), Offer(id="p", capacity_minutes=600)])
    )
    draft = Draft(ground)
    first, second = (Shape(ground.kinds["n0"], (offer,), (0,), 1 << 32) for offer in ("o", "p"))
    assert draft.open(first, ["n0"]) is not None
    assert draft.open(second, ["n1"]) is None
    assert draft.fault is Rule.OVERLAP
