"""Links: what is open, since when, and how it is taken back."""

import itertools
import subprocess
import sys
from array import array

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import IntegrityError, Malformed
from wis_engine.network import links as module
from wis_engine.network.links import Links, Relation

RELATIONS = (
    Relation("joins", "need", "pool", "pool-formed", "pool-member-left"),
    Relation("follows", "need", "need", "need-revised"),
    Relation("serves", "offer", "pool", "pool-formed"),
    Relation("serves", "chain", "pool", "pool-formed"),
)
NODES = (
    ("n1", "need", 1),
    ("n2", "need", 2),
    ("p1", "pool", 3),
    ("p2", "pool", 4),
    ("o1", "offer", 5),
    ("c1", "chain", 6),
)
START = 7


@pytest.fixture
def links():
    return filled()


@pytest.fixture
def eager(monkeypatch):
    """Fold at every settle, as a large community does now and then."""
    monkeypatch.setattr(module, "UNFOLDED_MIN", -1)


def filled():
    links = Links(RELATIONS)
    for node in NODES:
        links.node(*node)
    links.settle()
    return links


def test_node_is_entered_once_and_keeps_its_kind(links):
    assert links.node("p1", "pool", 99) == 2
    assert list(links.nodes()) == list(NODES)
    assert links.kind("p1") == "pool"
    assert links.kind("nobody") is None
    with pytest.raises(Malformed, match="p1 is a pool, not a need"):
        links.node("p1", "need", 99)


def test_a_kind_outside_the_table_of_relations_may_have_nodes(links):
    links.node("m1", "meeting", START)
    assert links.kind("m1") == "meeting"


def test_open_and_close(links):
    assert links.open("n1", "joins", "p1", 7)
    assert links.is_open("n1", "joins", "p1")
    assert not links.is_open("n2", "joins", "p1")
    assert not links.is_open("p1", "joins", "n1")
    assert links.close("n1", "joins", "p1", 8)
    assert not links.is_open("n1", "joins", "p1")
    assert list(links.rows()) == [("n1", "joins", "p1", 7, 8)]


def test_a_link_is_open_at_most_once_at_a_time(links):
    assert links.open("n1", "joins", "p1", 7)
    assert not links.open("n1", "joins", "p1", 8)
    assert links.close("n1", "joins", "p1", 9)
    assert not links.close("n1", "joins", "p1", 10)
    assert links.open("n1", "joins", "p1", 11)
    assert len(links) == 2
    assert list(links.rows()) == [("n1", "joins", "p1", 7, 9), ("n1", "joins", "p1", 11, None)]


def test_closing_what_never_was_does_nothing(links):
    assert not links.close("n1", "joins", "p1", 7)
    assert not links.close("nobody", "joins", "p1", 7)
    assert not links.close("n1", "joins", "nobody", 7)
    assert len(links) == 0


@pytest.mark.parametrize("folded", [False, True])
def test_ends_are_sorted_by_id_whatever_the_order_of_opening(links, eager, folded):
    for since, (source, target) in enumerate([("n2", "p2"), ("n1", "p2"), ("n1", "p1")], START):
        links.open(source, "joins", target, since)
    links.open("n1", "follows", "n2", 10)
    links.open("o1", "serves", "p2", 11)
    if folded:
        links.settle()
    assert links.targets("n1", "joins") == ["p1", "p2"]
    assert links.sources("p2", "joins") == ["n1", "n2"]
    assert links.sources("p2", "serves") == ["o1"]
    assert links.targets("n1", "follows") == ["n2"]
    assert links.targets("o1", "joins") == []
    assert links.targets("nobody", "joins") == []
    assert links.sources("nobody", "joins") == []


