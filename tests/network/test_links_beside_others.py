"""A reader between the lines of a writer, a writer between those of a reader, and an interrupt between any two.

Whatever comes between is let in after each line in turn, so that every order
of lines is seen once and none is left to the scheduler.
"""

import sys

import pytest
from stories import network_of

from wis_engine.network import columns, graph, history, network
from wis_engine.network import links as module
from wis_engine.network.graph import Graph
from wis_engine.network.links import Links, Relation
from wis_engine.network.parties import Person, Role

FILES = {one.__file__ for one in (columns, graph, history, module, network)}
RELATIONS = (Relation("joins", "need", "pool", "pool-formed", "pool-member-left"),)


def between_lines(work, line, happens):
    """Do some work, and let something happen before its so-manieth line; say whether the work had so many."""
    left = line

    def trace(frame, event, _arg):
        nonlocal left
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                happens()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return work(), left <= 0
    finally:
        sys.settrace(before)


def lines_of(work_and_what_happens):
    """Try every line of some work: what is made anew for each gives the work and what happens; yield the answers."""
    line, more = 0, True
    while more:
        line += 1
        work, happens, rest = work_and_what_happens()
        answer, more = between_lines(work, line, happens)
        if more:
            yield answer, rest
    assert line > 3, "nothing was tried"


def joined():
    """Give links that are settled, and an open batch that has entered, opened and closed some, with its mark."""
    links = Links(RELATIONS)
    for number in range(4):
        links.node(f"n{number}", "need", 1)
    for number in range(6):
        links.node(f"p{number}", "pool", 1)
    links.open("n0", "joins", "p0", 2)
    links.open("n1", "joins", "p0", 2)
    links.settle()
    mark = links.mark()
    links.open("n0", "joins", "p1", 3)
    links.open("n0", "joins", "p2", 3)
    links.close("n0", "joins", "p0", 3)
    links.node("n9", "need", 3)
    links.node("p8", "pool", 3)
    links.open("n9", "joins", "p0", 3)
    return links, mark


REFUSED = (
    lambda links, mark: links.undo(mark),
    lambda links, _: links.node("n8", "need", 3),
    lambda links, _: links.node("p9", "pool", 3),
    lambda links, _: links.open("n8", "joins", "p3", 3),
    lambda links, _: links.open("n0", "joins", "p5", 3),
    lambda links, _: links.open("n2", "joins", "p9", 3),
    lambda links, _: links.open("n8", "joins", "p9", 3),
    lambda links, _: links.settle(),
)
"""The open batch is undone, and its rows are given to links and nodes of others."""
ADMITTED = (
    lambda links, _: links.settle(),
    lambda links, _: links.close("n0", "joins", "p1", 4),
    lambda links, _: links.open("n0", "joins", "p3", 4),
    lambda links, _: links.settle(),
)


MORE = (
    lambda links, _: links.node("p9", "pool", 4),
    lambda links, _: links.open("n0", "joins", "p9", 4),
    lambda links, _: links.settle(),
)
"""To be done to links that are settled and not folded, of which a reader makes a fold of its own."""


def do(steps, links, mark):
    for step in steps:
        step(links, mark)


def edges(links):
    return sorted((source, target) for source, target, _ in Graph(links).edges(keys=True))


QUESTIONS = {
    "targets": lambda links: links.targets("n0", "joins"),
    "targets of one undone": lambda links: links.targets("n9", "joins"),
    "sources": lambda links: links.sources("p0", "joins"),
    "is_open": lambda links: links.is_open("n0", "joins", "p2"),
    "is_open to one undone": lambda links: links.is_open("n9", "joins", "p8"),
    "kind": lambda links: links.kind("n9"),
    "rows": lambda links: list(links.rows()),
    "nodes": lambda links: list(links.nodes()),
    "edges": edges,
    "edges at": lambda links: sorted(Graph(links, at=2).edges),
    "nodes shown": lambda links: dict(Graph(links).nodes(data="kind")),
    "components": lambda links: Graph(links).components(),
}


@pytest.mark.parametrize("steps", [REFUSED, ADMITTED, MORE], ids=["refused", "admitted", "more"])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_reader_is_told_what_held_at_some_moment_while_it_asked(question, steps, monkeypatch):
    monkeypatch.setattr(module, "UNFOLDED_MIN", 4096 if steps is MORE else -1)

    def begun():
        links, mark = joined()
        if steps is MORE:
            links.settle()
        return links, mark

    links, mark = begun()
    held = [question(links)]
    for step in steps:
        step(links, mark)
        held.append(question(links))
    rows = list(links.rows())

    def made_anew():
        links, mark = begun()
        return lambda: question(links), lambda: do(steps, links, mark), links

    for answer, links in lines_of(made_anew):
        assert answer in held
        assert list(links.rows()) == rows
        assert question(links) == held[-1]


