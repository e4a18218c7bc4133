"""The laws of the codec: what goes in comes out, by whichever way."""

from hypothesis import given, settings
from strategies import histories, pilot

from wis_engine.errors import Malformed
from wis_engine.facts.base import redacted
from wis_engine.jsontext import load
from wis_engine.log.codec import Registry
from wis_engine.plain import canonical, from_plain, to_plain

FAST, SLOW = Registry(accelerated=True), Registry(accelerated=False)


def facts_of(batches):
    return [*pilot(), *(fact for _, facts in batches for fact in facts)]


@given(batches=histories())
def test_both_codecs_write_the_same_bytes_and_read_equal_facts(batches):
    for whole in facts_of(batches):
        for fact in (whole, redacted(whole)):
            stored = FAST.encode(fact)
            assert SLOW.encode(fact) == stored
            for codec in (FAST, SLOW):
                for trusted in (True, False):
                    read = codec.facts(stored.name, stored.version, stored.body, stored.personal, trusted=trusted)
                    assert read == (fact,)
                    assert codec.encode(*read) == stored


@given(batches=histories())
def test_what_is_built_unasked_is_what_is_built_with_every_question(batches):
    for fact in facts_of(batches):
        told = to_plain(fact)
        assert from_plain(told, type(fact), trusted=True) == from_plain(told, type(fact)) == fact
        assert load(canonical(fact)) == told


@settings(max_examples=10)
@given(batches=histories(longest=10))
def test_a_byte_that_changed_is_canonical_or_malformed_to_a_stranger(batches):
    for place, fact in enumerate(facts_of(batches)):
        stored = FAST.encode(fact)
        at = (place * 7) % len(stored.body)
        body = stored.body[:at] + bytes([stored.body[at] ^ (1 << place % 7)]) + stored.body[at + 1 :]
        seen = []
        for codec in (FAST, SLOW):
            try:
                read = codec.decode(stored.name, stored.version, body, stored.personal)
            except Malformed:
                seen.append(None)
            else:
                assert codec.encode(read).body == body
                seen.append(read)
        assert seen[0] == seen[1]
