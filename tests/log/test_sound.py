"""Facts looked through the quick way: it finds what the slow way finds, and nothing else."""

import json
from itertools import chain
from typing import get_args

import attrs
import pytest

from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS
from wis_engine.jsontext import DEPTH_MAX, EVENT_BYTES_MAX, dump
from wis_engine.log import codec
from wis_engine.log.codec import Registry, known_events
from wis_engine.log.sound import ask

WRONG = (
    None,
    True,
    1.5,
    -1,
    1 << 63,
    7,
    "",
    "x",
    "two\nlines",
    "\0",
    "è",
    [],
    [[]],
    {},
    ["x", "x"],
    {"redacted": ["x"]},
)


@pytest.fixture
def slow(monkeypatch):
    """A registry that knows no quick way."""
    monkeypatch.setattr(codec, "sounder", lambda *_: lambda *_: None)
    return Registry()


def classes(kind, found):
    """Collect the attrs classes that a type is made of."""
    kind = getattr(kind, "__supertype__", kind)
    if isinstance(kind, type) and attrs.has(kind) and kind not in found:
        found.add(kind)
        for a in attrs.fields(attrs.resolve_types(kind)):
            classes(a.type, found)
    for inner in get_args(kind):
        classes(inner, found)
    return found


def test_every_field_of_a_fact_and_of_a_value_in_it_has_a_validator():
    found = set()
    for event in EVENTS:
        classes(event, found)
    assert len(found) > len(EVENTS)
    bare = [f"{cls.__name__}.{a.name}" for cls in found for a in attrs.fields(cls) if a.validator is None]
    assert bare == []


def spoiled(data):
    """Put each wrong value in each place of some JSON, leave each out, and add one that nobody knows."""
    places = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in places:
        for wrong in WRONG:
            yield put(data, key, wrong)
        if isinstance(value, (dict, list)):
            yield from (put(data, key, inner) for inner in spoiled(value))
    if isinstance(data, dict):
        yield from ({name: value for name, value in data.items() if name != key} for key in data)
        yield data | {"unknown": 1}
    else:
        yield [*data, *data]
        yield data[::-1]


def put(data, key, value):
    changed = data.copy()
    changed[key] = value
    return changed


def outcome(registry, *stored):
    try:
        return registry.facts(*stored, trusted=False)
    except Malformed as error:
        return str(error)


def test_the_quick_way_takes_what_the_slow_way_takes(example, slow):
    quick, stored = Registry(), known_events().encode(example)
    name, version = stored.name, stored.version
    assert outcome(quick, name, version, stored.body, stored.personal) == (example,)
    bodies = ((dump(body), stored.personal) for body in spoiled(json.loads(stored.body)))
    held = () if stored.personal is None else spoiled(json.loads(stored.personal))
    tried = 0
    for body, personal in chain(bodies, ((stored.body, dump(data)) for data in held), [(stored.body, None)]):
        assert outcome(quick, name, version, body, personal) == outcome(slow, name, version, body, personal)
        tried += 1
    assert tried > len(WRONG)


@pytest.mark.parametrize(
    "body",
    [
        b'{"need":"a" }',
        b'{"need":"a","need":"a"}',
        b'{"need":"\\u0061"}',
        b'{"need":"a"}{}',
        b'"need"',
        b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
        b'{"need":"' + b"a" * EVENT_BYTES_MAX + b'"}',
        b'{"need":"\xff"}',
        "{'need':'\ud800'}",
    ],
)
def test_what_is_not_as_it_would_be_written_is_no_fact(slow, body):
    quick = Registry()
    said = outcome(quick, "need-withdrawn", 1, body, None)
    assert isinstance(said, str)
    assert said == outcome(slow, "need-withdrawn", 1, body, None)


def test_a_value_in_a_fact_is_asked_too(examples):
    need = attrs.evolve(examples["need-declared"])
    ask(need)
    wrong = attrs.evolve(need.steps[0])
    object.__setattr__(wrong, "minutes", -1)
    object.__setattr__(need, "steps", (wrong, need.steps[1]))
    with pytest.raises(Malformed, match="minutes"):
        ask(need)
