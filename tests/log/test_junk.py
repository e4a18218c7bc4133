"""Whatever can be built can be read back: no field takes a value that a log would choke on."""

import attrs
import pytest

from wis_engine.errors import WisError
from wis_engine.log.codec import Registry


class Text(str):
    """A text that is not exactly a text."""

    __slots__ = ()


JUNK = [
    *(True, 0, -1, 4.0, 2.5, float("nan"), 1 << 63, None, "", "a\0", "\ud800", "x" * 300, b"bytes", object()),
    *(Text("it"), [], [1], {}, (None,), ("a\0",), (True,), (4.0,)),
    *(frozenset({None}), frozenset({"a\0"}), frozenset({True}), frozenset({4.0}), {"it"}),
]


@pytest.mark.parametrize("accelerated", [True, False])
def test_what_was_built_reads_back(example, accelerated):
    codec = Registry(accelerated=accelerated)
    for field in attrs.fields(type(example)):
        for junk in JUNK:
            try:
                built = attrs.evolve(example, **{field.name: junk})
            except WisError:
                continue
            stored = codec.encode(built)
            for trusted in (False, True):
                read = codec.decode(stored.name, stored.version, stored.body, stored.personal, trusted=trusted)
                assert read == built, (field.name, junk)
                kept, given = getattr(read, field.name), getattr(built, field.name)
                assert type(kept) is type(given), (field.name, junk)
