"""From a number to its facts."""

import pytest
import stories
from stories import AFTER_ALL, START, booked, confirmed, delivered, matched
from telling import MARCH

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import Event
from wis_engine.views.why import why


@pytest.fixture(scope="module")
def community():
    with Community.open("memory:", clock=lambda: AFTER_ALL) as community:
        community.record(*stories.pilot(), *matched(), at=START)
        community.record(booked("e1"), booked("e2", need="n2"), at=START)
        community.record(delivered("e1", 0), delivered("e1", 1), delivered("e2", 0))
        community.record(confirmed("e1", 1), stories.meeting())
        yield community


def asked(community, name, until=None):
    position = community.position if until is None else until
    return why(name, MARCH, read=community.events, position=position, zone=community.network.zone)


def names(trace):
    return [one.fact.name for one in trace.facts]


def test_a_number_leads_to_its_facts(community):
    told = asked(community, "I4.2e")
    assert told.indicator.value == 1
    (trace,) = told.traces
    assert (trace.id, trace.amount) == ("e1", 1)
    assert names(trace) == ["service-booked", "service-delivered", "delivery-confirmed"]
    assert all("e1" in one.fact.about() for one in trace.facts)
    assert [one.position for one in trace.facts] == sorted(one.position for one in trace.facts)


def test_every_figure_and_every_variant_leads_to_facts_of_the_log(community):
    for indicator in community.indicators(MARCH):
        whole = asked(community, indicator.id)
        assert [one.id for one in whole.traces] == list(indicator.ids)
        for part in indicator.variants:
            name = f"{indicator.id}:{part.split}={part.name}" if part.split else f"{indicator.id}:{part.name}"
            told = asked(community, name)
            assert told.variant == part
            assert all(trace.facts and all(isinstance(one.fact, Event) for one in trace.facts) for trace in told.traces)


def test_it_is_told_as_text(community):
    head, where, one, *facts = asked(community, "I4.2e").lines()
    assert head == "I4.2e Accesses: 1 accesses (no target)"
    assert where == f"project, 2026-03-01/2026-04-01, as known at position {community.position}"
    assert one == "e1: 1"
    assert [line.split()[2] for line in facts] == ["service-booked", "service-delivered", "delivery-confirmed"]
    assert facts[0].split()[1] == "2026-03-01"
    assert next(asked(community, "I1.1").lines()) == "I1.1 Recipients enrolled: 3 persons (target 22)"
    part = next(asked(community, "I1.1:role=entrepreneur").lines())
    assert part == "I1.1 Recipients enrolled, role=entrepreneur: 1 persons (no target)"


def test_it_reads_no_further_than_it_is_told(community):
    before = asked(community, "I4.2e", until=community.position - 2)
    assert (before.indicator.value, before.traces) == (0, ())


@pytest.mark.parametrize(
    ("name", "said"),
    [("I9.9", "no indicator 'I9.9'"), ("", "no indicator ''"), ("I4.2e:action=Z", "no variant 'action=Z'; there are")],
)
def test_what_there_is_not_is_malformed(community, name, said):
    with pytest.raises(Malformed, match=said):
        asked(community, name)
