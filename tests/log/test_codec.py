import json
from typing import ClassVar

import attrs
import pytest

from wis_engine.errors import FormatError, Malformed, WisError
from wis_engine.facts import EVENTS, Event, VoucherCancelled, personal
from wis_engine.facts.base import redacted
from wis_engine.log.codec import (
    Registry,
    fact_from_dict,
    fact_to_dict,
    known_events,
)
from wis_engine.plain import PERSONAL

CODEC = known_events()


def decoded(stored, **how):
    return CODEC.decode(stored.name, stored.version, stored.body, stored.personal, **how)


@pytest.mark.parametrize("trusted", [True, False])
def test_every_type_makes_the_round_trip(example, trusted):
    assert decoded(CODEC.encode(example), trusted=trusted) == example
    assert fact_from_dict(example.name, fact_to_dict(example)) == example
    assert fact_from_dict(example.name, json.loads(json.dumps(fact_to_dict(example)))) == example


@pytest.mark.parametrize("trusted", [True, False])
def test_what_redaction_left_makes_the_round_trip(example, trusted):
    left = redacted(example)
    stored = CODEC.encode(left)
    assert stored.personal is None
    assert stored.body == CODEC.encode(example).body
    assert decoded(stored, trusted=trusted) == left
    assert fact_from_dict(left.name, fact_to_dict(left)) == left


def test_a_fact_half_redacted_makes_the_round_trip(examples):
    whole = examples["need-declared"]
    half = attrs.evolve(whole, slots=redacted(whole).slots)
    assert decoded(CODEC.encode(half)) == half


def test_personal_fields_stand_apart_with_their_subject(example):
    stored = CODEC.encode(example)
    marked = {a.name for a in attrs.fields(type(example)) if PERSONAL in a.metadata}
    assert marked.isdisjoint(json.loads(stored.body))
    assert set(json.loads(stored.personal or "{}")) == marked
    assert stored.subject == (example.household if marked else None)


def test_what_is_stored_is_canonical_text(examples):
    body = CODEC.encode(examples["project-planned"]).body.decode()
    assert body.startswith('{"closed_days":["2026-01-01","2026-12-25"],"lead":"Lead"')
    assert "«a Milano»" in body
    assert json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == body


def test_facts_with_sets_in_another_order_give_the_same_bytes(examples):
    offered = examples["supplier-offered"]
    other = attrs.evolve(offered, languages=frozenset(sorted(offered.languages, reverse=True)))
    assert CODEC.encode(other) == CODEC.encode(offered)


GOOD = '{"engagement":"e-1","session":0}'

HOSTILE = [
    "",
    "null",
    "[]",
    "7",
    '"text"',
    "{}",
    GOOD[:-1],
    GOOD + " ",
    GOOD + GOOD,
    " " + GOOD,
    "\ufeff" + GOOD,
    '{"session":0,"engagement":"e-1"}',
    '{"engagement":"e-1", "session":0}',
    '{"engagement":"e-1","session":"0"}',
    '{"engagement":"e-1","session":0.0}',
    '{"engagement":"e-1","session":true}',
    '{"engagement":"e-1","session":null}',
    '{"engagement":"e-1","session":[0]}',
    '{"engagement":"e-1","session":-1}',
    '{"engagement":"e-1","session":-0}',
    '{"engagement":"e-1","session":1e0}',
    '{"engagement":"e-1","session":1e999}',
    '{"engagement":"e-1","session":NaN}',
    '{"engagement":"e-1","session":Infinity}',
    '{"engagement":"e-1","session":9223372036854775808}',
    '{"engagement":"e-1","session":' + "9" * 5_000 + "}",
    '{"engagement":"e-1","session":0,"session":0}',
    '{"engagement":"e-1","session":0,"extra":0}',
    '{"engagement":"e-1"}',
    '{"engagement":7,"session":0}',
    '{"engagement":"","session":0}',
    '{"engagement":"e 1","session":0}',
    '{"engagement":"e-1\\n","session":0}',
    '{"engagement":"\\u0065-1","session":0}',
    '{"engagement":"\\ud800","session":0}',
    '{"engagement":"\ud800","session":0}',
    '{"engagement":"e\\u0000","session":0}',
    '{"engagement":{"redacted":["engagement","e-1"]},"session":0}',
    '{"engagement":["e-1"],"session":0}',
    "[" * 100_000,
    '{"a":' * 50 + "0" + "}" * 50,
]


def test_the_good_document_is_good(examples):
    assert CODEC.decode("delivery-confirmed", 1, GOOD, None) == examples["delivery-confirmed"]