@pytest.mark.parametrize("fold_min", [-1, 4096])
def test_a_writer_may_be_asked_anything_at_any_line_and_is_not_disturbed(fold_min, monkeypatch):
    monkeypatch.setattr(module, "UNFOLDED_MIN", fold_min)
    links, mark = joined()
    do(REFUSED, links, mark)
    expected = {name: question(links) for name, question in QUESTIONS.items()}

    def made_anew():
        links, mark = joined()

        def ask_everything():
            answers = {name: question(links) for name, question in QUESTIONS.items()}
            assert {end for edge in answers["edges"] for end in edge} <= set(answers["nodes shown"])
            assert {row[0] for row in answers["rows"]} <= {node for node, _, _ in answers["nodes"]}

        return lambda: do(REFUSED, links, mark), ask_everything, links

    for _, links in lines_of(made_anew):
        assert {name: question(links) for name, question in QUESTIONS.items()} == expected


# Interrupts

PERSON = Person(id="x-person", role=Role.EMPLOYEE, gender=None)


def change(community):
    """Use every verb, in several ways."""
    community.position += 1
    community.put(PERSON)
    community.put(community.firms["f1"].left())
    community.put(community.needs["n1"].replace(id="x-need"))
    community.link("f2", "employs", "x-person")
    community.unlink("f1", "employs", "p1")
    community.link("f1", "employs", "p1")


def held(community):
    return (
        community.digest(),
        {cls.kind: community.opened(cls.kind) for cls in network.ENTITIES},
        list(community.links.nodes()),
        list(community.links.rows()),
        community.links.targets("f1", "employs"),
        edges(community.links),
    )


def interrupt():
    raise KeyboardInterrupt


def lines_interrupted(made_anew):
    """Interrupt some work at every line in turn; yield what it was done to."""
    line = 0
    while True:
        line += 1
        work, rest = made_anew()
        try:
            between_lines(work, line, interrupt)
        except KeyboardInterrupt:
            yield rest
        else:
            assert line > 3, "nothing was tried"
            return


@pytest.fixture(scope="module")
def pilot():
    return network_of()


def test_a_batch_that_is_interrupted_anywhere_is_undone_and_can_be_done_again(pilot):
    before, other = held(pilot), pilot.copy()
    change(other)
    other.commit()
    after = held(other)

    def made_anew():
        community = pilot.copy()
        community.begin()
        return lambda: change(community), community

    for community in lines_interrupted(made_anew):
        community.rollback()
        assert held(community) == before
        community.begin()
        change(community)
        community.commit()
        assert held(community) == after


def test_undoing_that_is_interrupted_anywhere_is_done_and_the_batch_closed(pilot):
    before = held(pilot)

    def made_anew():
        community = pilot.copy()
        community.begin()
        change(community)
        return community.rollback, community

    for community in lines_interrupted(made_anew):
        community.rollback()  # for an interrupt before its first line
        assert not community.in_batch
        assert held(community) == before


def test_the_journal_is_closed_whatever_an_undoing_raises(pilot, monkeypatch):
    community = pilot.copy()
    community.begin()

    def fail(_mark):
        raise ArithmeticError

    monkeypatch.setattr(Links, "undo", lambda _links, mark: fail(mark))
    with pytest.raises(ArithmeticError):
        community.rollback()
    assert not community.in_batch
    community.begin()


def test_a_batch_is_open_with_its_mark_or_not_at_all(pilot):
    def made_anew():
        community = pilot.copy()
        return community.begin, community

    for community in lines_interrupted(made_anew):
        community.rollback()
        assert not community.in_batch


def test_settling_that_is_interrupted_anywhere_is_made_good_by_the_next(monkeypatch):
    monkeypatch.setattr(module, "UNFOLDED_MIN", -1)
    links, _ = joined()
    do(ADMITTED, links, None)
    after = {name: question(links) for name, question in QUESTIONS.items()}

    def made_anew():
        links, _ = joined()
        return links.settle, links

    for links in lines_interrupted(made_anew):
        do(ADMITTED, links, None)
        assert {name: question(links) for name, question in QUESTIONS.items()} == after
        assert links.picture().outgoing is links.picture().outgoing
