"""Entities: frozen values that are replaced, never mutated."""

import attrs
import pytest
from stories import life, network_of

from wis_engine.network.entity import REFERS, Entity
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
