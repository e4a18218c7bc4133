import dataclasses
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
from wis_engine.plain import PERSONAL, dump

CODEC = known_events()
CODECS = [Registry(accelerated=True), Registry(accelerated=False)]
NAMES = ["fast", "slow"]


def decoded(stored, *, codec=CODEC, **how):
    return codec.decode(stored.name, stored.version, stored.body, stored.personal, **how)


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
@pytest.mark.parametrize("trusted", [True, False])
def test_every_type_makes_the_round_trip(example, codec, trusted):
    assert decoded(codec.encode(example), codec=codec, trusted=trusted) == example
    assert fact_from_dict(example.name, fact_to_dict(example)) == example
    assert fact_from_dict(example.name, json.loads(json.dumps(fact_to_dict(example)))) == example


def test_with_and_without_the_accelerator_the_bytes_are_the_same(example):
    for fact in (example, redacted(example)):
        data = fact_to_dict(fact)
        marked = {a.name for a in attrs.fields(type(fact)) if PERSONAL in a.metadata}
        held = dump({name: data.pop(name) for name in sorted(marked)}) if marked and fact is example else None
        body = dump({name: value for name, value in data.items() if name not in marked})
        for codec in CODECS:
            stored = codec.encode(fact)
            assert (stored.body, stored.personal) == (body, held)


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
def test_text_and_bytes_are_read_alike(example, codec):
    stored = codec.encode(example)
    held = stored.personal and stored.personal.decode()
    for trusted in (True, False):
        for body, private in (
            (stored.body.decode(), held),
            (stored.body, held),
            (stored.body.decode(), stored.personal),
        ):
            assert codec.facts(stored.name, stored.version, body, private, trusted=trusted) == (example,)


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_redaction_left_makes_the_round_trip(example, codec, trusted):
    left = redacted(example)
    stored = codec.encode(left)
    assert stored.personal is None
    assert stored.body == codec.encode(example).body
    assert decoded(stored, codec=codec, trusted=trusted) == left
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
    '{"engagement":"e-1","session":0' + ',"a":0' * 300 + "}",
    "{" + ",".join(f'"{n}":0' for n in range(300)) + "}",
    '{"engagement":"e-1","session":' + " " * 70_000 + "0}",
    '{"engagement":"e-1","session":"' + "x" * 10_000_000 + '"}',
    '{"engagement":"' + '\\"' * 30_000,
]


def test_the_good_document_is_good(examples):
    assert CODEC.decode("delivery-confirmed", 1, GOOD, None) == examples["delivery-confirmed"]


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_document_is_malformed(document, codec):
    with pytest.raises(Malformed):
        codec.decode("delivery-confirmed", 1, document, None)
    with pytest.raises(Malformed):
        codec.decode("need-declared", 1, "{}", document)


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_damage_in_ones_own_log_gives_a_fact_or_is_malformed(document, codec):
    try:
        codec.facts("delivery-confirmed", 1, document, None)
    except Malformed:
        return
    read = json.loads(document, strict=False)
    assert read.keys() == {"engagement", "session"}


@pytest.mark.parametrize("codec", CODECS, ids=NAMES)
def test_every_cut_of_what_is_stored_is_malformed(example, codec):
    stored = codec.encode(example)
    for piece in (stored.body, stored.personal):
        for end in range(len(piece or b"")):
            body, held = (piece[:end], stored.personal) if piece is stored.body else (stored.body, piece[:end])
            for trusted in (True, False):
                with pytest.raises(Malformed):
                    codec.facts(stored.name, stored.version, body, held, trusted=trusted)


@pytest.mark.parametrize("junk", [None, 7, [], {}, object(), bytearray(b"{}"), b"\xff", True])
@pytest.mark.parametrize("trusted", [True, False])
def test_junk_in_any_place_is_one_of_our_errors(junk, trusted):
    good = ("need-withdrawn", 1, '{"need":"n-1"}', None)
    CODEC.facts(*good, trusted=trusted)
    for place in range(4):
        given = list(good)
        given[place] = junk
        if (place, junk) in ((3, None), (1, True)):
            continue
        with pytest.raises((Malformed, FormatError)):
            CODEC.facts(*given, trusted=trusted)