def test_questions_right_after_writes_see_both_folded_and_new_links(links, eager):
    links.open("n1", "joins", "p2", 7)
    links.open("n2", "joins", "p1", 8)
    links.settle()
    links.node("p3", "pool", 9)
    links.open("n1", "joins", "p3", 10)
    links.open("n1", "joins", "p1", 11)
    links.close("n1", "joins", "p2", 12)
    assert links.targets("n1", "joins") == ["p1", "p3"]
    assert links.sources("p1", "joins") == ["n1", "n2"]
    assert links.sources("p2", "joins") == []
    assert links.sources("p3", "joins") == ["n1"]
    assert not links.open("n1", "joins", "p3", 13)
    assert links.open("n1", "joins", "p2", 13)


def test_the_same_relation_may_join_other_kinds_in_another_line(links):
    assert links.open("o1", "serves", "p1", 7)
    assert links.open("c1", "serves", "p1", 8)
    assert links.sources("p1", "serves") == ["c1", "o1"]


def test_a_link_against_the_table_is_refused(links):
    with pytest.raises(Malformed, match="«joins» does not join a offer to a pool"):
        links.open("o1", "joins", "p1", 7)
    with pytest.raises(KeyError):
        links.open("n1", "unheard_of", "p1", 7)
    with pytest.raises(KeyError):
        links.open("n1", "joins", "nobody", 7)
    assert len(links) == 0


def test_too_many_relations_are_refused():
    with pytest.raises(Malformed, match="more than 128"):
        Links(Relation(f"r{number}", "need", "pool", "x") for number in range(129))


def test_undo_takes_back_everything_since_a_mark(links):
    marks = [links.mark()]
    links.open("n1", "joins", "p1", 7)
    marks.append(links.mark())
    links.close("n1", "joins", "p1", 8)
    links.open("n1", "joins", "p1", 9)
    links.node("p3", "pool", 10)
    links.undo(marks[1])
    assert links.kind("p3") is None
    assert links.is_open("n1", "joins", "p1")
    assert links.targets("n1", "joins") == ["p1"]
    links.undo(marks[1])
    assert links.is_open("n1", "joins", "p1")
    links.undo(marks[0])
    assert not links.is_open("n1", "joins", "p1")
    assert list(links.rows()) == []
    assert links.mark() == marks[0]


def open_one(links):
    links.open("n2", "joins", "p1", 8)


def close_one(links):
    links.close("n1", "joins", "p1", 8)


def enter_one(links):
    links.node("p3", "pool", 8)


@pytest.mark.parametrize(("settled", "words"), [(open_one, "a link"), (close_one, "a closing"), (enter_one, "a node")])
def test_what_is_settled_stays(links, settled, words):
    links.open("n1", "joins", "p1", 7)
    mark = links.mark()
    settled(links)
    links.settle()
    with pytest.raises(AssertionError, match=f"{words} after the mark is settled"):
        links.undo(mark)


@pytest.mark.parametrize("fold_min", [-1, 4096])
def test_undo_of_closing_a_settled_link_and_opening_it_again(links, monkeypatch, fold_min):
    monkeypatch.setattr(module, "UNFOLDED_MIN", fold_min)
    links.open("n1", "joins", "p1", 7)
    links.settle()
    mark = links.mark()
    links.close("n1", "joins", "p1", 8)
    links.open("n1", "joins", "p1", 9)
    links.undo(mark)
    assert links.targets("n1", "joins") == ["p1"]
    assert links.is_open("n1", "joins", "p1")
    assert links.close("n1", "joins", "p1", 10)


@pytest.mark.parametrize("position", [-1, 2**32])
def test_a_position_that_no_log_has_leaves_the_links_as_they_were(links, position):
    with pytest.raises(OverflowError):
        links.open("n1", "joins", "p1", position)
    with pytest.raises(OverflowError):
        links.node("p3", "pool", position)
    assert links.open("n1", "joins", "p2", 7)
    links.node("p4", "pool", 8)
    assert list(links.rows()) == [("n1", "joins", "p2", 7, None)]
    assert list(links.nodes()) == [*NODES, ("p4", "pool", 8)]


