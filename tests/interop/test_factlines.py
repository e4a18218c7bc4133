import datetime as dt
import json

import pytest
import stories

from wis_engine.community import Community
from wis_engine.interop import export_events, import_events
from wis_engine.log.codec import fact_to_dict


def line(fact, **envelope):
    """Write a fact as an app would."""
    return json.dumps({"name": fact.name, "data": fact_to_dict(fact)} | envelope).encode() + b"\n"


def firm(number, **envelope):
    return line(stories.firm(f"f{number}"), **envelope)


@pytest.fixture
def community():
    with Community.open("memory:", clock=lambda: stories.START) as community:
        yield community


def taken(found):
    """How many were taken, passed and left, and which lines were at fault."""
    return found.taken, found.passed, found.left, [told.line for told in found.diagnostics]


def test_facts_are_recorded_with_all_that_their_line_says(community):
    at = "2026-03-02T09:30:00+01:00"
    found = import_events(community, [firm(1, at=at, actor="wm-1", cause="sheet-1", key="k-1"), firm(2, actor=None)])
    assert taken(found) == (2, 0, 0, [])
    first, second = community.events()
    assert (first.fact, first.actor, first.cause, first.key) == (stories.firm("f1"), "wm-1", "sheet-1", "k-1")
    assert first.occurred_at == dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)
    assert (second.actor, second.cause, second.occurred_at) == ("unnamed", None, stories.START)


def test_the_same_file_can_be_given_again(community):
    lines = [
        firm(1),
        b"\n",
        firm(2, key="k"),
        line(stories.person("p"), at="2026-03-02T08:00:00Z"),
        line(stories.household("h", "p")),
    ]
    assert taken(import_events(community, lines)) == (4, 0, 0, [])
    assert taken(import_events(community, [*lines, firm(3)])) == (1, 4, 0, [])
    assert community.position == 5


def test_the_same_line_twice_is_two_facts_and_again_the_same_two(community):
    meeting = [line(stories.firm(name)) for name in ("a", "a")]
    found = import_events(community, meeting)
    assert taken(found) == (1, 0, 1, [2])
    assert "id-taken" in found.diagnostics[0].what
    assert taken(import_events(community, meeting)) == (0, 1, 1, [2])


def test_a_key_of_our_making_holds_nothing_personal(community):
    community.record(stories.firm("f1"), stories.person("p"), stories.person("q"))
    import_events(community, [line(stories.household("h", "p"))])
    with Community.open("memory:", clock=lambda: stories.START) as other:
        other.record(stories.firm("f1"), stories.person("p"), stories.person("q"))
        import_events(other, [line(stories.household("h", "q"))])
        keys = {list(one.events())[-1].key for one in (community, other)}
    assert len(keys) == 1


def test_what_is_refused_is_left_out_and_the_next_has_its_turn(community):
    found = import_events(community, [firm(1), line(stories.person("p", "f9")), firm(2)])
    assert taken(found) == (2, 0, 1, [2])
    assert found.diagnostics[0].what == "fact 0 refused: unknown-id (f9)"
    assert found.left == 1


def test_lines_in_a_row_with_one_key_are_one_batch(community):
    batch = [firm(1, key="k"), line(stories.person("p"), key="k"), line(stories.household("h", "p"), key="k")]
    assert taken(import_events(community, [*batch, firm(2, key="l")])) == (4, 0, 0, [])
    assert [one.batch for one in community.events()] == [1, 1, 1, 4]
    assert taken(import_events(community, batch)) == (0, 3, 0, [])


def test_a_batch_is_taken_whole_or_not_at_all(community):
    batch = [firm(1, key="k"), line(stories.person("p", "f9"), key="k"), firm(2, key="k"), firm(3)]
    found = import_events(community, batch)
    assert taken(found) == (1, 0, 3, [2])
    assert "fact 1 refused: unknown-id" in found.diagnostics[0].what


def test_a_key_that_comes_back_with_other_facts_is_told(community):
    assert taken(import_events(community, [firm(1, key="k"), firm(2), firm(3, key="k")])) == (2, 0, 1, [3])


@pytest.mark.parametrize("other", [{"at": "2026-03-02T08:00:00Z"}, {"actor": "wm"}, {"cause": "c"}])
def test_lines_of_one_key_say_one_envelope(community, other):
    found = import_events(community, [firm(1, key="k"), firm(2, key="k", **other)])
    assert taken(found) == (0, 0, 2, [1])
    assert "of one key" in found.diagnostics[0].what


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({"name": "nothing-known", "data": {}}, "no fact that this log may hold"),
        ({"name": "firm-joined"}, "FirmJoined"),
        ({"name": "firm-joined", "data": {"secret": 1}}, "unknown fields: 1"),
        ({"name": "firm-joined", "data": {}, "secret": 1}, "unknown fields: 1"),
        ({"name": 3}, "name: missing, or not a text"),
        ({"name": "firm-joined", "data": {}, "at": "yesterday"}, "not an instant"),
        ({"name": "firm-joined", "data": {}, "actor": "secret name"}, "actor: not an id"),
        ({"name": "firm-joined", "data": {}, "key": ""}, "key: not an id"),
        ({"data": {}}, "no CloudEvent"),
        ([], "not a JSON object"),
    ],
)
def test_a_line_that_is_no_fact_is_left_out(community, held, why):
    found = import_events(community, [json.dumps(held).encode() + b"\n", firm(1)])
    assert taken(found) == (1, 0, 0, [1])
    assert why in found.diagnostics[0].what
    assert "secret" not in found.diagnostics[0].what


def test_a_fact_whose_personal_fields_are_gone_is_not_recorded(community):
    gone = json.loads(line(stories.household("h", "p")))
    gone["data"]["holders"] = {"redacted": ["holders", "h"]}
    found = import_events(community, [json.dumps(gone).encode()])
    assert found.taken == 0
    assert "redacted" in found.diagnostics[0].what or "personal" in found.diagnostics[0].what


# Beside CloudEvents


@pytest.fixture
def exported(community):
    for number in (1, 2):
        community.record(stories.firm(f"f{number}"))
    return list(export_events(community))


@pytest.fixture
def empty():
    with Community.open("memory:", clock=lambda: stories.START) as other:
        yield other


def test_both_forms_stand_in_one_file(exported, empty):
    assert taken(import_events(empty, [*exported, firm(3), firm(4)])) == (4, 0, 0, [])
    assert taken(import_events(empty, [*exported, firm(3), firm(4)])) == (0, 4, 0, [])
    again = list(export_events(empty))
    assert taken(import_events(empty, [firm(5), *again])) == (1, 4, 0, [])


def test_a_batch_of_cloud_events_cannot_be_broken_by_another_fact(exported, empty):
    open_batch = exported[0].replace(b'"wisbatchend":true,', b"")
    found = import_events(empty, [open_batch, firm(3), exported[1]])
    assert (found.taken, found.diagnostics[0].line, empty.position) == (0, 1, 0)
    assert "end before its batch does" in found.diagnostics[0].what


def test_nothing_is_recorded_after_what_is_missing(exported, empty):
    found = import_events(empty, [exported[1], firm(3, key="k"), firm(4, key="k")])
    assert taken(found) == (0, 0, 3, [1])


def test_a_cloud_event_that_has_no_place_after_a_fact_is_told(exported, empty):
    found = import_events(empty, [firm(7), *exported])
    assert taken(found) == (1, 0, 2, [2])
