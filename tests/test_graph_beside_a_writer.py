"""Some threads look at a community while another records; neither is in the way of the other."""

import sys
import threading

import pytest
from stories import START, firm, person

from wis_engine.community import Community
from wis_engine.errors import Refused
from wis_engine.facts import PersonLeft
from wis_engine.network import links as module

PERSONS, ROUNDS, GLANCES = 1_200, 6, 300


@pytest.fixture
def hasty():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def look(community, admitted):
    """Ask for the graph and for neighbours, and hold them against each other and against what was admitted before."""
    before = len(admitted)
    graph = community.network.graph
    employed = list(graph.successors("f1"))
    assert len(employed) == len(set(employed)) == graph.out_degree("f1") == graph.number_of_edges()
    assert {kind for node, kind in graph.nodes(data="kind") if node != "f1"} <= {"person"}
    assert sum(map(len, graph.components())) == len(graph) > before
    assert sorted(graph.copy().edges) == sorted(graph.edges)
    neighbours = community.network.links.targets("f1", "employs")
    assert neighbours == sorted(set(neighbours))
    assert {(row[:2]) for row in community.network.links.rows()} <= {("f1", "employs")}
    community.network.graph_at(before // 2).components()


def write(community, admitted):
    """Enrol people one by one; some leave again; whoever comes with somebody who cannot leave is refused."""
    for number in range(PERSONS):
        community.record(person(f"p{number}", "f1"), at=START)
        admitted.append(number)
        if number % 3 == 0:
            community.record(left(number), at=START)
        if number % 3 == 1:
            with pytest.raises(Refused):
                community.record(left(number), *map(person, "abc", ["f1"] * 3), left("nobody"), at=START)


def left(number):
    return PersonLeft(person=f"p{number}", firm="f1")


def failures_of(*works):
    """Do each work in a thread of its own and answer what went wrong in any."""
    failures = []

    def done(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=done, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.usefixtures("hasty")
def test_graphs_and_neighbours_are_read_while_another_thread_records(monkeypatch):
    monkeypatch.setattr(module, "UNFOLDED_MIN", 100)
    community, admitted = Community.open("memory:", clock=lambda: START), []
    community.record(firm("f1"))

    def read():
        for _ in range(ROUNDS):
            look(community, admitted)
            for _ in range(GLANCES):
                before = len(admitted)
                assert len(community.network.graph) > before

    assert failures_of(lambda: write(community, admitted), read, read) == []
    look(community, admitted)
    assert len(community.network.links.targets("f1", "employs")) == PERSONS - PERSONS // 3
    assert community.verify(deep=True).ok
    again = Community.open("memory:", clock=lambda: START)
    again.record(firm("f1"))
    write(again, [])
    assert community.network.digest() == again.network.digest()
    assert sorted(community.network.graph.edges) == sorted(again.network.graph.edges)


@pytest.mark.usefixtures("hasty")
def test_tables_are_read_while_another_thread_records():
    community = Community.open("memory:", clock=lambda: START)
    community.record(firm("f1"))
    admitted = []

    def record():
        for number in range(PERSONS):
            community.record(person(f"p{number}", "f1"), at=START)
            admitted.append(number)

    def read():
        for _ in range(ROUNDS):
            before = len(admitted)
            rows = community.records("persons")
            assert len(rows) >= before
            assert {row["role"] for row in rows} <= {"employee"}
            assert len(community.branch().network.persons) >= before

    assert failures_of(record, read) == []
    assert len(community.records("persons")) == PERSONS
    assert community.verify(deep=True).ok
