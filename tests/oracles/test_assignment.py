"""Plain assignments against scipy and networkx."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from wis_engine.matching import Need, Offer, Option, Problem, solve


def problem_of(costs, capacity=60):
    """One option for each cost that is there: need by row, offer by column."""
    rows, columns = len(costs), len(costs[0])
    return Problem(
        needs=[Need(id=f"n{row}", minutes=60) for row in range(rows)],
        offers=[Offer(id=f"o{column}", capacity_minutes=capacity) for column in range(columns)],
        options=[
            Option(need=f"n{row}", offer=f"o{column}", minutes=60, price_cents=costs[row][column])
            for row in range(rows)
            for column in range(columns)
            if costs[row][column] is not None
        ],
    )


def matrices(cell, rows=6, columns=6):
    return st.integers(1, columns).flatmap(
        lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=rows)
    )


@settings(max_examples=40)
@given(matrices(st.integers(0, 50)))
def test_exact_finds_the_cheapest_full_assignment(costs):
    covered, household, _ = solve(problem_of(costs), "exact", effort=20_000).certificate.levels
    rows, columns = linear_sum_assignment(np.array(costs))
    assert covered.value == 60 * len(rows)
    assert household.value == sum(costs[row][column] for row, column in zip(rows, columns, strict=True))


@settings(max_examples=40)
@given(matrices(st.sampled_from([None, None, 0])), st.integers(1, 2))
def test_exact_and_the_bound_find_the_largest_flow(costs, places):
    plan = solve(problem_of(costs, capacity=60 * places), "exact", effort=20_000)
    graph = nx.DiGraph()
    graph.add_nodes_from(("source", "sink"))
    for row, cells in enumerate(costs):
        graph.add_edge("source", ("need", row), capacity=1)
        for column, cell in enumerate(cells):
            graph.add_edge(("offer", column), "sink", capacity=places)
            if cell is not None:
                graph.add_edge(("need", row), ("offer", column), capacity=1)
    flow = nx.maximum_flow_value(graph, "source", "sink")
    covered = plan.certificate.levels[0]
    assert covered.value == 60 * flow <= covered.bound