def test_load_gives_back_what_rows_said(links):
    links.open("n1", "joins", "p1", 7)
    links.open("n2", "joins", "p2", 8)
    links.close("n1", "joins", "p1", 9)
    links.open("n1", "joins", "p1", 9)
    links.close("n2", "joins", "p2", 10)
    loaded = Links(RELATIONS)
    loaded.load(links.nodes(), links.rows())
    assert list(loaded.nodes()) == list(links.nodes())
    assert list(loaded.rows()) == list(links.rows())
    assert loaded.targets("n1", "joins") == ["p1"]
    assert loaded.sources("p2", "joins") == []
    assert loaded.open("n2", "joins", "p2", 11)
    with pytest.raises(AssertionError):
        loaded.load(links.nodes(), links.rows())


def test_load_of_nothing():
    links = Links(RELATIONS)
    links.load([], [])
    assert len(links) == 0
    links.node("n1", "need", 1)
    assert links.targets("n1", "joins") == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("n1", "joins", "p9", 7, None)], "unknown node"),
        ([("n1", "knows", "p1", 7, None)], "unknown node or relation"),
        ([("p1", "joins", "n1", 7, None)], "«joins» joins a pool to a need"),
        ([("n1", "joins", "p1", 8, None), ("n2", "joins", "p1", 7, None)], "order of the log"),
        ([("n1", "joins", "p2", 3, None)], "order of the log"),
        ([("n1", "joins", "p1", 8, 7)], "closes before it opens"),
        ([("n1", "joins", "p1", 7, None), ("n1", "joins", "p1", 8, None)], "open twice"),
        ([("n1", "joins", "p1", 7, 9), ("n1", "joins", "p1", 8, 10)], "open twice"),
    ],
)
def test_load_refuses_what_is_no_history(rows, words):
    with pytest.raises(IntegrityError, match=words):
        Links(RELATIONS).load(NODES, rows)


@pytest.mark.parametrize(
    ("nodes", "words"), [([*NODES, ("n1", "need", 7)], "twice"), (reversed(NODES), "order of the log")]
)
def test_load_refuses_a_false_table_of_nodes(nodes, words):
    with pytest.raises(IntegrityError, match=words):
        Links(RELATIONS).load(nodes, [])


def test_what_columns_tell_is_restored(links):
    links.open("n1", "joins", "p1", 7)
    links.open("n2", "joins", "p2", 8)
    links.close("n1", "joins", "p1", 9)
    links.open("n1", "joins", "p1", 10)
    restored = filled_from(links.columns)
    assert list(restored.nodes()) == list(links.nodes())
    assert list(restored.rows()) == list(links.rows())
    assert restored.targets("n1", "joins") == ["p1"]
    assert not restored.open("n2", "joins", "p2", 11)
    with pytest.raises(AssertionError, match="nodes already"):
        restored.restore(links.columns)


def filled_from(columns):
    links = Links(RELATIONS)
    links.restore(columns)
    return links


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"until": array("I", [0])}, "different length"),
        ({"entered": array("I", [1])}, "different length"),
        ({"kinds": array("B", [9] * 6)}, "what there is not"),
        ({"source": array("i", [-1, 1])}, "what there is not"),
        ({"target": array("i", [2, 6])}, "what there is not"),
        ({"relation": array("b", [0, 9])}, "what there is not"),
        ({"relation": array("b", [0, -1])}, "what there is not"),
        ({"ids": ["n1", "n1", "p1", "p2", "o1", "c1"]}, "stands twice"),
    ],
)
def test_columns_that_cannot_be_are_refused(links, changes, words):
    links.open("n1", "joins", "p1", 7)
    links.open("n2", "joins", "p2", 8)
    with pytest.raises(IntegrityError, match=words):
        filled_from(attrs.evolve(links.columns, **changes))


def test_kinds_may_be_given_their_codes():
    links = Links(RELATIONS, ["meeting", "pool"])
    for node in (("m1", "meeting", 1), ("p1", "pool", 2), ("n1", "need", 3)):
        links.node(*node)
    assert list(links.columns.kinds) == [0, 1, 2]


