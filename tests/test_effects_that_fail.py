"""An effect that cannot be: of a fact of the caller's own, loaded without guards, or out of a damaged store."""

import sqlite3
from typing import ClassVar

import attrs
import pytest
from stories import START, firm, meeting, person, pilot

from wis_engine.community import Community
from wis_engine.errors import IntegrityError, Malformed
from wis_engine.facts import Event, FirmJoined
from wis_engine.log.log import Batch


@attrs.frozen(kw_only=True)
class FirmCopied(Event):
    """A firm that is as another one, under an id that may be anybody's: nothing guards it."""

    name: ClassVar[str] = "firm-copied"
    firm: str
    copy: str

    def apply(self, network):
        network.put(network.firms[self.firm].replace(id=self.copy))


@attrs.frozen(kw_only=True)
class FirmWeighed(Event):
    """A firm whose guard and effect take more for granted than they should."""

    name: ClassVar[str] = "firm-weighed"
    firm: str
    by: int = 1

    def check(self, network):
        assert network.firms[self.firm]

    def apply(self, network):
        network.put(network.firms[self.firm].replace(persons=7 // self.by))


def opened(url="memory:"):
    return Community.open(url, clock=lambda: START, events=[FirmCopied, FirmWeighed])


@pytest.fixture
def community():
    """Give the pilot, in which n1 is a need and p1 a person."""
    with opened() as community:
        community.record(*pilot())
        yield community


def assert_as_before(community, digest):
    assert community.network.digest() == digest
    assert not community.network.in_batch
    community.record(meeting("m-after"), FirmCopied(firm="f1", copy="f-after"))
    assert community.verify(deep=True).ok
    with opened() as other:
        other.record(*pilot())
        other.record(meeting("m-after"), FirmCopied(firm="f1", copy="f-after"))
        assert community.network.digest() == other.network.digest()


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ([FirmCopied(firm="f1", copy="p1")], Malformed),
        ([meeting("m-1"), FirmCopied(firm="f1", copy="f-1"), FirmCopied(firm="f1", copy="n1")], Malformed),
        ([FirmCopied(firm="f1", copy="f-1"), FirmCopied(firm="nobody", copy="f-2")], Malformed),
        ([FirmCopied(firm="f1", copy="f-1"), FirmWeighed(firm="nobody")], Malformed),
        ([FirmCopied(firm="f1", copy="f-1"), FirmWeighed(firm="f1", by=0)], Malformed),
    ],
)
def test_an_effect_that_raises_leaves_the_community_as_it_was(community, facts, error):
    digest = community.network.digest()
    for _ in range(2):
        with pytest.raises(error):
            community.record(*facts)
        assert community.network.digest() == digest
    assert_as_before(community, digest)


@pytest.mark.parametrize(
    ("fact", "said", "cause"),
    [
        (FirmWeighed(firm="secret"), "fact 1: the guard of firm-weighed failed (KeyError)", KeyError),
        (
            FirmWeighed(firm="f1", by=0),
            "fact 1: the effect of firm-weighed failed (ZeroDivisionError)",
            ZeroDivisionError,
        ),
    ],
)
def test_a_fact_of_ones_own_that_fails_is_named_with_what_it_raised(community, fact, said, cause):
    with pytest.raises(Malformed) as caught:
        community.record(meeting("m-1"), fact)
    assert str(caught.value) == said
    assert isinstance(caught.value.__cause__, cause)


@pytest.mark.parametrize(
    "facts",
    [
        [firm("p1")],
        [meeting("m-1"), firm("f-1"), firm("n1")],
        [person("p-1", "nobody")],
        [FirmWeighed(firm="f1", by=0)],
    ],
)
def test_facts_loaded_without_guards_that_cannot_be_are_refused_whole(community, facts):
    digest = community.network.digest()
    batch = Batch(facts=tuple(facts), occurred_at=START, actor="a")
    for _ in range(2):
        with pytest.raises(IntegrityError):
            list(community.load([Batch(facts=(meeting("m-0"),), occurred_at=START, actor="a"), batch], guarded=False))
    assert_as_before(community, digest)


@pytest.mark.parametrize("name", ["n1", "p1"])
def test_a_stored_id_that_was_edited_into_that_of_another_kind_is_found_when_it_is_opened(tmp_path, name):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with opened(url) as community:
        community.record(*pilot())
        position = community.record(firm("f-1")).last
    stored = sqlite3.connect(tmp_path / "log.db")
    with stored:
        stored.execute("UPDATE events SET body = replace(body, 'f-1', ?) WHERE position = ?", (name, position))
    stored.close()
    with pytest.raises(IntegrityError, match=f"position {position}: {FirmJoined.name} has no effect"):
        opened(url)
