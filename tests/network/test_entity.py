"""Entities: frozen values that are replaced, never mutated."""

import copy
import pickle

import attrs
import pytest
from stories import life, network_of

from wis_engine.network.entity import REFERS, Entity, entity
from wis_engine.network.network import ENTITIES
from wis_engine.network.parties import Account, Firm
from wis_engine.network.relations import RELATIONS


@pytest.fixture(scope="module")
def entities():
    """Give one entity of each kind, out of a whole life."""
    tables = network_of(*life()).tables
    return {cls: next(iter(tables[f"{cls.kind}s"].values())) for cls in ENTITIES}


@pytest.mark.parametrize("cls", ENTITIES)
def test_replace_changes_what_is_said_and_nothing_else(entities, cls):
    one = entities[cls]
    for field in attrs.fields(cls):
        other = object()
        changed = one.replace(**{field.name: other})
        assert type(changed) is cls
        assert getattr(changed, field.name) is other
        assert all(getattr(changed, a.name) == getattr(one, a.name) for a in attrs.fields(cls) if a is not field)
    assert one.replace() == one
    assert one.replace() is not one


@pytest.mark.parametrize("cls", ENTITIES)
def test_an_entity_is_frozen_and_has_no_other_field(entities, cls):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        entities[cls].id = "other"
    with pytest.raises(TypeError):
        entities[cls].replace(unheard_of=1)
    assert not hasattr(entities[cls], "__dict__")


@pytest.mark.parametrize("cls", ENTITIES)
def test_an_entity_is_made_of_its_values_by_name_or_in_order(entities, cls):
    one = entities[cls]
    values = {field.name: getattr(one, field.name) for field in attrs.fields(cls)}
    for made in (cls(**values), cls.made(*values.values()), attrs.evolve(one), copy.deepcopy(one)):
        assert type(made) is cls
        assert made is not one
        assert (made, hash(made), repr(made)) == (one, hash(one), repr(one))
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            made.id = "other"
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("cls", ENTITIES)
def test_an_entity_is_made_of_exactly_its_fields(entities, cls):
    values = {field.name: getattr(entities[cls], field.name) for field in attrs.fields(cls)}
    with pytest.raises(TypeError, match="unheard_of"):
        cls(**values, unheard_of=1)
    with pytest.raises(TypeError, match="id"):
        cls(**{name: value for name, value in values.items() if name != "id"})
    with pytest.raises(TypeError):
        cls(*values.values())


@pytest.mark.parametrize("how", [{"validator": attrs.validators.instance_of(int)}, {"init": False, "default": 1}])
def test_a_class_that_asks_or_computes_is_no_entity(how):
    fields = {"id": attrs.field(), "x": attrs.field(**how)}
    with pytest.raises(AssertionError, match="computes no field"):
        entity(type("Asking", (Entity,), {"kind": "asking", **fields}))


def test_an_entity_begins_with_its_id():
    fields = {"x": attrs.field(), "id": attrs.field()}
    with pytest.raises(AssertionError, match="begins with its id"):
        entity(type("Late", (Entity,), {"kind": "late", **fields}))


def test_replace_is_generated_for_each_class():
    class Bare(Entity):
        kind = "bare"

    with pytest.raises(AssertionError, match="Bare is no entity"):
        Bare().replace(id="x")
    assert not Bare().open


def test_the_kinds_are_distinct_and_every_reference_stands_in_the_table_of_relations():
    assert len({cls.kind for cls in ENTITIES}) == len(ENTITIES)
    lines = {(line.name, line.source) for line in RELATIONS} | {(line.name, line.target) for line in RELATIONS}
    for cls in ENTITIES:
        for field in attrs.fields(cls):
            if REFERS in field.metadata:
                assert (field.metadata[REFERS][0], cls.kind) in lines


def test_what_happens_to_an_entity_gives_a_new_one():
    firm = Firm(id="f", title="F", status="partner", persons=1, ateco="62", nil=46)
    assert (firm.member, firm.left().member) == (True, False)
    assert Account(id="account:x").credits_posted_cents == 0