@pytest.mark.parametrize("folded", [False, True])
def test_a_hub_with_many_links_answers_as_one_with_few(links, eager, folded):
    """Beyond a few links the rows of a node are searched and no longer looked through, from either end."""
    needs = [f"x{number:03}" for number in range(100)]
    for need in needs:
        links.node(need, "need", START)
        links.open(need, "joins", "p1", START)
        links.open("n1", "follows", need, START)
        links.open(need, "follows", "n2", START)
    links.open("n1", "follows", "n2", START)
    if folded:
        links.settle()
    links.close("x050", "joins", "p1", START + 1)
    assert links.sources("p1", "joins") == [need for need in needs if need != "x050"]
    assert links.targets("n1", "follows") == ["n2", *needs]
    assert links.is_open("n1", "follows", "n2")
    assert not links.is_open("n1", "follows", "n1")
    assert [need for need in needs if not links.is_open(need, "joins", "p1")] == ["x050"]
    assert links.close("n1", "follows", "n2", START + 2)
    assert not links.is_open("n1", "follows", "n2")


def test_what_is_asked_of_all_links_is_a_copy(links):
    links.open("n1", "joins", "p1", 7)
    held, rows, nodes = links.columns, links.rows(), links.nodes()
    first = next(rows), next(nodes)
    links.open("n2", "joins", "p1", 8)
    links.close("n1", "joins", "p1", 9)
    links.node("p3", "pool", 9)
    assert (len(held.ids), held.until.tolist()) == (len(NODES), [0])
    assert [first[0], *rows] == [("n1", "joins", "p1", 7, None)]
    assert [first[1], *nodes] == list(NODES)


def test_a_picture_is_drawn_again_only_when_something_changed(links):
    links.open("n1", "joins", "p1", 7)
    links.settle()
    before = links.picture().outgoing
    assert links.picture().outgoing is links.picture(at=7).outgoing is before
    assert links.picture(at=6).outgoing is not before
    links.open("n2", "joins", "p1", 8)
    assert links.picture().outgoing is not links.picture().outgoing
    links.settle()
    assert links.picture().outgoing is links.picture().outgoing is not before


def test_a_picture_of_now_is_none_of_before_the_last_closing(links):
    links.open("n1", "joins", "p1", 7)
    links.open("n2", "joins", "p1", 8)
    links.close("n1", "joins", "p1", 9)
    links.settle()
    for one in (links, links.copy(), filled_from(links.columns)):
        assert [len(one.picture(at=at).outgoing.rows) for at in (8, 9, 8, 9)] == [2, 1, 2, 1]


def test_a_copy_goes_its_own_way(links):
    links.open("n1", "joins", "p1", 7)
    other = links.copy()
    other.node("p3", "pool", 8)
    other.node("m1", "meeting", 8)
    other.close("n1", "joins", "p1", 9)
    other.open("n2", "joins", "p3", 9)
    assert list(links.rows()) == [("n1", "joins", "p1", 7, None)]
    assert links.kind("p3") is None
    mark = links.mark()
    links.open("n2", "joins", "p1", 10)
    assert other.sources("p1", "joins") == []
    assert links.sources("p1", "joins") == ["n1", "n2"]
    links.undo(mark)
    assert links.sources("p1", "joins") == ["n1"]
    assert other.sources("p3", "joins") == ["n2"]
    assert not other.is_open("n1", "joins", "p1")


def test_bytes_shrink_when_the_tail_is_folded(links, eager):
    for number in range(1000):
        links.node(f"n-{number}", "need", START)
        links.open(f"n-{number}", "joins", "p1", START)
    before = links.nbytes
    links.settle()
    assert 30_000 < links.nbytes < before


