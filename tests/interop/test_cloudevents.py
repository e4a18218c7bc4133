import datetime as dt
import json
import re

import attrs
import pytest
import stories

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event, Recorded, id_field, redacted
from wis_engine.interop import SOURCE, export_events, import_events
from wis_engine.interop.cloudevents import CloudEvent, last_of
from wis_engine.log.codec import Registry, fact_to_dict, known_events
from wis_engine.log.log import Batch
from wis_engine.log.schema import json_schema
from wis_engine.log.upcast import Upcast

REQUIRED = {"id", "source", "specversion", "type"}


def told(line):
    return json.loads(line)


def read(**changes):
    """Read a good line with some of its attributes changed; `...` leaves one out."""
    recorded = Recorded(
        position=7,
        batch=6,
        fact=stories.need(),
        occurred_at=stories.START,
        recorded_at=stories.APRIL,
        actor="wm-1",
        cause="call-1",
        key="k",
    )
    good = CloudEvent(recorded=recorded, ends=True, source="urn:here", zone="Europe/Rome").line()
    attributes = {name: value for name, value in (told(good) | changes).items() if value is not ...}
    return CloudEvent.read(json.dumps(attributes).encode(), known_events())


def test_every_kind_of_fact_is_exported_in_order(lived, lines):
    assert {told(line)["type"] for line in lines} == {f"wis.{event.name}" for event in EVENTS}
    assert [told(line)["id"] for line in lines] == [str(number + 1) for number in range(lived.position)]


def test_each_line_is_a_cloud_event(lines):
    for line in lines:
        event = told(line)
        assert event.keys() >= REQUIRED
        assert event["specversion"] == "1.0"
        for name, value in event.items():
            assert re.fullmatch("[a-z0-9]{1,20}", name)
            assert name == "data" or type(value) is bool or (type(value) is str and value)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["time"])


def test_a_line_says_what_the_log_knows_of_a_fact(lived, lines):
    for recorded, line in zip(lived.events(), lines, strict=True):
        event = told(line)
        assert event["data"] == json.loads(json.dumps(fact_to_dict(recorded.fact)))
        assert event["dataschema"] == json_schema(recorded.fact.name)["$id"]
        assert dt.datetime.fromisoformat(event["time"]) == recorded.occurred_at
        assert dt.datetime.fromisoformat(event["recordedtime"]) == recorded.recorded_at
        assert (event["wisactor"], event.get("wiscause"), event.get("wiskey")) == (
            recorded.actor,
            recorded.cause,
            recorded.key,
        )


