"""The three verbs, the journal that undoes them, and what the network answers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import START, cancelled, instant, life, network_of, pilot, record, replay

from wis_engine.errors import Refused
from wis_engine.facts import EVENTS, NeedWithdrawn
from wis_engine.network import Network
from wis_engine.network.network import ENTITIES
from wis_engine.network.parties import Firm, FirmStatus, Person, Role
from wis_engine.network.promises import NeedState
from wis_engine.network.relations import RELATIONS

FIRM = Firm(id="x-firm", title="X", status=FirmStatus.PARTNER, persons=1, ateco="62", nil=46)
PERSON = Person(id="x-person", role=Role.EMPLOYEE, gender=None)


def shown(network):
    """Show everything that a network answers, its order aside."""
    return (
        network.digest(),
        network.position,
        network.now,
        {name: dict(table) for name, table in network.tables.items()},
        {cls.kind: network.opened(cls.kind) for cls in ENTITIES},
        {name: network.kind(name) for table in network.tables.values() for name in table},
        sorted(network.links.nodes()),
        sorted(network.links.rows()),
    )


def put_new(network):
    network.put(FIRM)
    network.put(PERSON)


def put_again(network):
    network.put(network.firms["f1"].left())


def end_something(network):
    network.put(network.needs["n1"].ended(NeedState.WITHDRAWN))
    network.put(network.needs["n2"].pooled())


def link_new(network):
    network.link("f2", "employs", "p1")


def link_what_is_open(network):
    network.link("f1", "employs", "p1")


def unlink_open(network):
    network.unlink("f1", "employs", "p1")


def unlink_what_is_closed(network):
    network.unlink("f2", "employs", "p1")


def close_and_open_again(network):
    network.unlink("f1", "employs", "p1")
    network.position += 1
    network.link("f1", "employs", "p1")


def put_with_references(network):
    network.put(network.needs["n1"].replace(id="x-need"))
    network.put(network.households["h1"].replace(id="x-household"))


VERBS = [
    put_new,
    put_again,
    end_something,
    link_new,
    link_what_is_open,
    unlink_open,
    unlink_what_is_closed,
    close_and_open_again,
    put_with_references,
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_undone(verb):
    network = network_of()
    before = shown(network)
    network.begin()
    network.now = instant("2026-12-24 18:00")
    network.position += 1
    verb(network)
    network.rollback()
    assert shown(network) == before


def test_all_verbs_together_are_undone_and_can_be_done_again():
    network, other = network_of(), network_of()
    before = shown(network)
    for one in (network, other):
        one.begin()
        for verb in VERBS:
            one.position += 1
            verb(one)
    after = shown(network)
    assert after != before
    network.rollback()
    assert shown(network) == before
    network.begin()
    for verb in VERBS:
        network.position += 1
        verb(network)
    network.commit()
    other.commit()
    assert shown(network) == shown(other) == after


def test_a_refused_batch_changes_nothing_not_even_the_clock():
    network = network_of()
    before = shown(network)
    with pytest.raises(Refused):
        record(network, NeedWithdrawn(need="n1"), NeedWithdrawn(need="n1"), at=instant("2026-05-01 08:00"))
    assert shown(network) == before
    assert network.today == dt.date(2026, 3, 1)


def test_one_batch_at_a_time():
    network = Network()
    network.rollback()
    network.begin()
    with pytest.raises(AssertionError, match="open already"):
        network.begin()


def test_outside_a_batch_the_verbs_keep_no_journal():
    network = network_of()
    network.put(FIRM)
    network.link("x-firm", "employs", "p1")
    network.unlink("x-firm", "employs", "p1")
    network.rollback()
    assert network.firms["x-firm"] == FIRM


def test_a_new_entity_opens_the_links_of_its_references_and_an_old_one_does_not():
    network = network_of()
    network.unlink("p1", "lives_in", "h1")
    network.put(network.households["h1"].replace(municipio=1))
    assert network.links.targets("p1", "lives_in") == []
    network.put(network.households["h1"].replace(id="x-household"))
    assert network.links.targets("p1", "lives_in") == ["x-household"]


def test_ids_find_their_kind_and_entity():
    network = network_of()
    assert network.kind("n1") == "need"
    assert network.entity("n1") is network.needs["n1"]
    assert (network.kind("nobody"), network.entity("nobody")) == (None, None)


def test_tables_cannot_be_written():
    network = network_of()
    with pytest.raises(TypeError):
        network.needs["n1"] = None
    with pytest.raises(TypeError):
        network.tables["needs"]["n1"] = None
    assert set(network.tables) == {f"{cls.kind}s" for cls in ENTITIES}


def test_the_calendar_is_that_of_the_zone():
    network = network_of()
    network.now = instant("2026-03-01 23:30")
    assert network.today == dt.date(2026, 3, 2)
    assert network.local_minute == (dt.date(2026, 3, 2), 30)
    far = Network(zone="America/New_York")
    far.now = network.now
    assert far.local_minute == (dt.date(2026, 3, 1), 18 * 60 + 30)


def test_a_digest_follows_from_what_is_held_and_not_from_the_way():
    one, other = Network(), Network()
    record(one, *pilot())
    for fact in pilot():
        record(other, fact)
    assert one.digest() == other.digest() == network_of().digest()
    assert network_of(NeedWithdrawn(need="n1")).digest() != network_of(NeedWithdrawn(need="n2")).digest()


def test_an_empty_network_has_a_digest_and_nothing_else():
    network = Network()
    assert len(network.digest()) == 64
    assert network.check() == ()
    assert network.closed_days == frozenset()
    assert len(network.graph) == 0


def test_the_graph_shows_what_is_open_now_and_what_was():
    network = network_of(*life())
    assert network.graph.nodes["n1"]["kind"] == "need"
    assert not network.graph.has_edge("n1", "pool-1")
    assert network.graph_at(len(pilot()) + 2).has_edge("n1", "pool-1")
    assert not network.graph_at(len(pilot()) + 1).has_node("pool-1")
    assert network.graph_at(network.position + 99).number_of_edges() == network.graph.number_of_edges()


def test_relations_tell_the_facts_that_open_and_close_them():
    """Every link that a life leaves was opened, and closed, by facts that the table names."""
    names = {event.name for event in EVENTS}
    assert {name for line in RELATIONS for name in (line.opened_by, *line.also_opened_by)} <= names
    network, story = Network(), [fact for fact in [*pilot(), *life()] if not isinstance(fact, dt.datetime)]
    by_position = dict(enumerate((fact.name for fact in story), 1))
    replay(network, story, START)
    opened = {line.name: (line.opened_by, *line.also_opened_by) for line in RELATIONS}
    for _, relation, _, since, _ in network.links.rows():
        assert by_position[since] in opened[relation]
    assert {line.name for line in RELATIONS} == {row[1] for row in network.links.rows()}


def test_a_cancelled_engagement_no_longer_waits():
    network = network_of(*life()[:5])
    assert network.opened("engagement") == ["e1"]
    record(network, cancelled(), at=network.now)
    assert network.opened("engagement") == []


# Marks, and what a batch touched


def later(network, verb):
    """Take a verb one position and one minute later."""
    network.position += 1
    network.now += dt.timedelta(minutes=1)
    verb(network)


@given(steps=st.lists(st.one_of(st.sampled_from(VERBS), st.just("mark"), st.integers(0, 9)), max_size=14))
def test_rolling_back_to_a_mark_leaves_what_stood_there_and_the_batch_open(steps):
    network = network_of()
    before = shown(network)
    network.begin()
    marks = []
    for step in steps:
        if step == "mark":
            marks.append((network.mark(), shown(network)))
        elif callable(step):
            later(network, step)
        elif marks:
            del marks[1 + step % len(marks) :]
            mark, then = marks[-1]
            network.rollback(to=mark)
            assert shown(network) == then
    network.rollback()
    assert shown(network) == before


def test_what_comes_before_a_mark_is_committed_and_what_comes_after_it_is_not():
    network, other = network_of(), network_of()
    network.begin()
    later(network, put_new)
    mark = network.mark()
    for verb in (close_and_open_again, put_with_references, end_something):
        later(network, verb)
    network.rollback(to=mark)
    network.rollback(to=mark)
    later(network, link_new)
    network.commit()
    for verb in (put_new, link_new):
        later(other, verb)
    assert shown(network) == shown(other)


def test_a_mark_is_of_the_open_batch():
    network = network_of()
    with pytest.raises(AssertionError, match="no batch is open"):
        network.mark()
    network.begin()
    put_new(network)
    with pytest.raises(AssertionError, match="no mark"):
        network.rollback(to=1)


def test_a_batch_knows_which_entities_it_put():
    network = network_of()
    assert network.touched() == frozenset()
    network.begin()
    network.put(FIRM)
    mark = network.mark()
    end_something(network)
    network.link("f2", "employs", "p1")
    assert network.touched() == {"x-firm", "n1", "n2"}
    network.rollback(to=mark)
    assert network.touched() == {"x-firm"}
    network.commit()
    assert network.touched() == frozenset()


# Copies


def test_a_copy_is_equal_and_goes_its_own_way():
    network = network_of(*life())
    before = shown(network)
    copy = network.copy()
    assert shown(copy) == before
    assert (copy.zone, copy.latest) == (network.zone, network.latest)
    assert copy.needs["n1"] is network.needs["n1"]
    for verb in VERBS:
        later(copy, verb)
    copy.commit()
    after = shown(copy)
    assert shown(network) == before != after
    for verb in VERBS:
        later(network, verb)
    assert shown(copy) == after
    assert shown(network) == after


def test_no_copy_is_made_in_an_open_batch():
    network = network_of()
    network.begin()
    with pytest.raises(AssertionError, match="a batch is open"):
        network.copy()
