import json
from itertools import product
from typing import ClassVar

import attrs
import pytest
from attrs import validators as v
from jsonschema import Draft202012Validator

from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS, Event
from wis_engine.facts.base import redacted
from wis_engine.log.codec import Registry, fact_from_dict, fact_to_dict
from wis_engine.log.schema import json_schema
from wis_engine.plain import PERSONAL


def validator(name):
    return Draft202012Validator(json_schema(name))


def complaint_of(name, data):
    try:
        fact_from_dict(name, data)
    except Malformed as refused:
        return str(refused)
    return ""


def test_limits_of_a_field_are_said():
    firm = json_schema("firm-joined")["properties"]
    assert (firm["nil"]["minimum"], firm["nil"]["maximum"]) == (1, 88)
    assert firm["ateco"]["pattern"].startswith("^(?:")
    assert json_schema("firm-left")["properties"]["reason"]["maxLength"] == 200


def test_every_type_has_a_schema_that_its_plain_form_follows(example):
    Draft202012Validator.check_schema(json_schema(example.name))
    check = validator(example.name)
    assert check.is_valid(fact_to_dict(example))
    assert check.is_valid(fact_to_dict(redacted(example)))


def test_what_a_schema_takes_for_a_field_is_of_a_type_that_the_fact_takes(example):
    check = validator(example.name)
    others = [None, [], "x y/z", -(1 << 70), 1.5, True, {"a": 1}]
    for name, other in product(fact_to_dict(example), others):
        data = fact_to_dict(example) | {name: other}
        if not check.is_valid(data):
            continue
        # The fact knows more than a schema says: what a text means, what ties fields together.
        complaint = complaint_of(example.name, data)
        assert not any(words in complaint for words in ("not a text", "not an integer", "wrong type", "not a list"))


def test_missing_and_unknown_fields_are_refused(example):
    check = validator(example.name)
    data = fact_to_dict(example)
    assert not check.is_valid(data | {"unknown": 1})
    for name in json_schema(example.name)["required"]:
        assert not check.is_valid({key: value for key, value in data.items() if key != name})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("need-withdrawn", {"need": "a b"}),
        ("need-withdrawn", {"need": ""}),
        ("need-unmet", {"reason": "because"}),
        ("need-revised", {"slots": "mondays"}),
        ("need-revised", {"period": "2026-03-01"}),
        ("need-revised", {"minutes": 0}),
        ("meeting-held", {"minutes": -1}),
        ("firm-joined", {"title": ""}),
        ("service-booked", {"occurrences": [{"day": "2026-03-02", "start_slot": 32}]}),
        ("service-booked", {"occurrences": [{"day": "02/03/2026", "start_slot": 32, "minutes": 60}]}),
        ("project-planned", {"closed_days": ["2026-01-01", "2026-01-01"]}),
        ("need-declared", {"beneficiary": {"redacted": ["beneficiary"]}}),
        ("need-withdrawn", {"need": {"redacted": ["need", "h-1"]}}),
    ],
)
def test_a_bad_value_is_refused_by_schema_and_by_fact(examples, name, wrong):
    data = fact_to_dict(examples[name])
    assert validator(name).is_valid(data)
    assert not validator(name).is_valid(data | wrong)
    with pytest.raises(Malformed):
        fact_from_dict(name, data | wrong)


@pytest.mark.parametrize("cls", EVENTS)
def test_personal_fields_are_marked(cls):
    marked = {a.name for a in attrs.fields(cls) if PERSONAL in a.metadata}
    schema = json_schema(cls.name)
    assert {name for name, one in schema["properties"].items() if one.get("x-personal")} == marked
    assert ("redacted" in schema.get("$defs", {})) == bool(marked)


def test_a_schema_is_the_callers_own():
    before = json.dumps(json_schema("agreement-signed"))
    schema = json_schema("agreement-signed")
    schema["properties"]["offers"]["items"]["pattern"] = "changed"
    assert json.dumps(json_schema("agreement-signed")) == before


def test_a_schema_says_what_it_is_of():
    schema = json_schema("voucher-issued")
    assert schema["$id"] == "urn:wis-engine:voucher-issued:1"
    assert schema["title"] == "VoucherIssued"
    assert schema["description"].startswith("A voucher was issued")


@attrs.frozen(kw_only=True)
class Bounded(Event):
    name: ClassVar[str] = "bounded"
    score: int = attrs.field(validator=[v.ge(1), v.le(5)])
    share: int | None = attrs.field(default=None, validator=v.optional(v.and_(v.gt(0), v.lt(10))))
    code: str = attrs.field(default="1", validator=[v.matches_re("[0-9]+"), v.max_len(3)])


@pytest.mark.parametrize(
    ("data", "valid"),
    [
        ({"score": 1}, True),
        ({"score": 5, "share": 9, "code": "123"}, True),
        ({"score": 5, "share": None}, True),
        ({"score": 0}, False),
        ({"score": 6}, False),
        ({"score": 1, "share": 0}, False),
        ({"score": 1, "share": 10}, False),
        ({"score": 1, "code": "1234"}, False),
        ({"score": 1, "code": "a1"}, False),
    ],
)
def test_limits_of_attrs_validators_are_said(data, valid):
    registry = Registry([Bounded])
    assert Draft202012Validator(json_schema("bounded", registry=registry)).is_valid(data) == valid
    if valid:
        fact_from_dict("bounded", data, registry=registry)
    else:
        with pytest.raises(Malformed):
            fact_from_dict("bounded", data, registry=registry)


@attrs.frozen(kw_only=True)
class Loose(Event):
    name: ClassVar[str] = "loose"
    value: complex


def test_a_field_without_a_plain_form_has_no_schema():
    with pytest.raises(Malformed, match=r"Loose\.value"):
        json_schema("loose", registry=Registry([Loose]))
    with pytest.raises(Malformed):
        json_schema("no-such-event")