def test_a_line_is_canonical(lines):
    for line in lines:
        again = json.dumps(told(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert line == again.encode() + b"\n"


def test_sequences_are_in_order_as_texts(lines):
    sequences = [told(line)["sequence"] for line in lines]
    assert sequences == sorted(set(sequences))
    assert len(lines) > 10  # where 10 stands before 9 as it is


def test_batches_are_told_apart(lived, lines):
    """Batches alike in their whole envelope, too."""
    community = Community.open("memory:", clock=lambda: stories.START)
    community.record(stories.project(), stories.action())
    community.record(stories.firm("a"))
    community.record(stories.firm("b"), stories.firm("c"), stories.firm("d"))
    events = [told(line) for line in export_events(community)]
    assert [event["wisbatch"] for event in events] == ["1", "1", "3", "4", "4", "4"]
    assert [event.get("wisbatchend") for event in events] == [None, True, True, None, None, True]


def test_what_is_exported_is_the_community_as_it_stands(lived, lines):
    cut = next(number for number, line in enumerate(lines, 1) if told(line).get("wisbatchend"))
    assert list(export_events(lived.as_of(cut))) == lines[:cut]


@pytest.mark.parametrize(("after", "until"), [(0, 0), (0, 1), (3, 7), (5, 5), (6, 5), (0, 10_000), (10_000, None)])
def test_a_part_is_that_part_of_the_whole(lived, lines, after, until):
    assert list(export_events(lived, after=after, until=until)) == lines[after:until]


def test_the_source_is_what_is_asked_for(lived):
    sources = {told(line)["source"] for line in export_events(lived, source="https://wis.example/milano")}
    assert sources == {"https://wis.example/milano"}
    assert told(next(export_events(lived)))["source"] == SOURCE


@pytest.mark.parametrize("source", ["", "a b", "è", "x" * 1001, None, 7])
def test_what_is_no_uri_reference_is_no_source(lived, source):
    with pytest.raises(Malformed, match="URI reference"):
        export_events(lived, source=source)


@pytest.mark.parametrize("bounds", [{"after": -1}, {"after": "1"}, {"after": None}, {"until": -1}, {"until": True}])
def test_what_is_no_position_is_no_bound(lived, bounds):
    with pytest.raises(Malformed, match=next(iter(bounds))):
        export_events(lived, **bounds)


def test_a_fact_whose_personal_fields_are_gone_says_so():
    community = Community.open("memory:", clock=lambda: stories.START)
    facts = (stories.firm("f1"), stories.person("p1", "f1"), stories.household("h1", "p1"), stories.need("n1", "h1"))
    batch = Batch(facts=tuple(map(redacted, facts)), occurred_at=stories.START, actor="wm-1")
    list(community.load([batch], guarded=False))
    *_, line = export_events(community)
    data = told(line)["data"]
    assert data["beneficiary"] == {"redacted": ["beneficiary", "h1"]}
    assert data["need"] == "n1"


# Reading


def test_a_good_line_is_read():
    event = read()
    assert (event.recorded.position, event.recorded.batch, event.ends, event.source) == (7, 6, True, "urn:here")
    assert (event.recorded.fact, event.recorded.occurred_at) == (stories.need(), stories.START)
    assert (event.recorded.actor, event.recorded.cause, event.recorded.key) == ("wm-1", "call-1", "k")


@pytest.mark.parametrize(
    "changes",
    [
        {"traceparent": "00-af-01", "other": 7},
        {"subject": None, "wisunknown": None},
        {"datacontenttype": None},
        {"datacontenttype": ...},
        {"time": "2026-03-01T10:00:00+02:00"},
        {"time": "2026-03-01t08:00:00.0z"},
    ],
)
def test_the_envelope_may_be_in_any_form_that_the_standard_allows(changes):
    assert read(**changes) == read()


def test_what_is_null_is_not_there():
    event = read(wiscause=None, wiskey=None, wisbatchend=None)
    assert (event.recorded.cause, event.recorded.key, event.ends) == (None, None, False)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"specversion": "0.3"}, "CloudEvent"),
        ({"specversion": ...}, "CloudEvent"),
        ({"id": 7}, "id"),
        ({"id": ...}, "id"),
        ({"id": "07"}, "id"),
        ({"id": "0"}, "id"),
        ({"id": "-7"}, "id"),
        ({"id": "٧"}, "id"),
        ({"id": "9" * 19}, "id"),
        ({"id": "9" * 100}, "id"),
        ({"id": "8"}, "sequence"),
        ({"sequence": ...}, "sequence"),
        ({"source": ""}, "source"),
        ({"source": ["urn:here"]}, "source"),
        ({"type": "com.example.need-declared"}, "type"),
        ({"type": "wis.need-imagined"}, "type"),
        ({"type": "need-declared"}, "type"),
        ({"type": "wis.mario", "dataschema": "urn:wis-engine:mario:1"}, "no fact that this log may hold"),
        ({"dataschema": ...}, "dataschema"),
        ({"dataschema": "urn:wis-engine:need-declared:99"}, "version 1"),
        ({"dataschema": "urn:wis-engine:need-revised:1"}, "dataschema"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"time": ...}, "time"),
        ({"time": "2026-03-01T08:00:00"}, "time"),
        ({"time": "2026-03-01"}, "time"),
        ({"time": "2026-02-30T08:00:00Z"}, "time"),
        ({"time": "2026-03-01T08:00:00.0000001Z"}, "time"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "time"),
        ({"recordedtime": "9999-12-31T23:59:59-23:59"}, "recordedtime"),
        ({"wisactor": ...}, "wisactor"),
        ({"wiszone": ...}, "wiszone"),
        ({"wiscause": 1}, "wiscause"),
        ({"wiskey": ""}, "wiskey"),
        ({"wisbatch": "x"}, "wisbatch"),
        ({"wisbatchend": "true"}, "wisbatchend"),
        ({"data": ...}, "NeedDeclared"),
        ({"data": None}, "NeedDeclared"),
        ({"data": []}, "NeedDeclared"),
        ({"data": {"need": "n1"}}, "required field missing"),
        ({"data": fact_to_dict(stories.need()) | {"mario": 1}}, "unknown fields"),
        ({"data": fact_to_dict(stories.need()) | {"minutes": "360"}}, "minutes"),
        ({"data": fact_to_dict(stories.need()) | {"beneficiary": {"redacted": ["beneficiary", "h1"]}}}, "personal"),
    ],
)
def test_what_is_wrong_is_said(changes, word):
    with pytest.raises(Malformed, match=word):
        read(**changes)


