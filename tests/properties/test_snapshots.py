"""A snapshot and the facts after it are the same network as all the facts; so is a copy."""

import networkx as nx
import stories
from hypothesis import given
from hypothesis import strategies as st
from strategies import histories, pilot

from wis_engine.facts.base import redacted
from wis_engine.network import Network
from wis_engine.network.network import ENTITIES
from wis_engine.network.relations import RELATIONS
from wis_engine.network.snapshot import freeze, thaw


def told(batches, *, emptied):
    facts = [(stories.START, fact) for fact in pilot()] + [(at, fact) for at, facts in batches for fact in facts]
    return [(at, redacted(fact)) for at, fact in facts] if emptied else facts


def replayed(facts, network=None):
    network = network or Network()
    for at, fact in facts:
        stories.replay(network, [fact], at)
        network.pass_time(at, at)
    return network


def answers(network):
    """Ask everything that guards, views and algorithms ask."""
    names = sorted(name for table in network.tables.values() for name in table)
    relations = sorted({line.name for line in RELATIONS})
    return (
        {cls.kind: network.opened(cls.kind) for cls in ENTITIES},
        {name: (network.kind(name), network.entity(name)) for name in names},
        {(name, one): network.links.targets(name, one) for name in names for one in relations},
        {(name, one): network.links.sources(name, one) for name in names for one in relations},
        (network.position, network.now, network.latest, network.zone, network.today),
        network.check(),
    )


@given(batches=histories(), cut=st.integers(0, 60), emptied=st.booleans())
def test_a_snapshot_and_the_tail_are_the_whole(batches, cut, emptied):
    facts = told(batches, emptied=emptied)
    before, tail = facts[:cut], facts[cut:]
    network, whole = replayed(before), replayed(facts)
    parts = list(freeze(network))
    for other in (thaw(parts, zone=network.zone), network.copy()):
        assert other.digest() == network.digest()
        assert answers(other) == answers(network)
        assert list(other.links.rows()) == list(network.links.rows())
        assert nx.utils.graphs_equal(other.graph, network.graph)
        assert nx.utils.graphs_equal(other.graph_at(cut // 2), network.graph_at(cut // 2))
        replayed(tail, other)
        assert other.digest() == whole.digest()
        assert answers(other) == answers(whole)
    assert replayed(before).digest() == network.digest()


@given(batches=histories(), cut=st.integers(0, 60))
def test_one_log_gives_one_snapshot_however_it_was_reached(batches, cut):
    facts = told(batches, emptied=False)
    straight = list(freeze(replayed(facts)))
    stopped = thaw(freeze(replayed(facts[:cut])), zone="Europe/Rome")
    assert list(freeze(replayed(facts[cut:], stopped))) == straight
    together = Network()
    for at, fact in facts:
        together.now = at
        together.position += 1
        fact.apply(together)
        together.pass_time(at, at)
    together.commit()
    assert list(freeze(together)) == straight