def test_a_small_community_never_loads_numpy():
    code = """
import sys
from wis_engine.network.links import Links, Relation
links = Links([Relation("joins", "need", "pool", "pool-formed")])
links.node("p", "pool", 1)
for number in range(1000):
    links.node(str(number), "need", 1)
    links.open(str(number), "joins", "p", 1)
    links.settle()
assert len(links.sources("p", "joins")) == 1000
assert "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


POSSIBLE = [
    (source, relation.name, target)
    for relation in RELATIONS
    for source, source_kind, _ in NODES
    for target, target_kind, _ in NODES
    if (source_kind, target_kind) == (relation.source, relation.target)
]
FEW = [("n1", "joins", "p1"), ("n1", "joins", "p2"), ("n2", "joins", "p1"), ("n1", "follows", "n1")]
STEPS = st.one_of(
    st.tuples(st.sampled_from(["open", "close"]), st.sampled_from([*FEW, *FEW, *POSSIBLE])),
    st.sampled_from([("mark", None), ("undo", None), ("settle", None), ("picture", None)]),
)


class Model:
    """Links written as plainly as can be: a list of rows, and a copy of it for each mark."""

    def __init__(self):
        self.rows = []
        self.past = []

    def open_links(self):
        return {row[:3] for row in self.rows if row[4] is None}

    def open(self, link, since):
        if link in self.open_links():
            return False
        self.rows.append((*link, since, None))
        return True

    def close(self, link, until):
        if link not in self.open_links():
            return False
        self.rows = [(*row[:4], until) if row[:3] == link and row[4] is None else row for row in self.rows]
        return True


@given(steps=st.lists(STEPS, max_size=40), fold_min=st.sampled_from([-1, 2, 4096]))
def test_links_answer_as_a_plain_list_does(steps, fold_min):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "UNFOLDED_MIN", fold_min)
        links, model = filled(), Model()
        for position, (verb, link) in enumerate(steps, START):
            take_step(links, model, verb, link, position)
            assert_same_answers(links, model)
        assert list(links.rows()) == model.rows
        loaded = Links(RELATIONS)
        loaded.load(links.nodes(), links.rows())
        for other in (loaded, links.copy(), filled_from(links.copy().columns)):
            assert_same_answers(other, model)


def take_step(links, model, verb, link, position):
    match verb:
        case "open":
            assert links.open(*link, position) == model.open(link, position)
        case "close":
            assert links.close(*link, position) == model.close(link, position)
        case "settle":
            links.settle()
            model.past.clear()
        case "mark":
            model.past.append((links.mark(), list(model.rows)))
        case "picture":
            links.picture()
        case "undo" if model.past:
            mark, model.rows = model.past.pop()
            links.undo(mark)


def assert_same_answers(links, model):
    now = model.open_links()
    assert len(links) == len(model.rows)
    assert {link for link in POSSIBLE if links.is_open(*link)} == now
    for (node, _, _), relation in itertools.product(NODES, ["joins", "follows", "serves"]):
        assert links.targets(node, relation) == sorted(t for s, r, t in now if (s, r) == (node, relation))
        assert links.sources(node, relation) == sorted(s for s, r, t in now if (t, r) == (node, relation))


@given(before=st.lists(STEPS, max_size=20), batch=st.lists(STEPS, max_size=20), fold_min=st.sampled_from([-1, 4096]))
def test_rollback_restores_everything(before, batch, fold_min):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "UNFOLDED_MIN", fold_min)
        links, model = filled(), Model()
        for position, (verb, link) in enumerate(before, START):
            take_step(links, model, verb, link, position)
        take_step(links, model, "settle", None, 0)
        rows, mark = list(links.rows()), links.mark()
        model.past.append((mark, list(model.rows)))
        links.node("p9", "pool", 100)
        for position, (verb, link) in enumerate(batch, 100):
            if verb not in {"settle", "undo"}:
                take_step(links, model, verb, link, position)
        while model.past:
            take_step(links, model, "undo", None, 0)
        assert links.mark() == mark
        assert list(links.rows()) == rows
        assert list(links.nodes()) == list(NODES)
        assert_same_answers(links, model)
