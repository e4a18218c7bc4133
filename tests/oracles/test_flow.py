"""`flow` against networkx, HiGHS and the exact strategy."""

import networkx as nx
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from problems import problems
from scipy.optimize import linprog
from scipy.sparse import coo_array

from wis_engine.errors import StrategyError
from wis_engine.matching import Need, Offer, Option, Problem, solve

FEW = settings().max_examples // 2
# One covered minute outweighs any price that is drawn here.
WORTH = 1_000_000


@st.composite
def assignments(draw, needs_max=12, offers_max=5):
    """Plain assignments: an offer takes so many needs, each of its own minutes."""
    minutes = draw(st.sampled_from([30, 60]))
    offers = [
        Offer(id=f"o{number}", capacity_minutes=minutes * draw(st.integers(0, 4)) + draw(st.sampled_from([0, 0, 29])))
        for number in range(draw(st.integers(1, offers_max)))
    ]
    needs = [
        Need(id=f"n{number:02}", minutes=draw(st.sampled_from([60, 60, 90])), priority=draw(st.sampled_from([0, 0, 1])))
        for number in range(draw(st.integers(0, needs_max)))
    ]
    options = [
        Option(need=need.id, offer=offer.id, minutes=minutes, price_cents=draw(st.integers(0, 40)))
        for need in needs
        for offer in offers
        if draw(st.integers(0, 3))
    ]
    return Problem(needs=needs, offers=offers, options=options)


def places(problem):
    minutes = problem.options[0].minutes if problem.options else 60
    return {offer.id: offer.capacity_minutes // minutes for offer in problem.offers}


def reached(problem):
    covered, household, _ = (level.value for level in solve(problem, "flow").certificate.levels)
    return covered, household


@given(assignments())
def test_flow_is_as_good_as_the_network_simplex(problem):
    graph = nx.DiGraph()
    graph.add_node("sink", demand=len(problem.needs))
    for need in problem.needs:
        graph.add_node(need.id, demand=-1)
        graph.add_edge(need.id, "sink", weight=problem.value(need) * WORTH)
    for offer, room in places(problem).items():
        graph.add_edge(offer, "sink", capacity=room, weight=0)
    for option in problem.options:
        graph.add_edge(option.need, option.offer, capacity=1, weight=option.price_cents)
    least, _ = nx.network_simplex(graph)
    covered, household = reached(problem)
    assert least == (sum(map(problem.value, problem.needs)) - covered) * WORTH + household


@settings(max_examples=FEW)
@given(assignments())
def test_flow_is_as_good_as_linear_programming(problem):
    assume(problem.options)
    rows = {need.id: place for place, need in enumerate(problem.needs)}
    rows |= {offer.id: len(rows) + place for place, offer in enumerate(problem.offers)}
    values = {need.id: problem.value(need) for need in problem.needs}
    count = len(problem.options)
    used = coo_array(
        (
            np.ones(2 * count),
            (
                [rows[option.need] for option in problem.options] + [rows[option.offer] for option in problem.options],
                [*range(count), *range(count)],
            ),
        ),
        shape=(len(rows), count),
    )
    found = linprog(
        [option.price_cents - 1_000 * values[option.need] for option in problem.options],
        A_ub=used.tocsr(),
        b_ub=[1] * len(problem.needs) + [places(problem)[offer.id] for offer in problem.offers],
        bounds=(0, 1),
    )
    covered, household = reached(problem)
    assert round(found.fun) == household - 1_000 * covered


@given(problems(needs_max=4))
def test_what_flow_takes_it_solves_as_the_exact_strategy_does(problem):
    try:
        plan = solve(problem, "flow")
    except StrategyError:
        return
    exact = solve(problem, "exact", effort=20_000)
    values = [[level.value for level in one.certificate.levels] for one in (plan, exact)]
    assert values[0] == values[1]


@given(assignments())
def test_its_own_prices_prove_every_level_to_be_the_best(problem):
    minutes = problem.options[0].minutes if problem.options else 60
    # What is left over of an offer's minutes serves nobody, but a price of minutes pays for it.
    assume(not any(offer.capacity_minutes % minutes for offer in problem.offers))
    plan = solve(problem, "flow")
    covered, household, public = plan.certificate.levels
    assert (household.gap, public.gap) == (0, 0)
    # A price is in thousandths of a minute: what does not divide costs a little.
    assert covered.gap <= 1