def test_both_pieces_together_are_held_to_the_limit():
    registry = Registry([Letter])
    small, large = "x" * 20_000, "x" * 50_000
    read = decoded(registry.encode(Letter(household="h", title=small, words=small)), codec=registry)
    assert read == Letter(household="h", title=small, words=small)
    for title, words in ((small, large), (large, small), (large + large, ""), ("", "é" * 40_000)):
        stored = registry.encode(Letter(household="h", title=title, words=words))
        with pytest.raises(Malformed, match="bytes"):
            decoded(stored, codec=registry)


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
class Letter(Event):
    """A fact of somebody else, as long as they like."""

    name: ClassVar[str] = "letter"
    household: str
    title: str
    words: str = personal(subject="household")


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


@attrs.frozen(kw_only=True)
class FieldForName(Event):
    name: str


@attrs.frozen(kw_only=True)
class FieldForVersion(Event):
    name: ClassVar[str] = "field-for-version"
    version: int


@dataclasses.dataclass(frozen=True)
class OfAnotherMake(Event):
    name: ClassVar[str] = "of-another-make"
    words: str = ""


class Undecorated(Event):
    name: ClassVar[str] = "undecorated"
    words: str


WRONG = (
    Nameless,
    Twice,
    TwoSubjects,
    NoSubject,
    FieldForName,
    FieldForVersion,
    OfAnotherMake,
    Undecorated,
    int,
    "x",
    5,
)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_registry_takes_only_types_that_can_be_told_apart_and_sealed(wrong):
    with pytest.raises(Malformed):
        Registry((*EVENTS, wrong))


@pytest.mark.parametrize("listed", [5, None])
def test_a_registry_takes_lists(listed):
    with pytest.raises(Malformed):
        Registry(listed)
    with pytest.raises(Malformed):
        Registry(EVENTS, listed)


def test_a_registry_lists_its_names_in_order():
    assert list(CODEC) == sorted(cls.name for cls in EVENTS)


@attrs.frozen(kw_only=True)
class Loose(Event):
    name: ClassVar[str] = "loose"
    value: object


@pytest.mark.parametrize("value", [1.5, float("nan"), "\ud800", {1: {2}}, object()])
@pytest.mark.parametrize("accelerated", [True, False])
def test_a_fact_that_json_cannot_hold_is_ours_to_refuse(value, accelerated):
    codec = Registry([Loose], accelerated=accelerated)
    try:
        codec.encode(Loose(value=value))
    except WisError:
        return
    assert value == 1.5  # JSON holds it; reading refuses it, see the hostile documents


def test_a_text_that_json_cannot_hold_is_malformed():
    with pytest.raises(Malformed):
        CODEC.encode(VoucherCancelled(voucher="v-1", reason="\ud800"))


@pytest.mark.parametrize("accelerated", [True, False])
def test_a_fact_of_somebody_else_that_could_not_be_read_again_is_not_written(accelerated):
    codec = Registry([Letter], accelerated=accelerated)
    for wrong in (7, None, ["x"], "a\0"):
        with pytest.raises(Malformed):
            codec.encode(Letter(household="h", title=wrong, words=""))


def test_a_fact_that_its_log_does_not_know_is_malformed(examples):
    for codec in (Registry([Letter]), Registry([])):
        with pytest.raises(Malformed):
            codec.encode(examples["need-withdrawn"])
    assert CODEC.require(examples["need-withdrawn"]).cls is type(examples["need-withdrawn"])


def test_a_text_of_half_a_character_is_malformed_from_outside_too():
    with pytest.raises(Malformed):
        fact_from_dict("letter", {"household": "h", "title": "\ud800", "words": ""}, registry=Registry([Letter]))


def test_a_date_in_another_form_is_malformed(examples):
    data = fact_to_dict(examples["service-booked"])
    data["occurrences"][0]["day"] = "2026-W10-1"
    with pytest.raises(Malformed):
        fact_from_dict("service-booked", data)


def test_what_is_personal_is_not_in_the_repr_of_what_is_stored(examples):
    assert "m-1" not in repr(CODEC.encode(examples["need-declared"]))