def test_personal_marks_of_somebody_else_are_wrong():
    data = fact_to_dict(redacted(stories.need()))
    assert read(data=data).recorded.fact == redacted(stories.need())
    with pytest.raises(Malformed, match="personal"):
        read(data=data | {"beneficiary": {"redacted": ["beneficiary", "h2"]}})


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"id":1.5}', b'{"id":NaN}', b'{"a":1,"a":1}', b"[" * 100_000],
)
def test_what_is_no_json_object_is_wrong(line):
    with pytest.raises(Malformed):
        CloudEvent.read(line, known_events())


# Facts of older versions


@attrs.frozen(kw_only=True)
class Greeted(Event):
    name = "greeted"
    version = 2

    person: str = id_field()
    word: str


@attrs.frozen(kw_only=True)
class GreetedOnce(Event):
    name = "greeted"

    person: str = id_field()


STEPS = {
    "one": lambda data: [data | {"word": "ciao"}],
    "two": lambda data: [data | {"word": "ciao"}, data | {"word": "salve"}],
    "none": lambda _data: [],
}


@pytest.fixture
def aged(tmp_path):
    """Leave a log of three batches, with an older fact in the second one; open it with a step."""
    url = f"sqlite:///{tmp_path / 'aged.db'}"
    with Community.open(url, clock=lambda: stories.START, events=[GreetedOnce]) as community:
        community.record(stories.firm("a"))
        community.record(stories.firm("b"), GreetedOnce(person="p"), key="k")
        community.record(stories.firm("c"))
    opened = []

    def open_with(step):
        upcast = Upcast(name="greeted", version=1, step=STEPS[step])
        opened.append(Community.open(url, clock=lambda: stories.START, events=[Greeted], upcasts=[upcast], mode="r"))
        return opened[-1]

    yield open_with
    for one in opened:
        one.close()


@pytest.mark.parametrize(("step", "count"), [("one", 4), ("two", 5), ("none", 3)])
def test_facts_are_numbered_as_they_read_today_and_round_trip(aged, step, count):
    community = aged(step)
    lines = list(export_events(community))
    assert [told(line)["id"] for line in lines] == [str(number + 1) for number in range(count)]
    assert last_of(community).position == count
    assert [told(line)["wisbatch"] for line in lines] == ["1", *["2"] * (count - 2), str(count)]
    assert list(export_events(community, after=2)) == lines[2:]
    upcast = Upcast(name="greeted", version=1, step=STEPS[step])
    again = Community.open("memory:", clock=lambda: stories.START, events=[Greeted], upcasts=[upcast])
    assert import_events(again, lines).ok
    assert list(export_events(again)) == lines


@pytest.mark.parametrize(("step", "ok"), [("one", True), ("two", False), ("none", False)])
def test_a_line_of_an_older_version_is_read_when_it_stands_for_one_fact(step, ok):
    registry = Registry([Greeted], [Upcast(name="greeted", version=1, step=STEPS[step])])
    old = Recorded(
        position=1,
        batch=1,
        fact=GreetedOnce(person="p"),
        occurred_at=stories.START,
        recorded_at=stories.START,
        actor="wm-1",
        cause=None,
        key=None,
    )
    line = CloudEvent(recorded=old, ends=True, source=SOURCE, zone="Europe/Rome").line()
    if ok:
        assert CloudEvent.read(line, registry).recorded.fact == Greeted(person="p", word="ciao")
    else:
        with pytest.raises(Malformed, match="several"):
            CloudEvent.read(line, registry)


def test_personal_values_stay_out_of_errors():
    data = fact_to_dict(stories.need()) | {"beneficiary": "Mario Rossi", "language": "ROSSI"}
    with pytest.raises(Malformed) as error:
        read(data=data)
    assert "rossi" not in str(error.value).lower()