@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_document_is_malformed(document):
    with pytest.raises(Malformed):
        CODEC.decode("delivery-confirmed", 1, document, None)


@pytest.mark.parametrize("body", [b"\xff", b"\xef\xbb\xbf" + GOOD.encode(), GOOD.encode("utf-16"), b"\x00"])
def test_bytes_that_are_no_text_are_malformed(body):
    with pytest.raises(Malformed):
        CODEC.decode("delivery-confirmed", 1, body, None)


def test_no_change_of_a_field_escapes_as_another_error(example):
    good = fact_to_dict(example)
    for name in good:
        changed = [good | {name: other} for other in (None, [], "x y", -(1 << 70), True, {"a": [{"b": {}}]})]
        for data in [*changed, {key: value for key, value in good.items() if key != name}]:
            try:
                read = fact_from_dict(example.name, data)
            except Malformed:
                continue
            assert fact_from_dict(read.name, fact_to_dict(read)) == read


@pytest.mark.parametrize("data", [None, 7, "x", [], [["need", "n-1"]], {"need": "n-1", 7: 8}, {1, 2}, object()])
def test_data_that_is_no_object_is_malformed(data):
    with pytest.raises(Malformed):
        fact_from_dict("need-withdrawn", data)


def test_messages_name_the_place_and_not_the_value(examples):
    data = fact_to_dict(examples["need-declared"]) | {"beneficiary": "the secret name", "language": 7}
    with pytest.raises(Malformed) as caught:
        fact_from_dict("need-declared", data)
    assert "beneficiary" in str(caught.value) or "language" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_personal_fields_in_the_wrong_place_are_malformed(examples):
    stored = CODEC.encode(examples["need-declared"])
    both = json.dumps(
        json.loads(stored.body) | json.loads(stored.personal),
        sort_keys=True,
        separators=(",", ":"),
    )
    for body, held in ((both, None), (both, "{}"), (stored.body, stored.body), (stored.body, b"[]")):
        with pytest.raises(Malformed):
            CODEC.decode("need-declared", 1, body, held)
    with pytest.raises(Malformed):
        CODEC.decode("delivery-confirmed", 1, GOOD, "{}")


def test_a_name_nobody_knows(examples):
    with pytest.raises(Malformed):
        CODEC.decode("no-such-event", 1, GOOD, None)
    with pytest.raises(FormatError):
        CODEC.decode("no-such-event", 1, GOOD, None, trusted=True)
    for ask in (CODEC.shape, lambda name: fact_from_dict(name, {})):
        with pytest.raises(Malformed):
            ask("no-such-event")


def test_a_version_nobody_knows():
    for trusted in (True, False):
        with pytest.raises(FormatError):
            CODEC.decode("delivery-confirmed", 2, GOOD, None, trusted=trusted)
    with pytest.raises(Malformed):
        CODEC.decode("delivery-confirmed", 0, GOOD, None)


@attrs.frozen(kw_only=True)
class Nameless(Event):
    pass


@attrs.frozen(kw_only=True)
class Twice(Event):
    name: ClassVar[str] = "delivery-confirmed"


@attrs.frozen(kw_only=True)
class TwoSubjects(Event):
    name: ClassVar[str] = "two-subjects"
    one: str
    two: str
    first: int = personal(subject="one")
    second: int = personal(subject="two")


@attrs.frozen(kw_only=True)
class NoSubject(Event):
    name: ClassVar[str] = "no-subject"
    first: int = personal(subject="household")


@pytest.mark.parametrize("wrong", [Nameless, Twice, TwoSubjects, NoSubject])
def test_a_registry_takes_only_types_that_can_be_told_apart_and_sealed(wrong):
    with pytest.raises(Malformed):
        Registry((*EVENTS, wrong))


def test_a_registry_lists_its_names_in_order():
    assert list(CODEC) == sorted(cls.name for cls in EVENTS)


@attrs.frozen(kw_only=True)
class Loose(Event):
    name: ClassVar[str] = "loose"
    value: object


@pytest.mark.parametrize("value", [1.5, float("nan"), "\ud800", {1: {2}}, object()])
def test_a_fact_that_json_cannot_hold_is_ours_to_refuse(value):
    codec = Registry([Loose])
    try:
        codec.encode(Loose(value=value))
    except WisError:
        return
    assert value == 1.5  # JSON holds it; reading refuses it, see the hostile documents


def test_a_text_that_json_cannot_hold_is_malformed():
    with pytest.raises(Malformed):
        CODEC.encode(VoucherCancelled(voucher="v-1", reason="\ud800"))
