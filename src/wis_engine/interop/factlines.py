"""Facts as lines of JSON, as an app or a script writes them: a name and its data, and if wanted when and by whom.

`{"name": "firm-joined", "data": {...}, "at": "2026-03-02T09:00:00Z", "actor": "wm-1", "key": "sheet-17"}`

Such a fact has no place in a log yet: it is recorded, as `Community.record`
records, after all that is there. Lines in a row with one key are one batch:
all of them are taken or none. A line without a key gets one of its own, made
of what it says, so that the same file can be given again.
"""

import datetime as dt
import hashlib
from collections import Counter
from typing import Any, Final

import attrs

from wis_engine.community import NOBODY, Community
from wis_engine.errors import Malformed
from wis_engine.facts.base import Event, redacted
from wis_engine.interop.cloudevents import instant_in, text_in
from wis_engine.log.codec import Registry, fact_from_dict, fact_to_dict
from wis_engine.plain import dump
from wis_engine.shapes import is_id

_NAMES: Final = frozenset(("name", "data", "at", "actor", "cause", "key"))
_KEY_DIGITS: Final = 40


def is_fact_line(held: object) -> bool:
    """Say whether a line, read as JSON, is a fact of this form and no CloudEvent."""
    return type(held) is dict and "name" in held and "specversion" not in held


@attrs.frozen(kw_only=True)
class FactLine:
    """A fact that somebody wants recorded.

    Attributes
    ----------
    at
        When it happened; None is when it is recorded.
    key
        Makes a retry harmless; lines in a row that share it are one batch.
    digest
        Stands for all that the line says in the open.
    """

    fact: Event
    at: dt.datetime | None
    actor: str
    cause: str | None
    key: str | None
    digest: str

    @classmethod
    def read(cls, held: dict[str, Any], registry: Registry) -> "FactLine":
        """Read a line that anybody may have written.

        Raises
        ------
        Malformed
            What is wrong, in words that hold nothing of the line.
        """
        told = {name: value for name, value in held.items() if value is not None}
        if strange := told.keys() - _NAMES:
            raise Malformed(f"unknown fields: {len(strange)}; there are {', '.join(sorted(_NAMES))}")
        name = text_in(told, "name")
        try:
            registry.shape(name)
        except Malformed:
            raise Malformed("name: no fact that this log may hold") from None
        for given in ("actor", "cause", "key"):
            if given in told and not is_id(told[given]):
                raise Malformed(f"{given}: not an id")
        at = instant_in(told, "at") if "at" in told else None
        fact = fact_from_dict(name, told.get("data"), registry=registry)
        # A key stands in the open: nothing personal goes into it.
        public = dump(told | {"data": fact_to_dict(redacted(fact))})
        return cls(
            fact=fact,
            at=at,
            actor=told.get("actor", NOBODY),
            cause=told.get("cause"),
            key=told.get("key"),
            digest=hashlib.sha256(public).hexdigest()[:_KEY_DIGITS],
        )


class FactBatches:
    """Gathers the lines of one key, and records them.

    A line without a key is a batch of its own. The same line twice in a file is
    two facts; given again with the file, it is the same two.
    """

    def __init__(self, community: Community) -> None:
        self._community = community
        self._seen: Counter[str] = Counter()
        self._waiting: list[FactLine] = []
        self.lines: list[int] = []

    def belongs(self, line: FactLine) -> bool:
        """Say whether a line goes on with the batch that waits."""
        return bool(self._waiting) and line.key is not None and line.key == self._waiting[0].key

    def add(self, number: int, line: FactLine) -> None:
        """Let a line wait with those of its batch."""
        self._waiting.append(line)
        self.lines.append(number)

    def record(self) -> bool:
        """Record the batch that waits; say whether the log had it already.

        Raises
        ------
        WisError
            It was not taken; it waits no more.
        """
        waiting, self._waiting, self.lines = self._waiting, [], []
        first = waiting[0]
        if any((one.at, one.actor, one.cause) != (first.at, first.actor, first.cause) for one in waiting):
            raise Malformed("lines of one key with another «at», «actor» or «cause»")
        receipt = self._community.record(
            *(one.fact for one in waiting),
            at=first.at,
            actor=first.actor,
            cause=first.cause,
            key=first.key or self._made_key(first),
        )
        return receipt.repeated

    def _made_key(self, line: FactLine) -> str:
        self._seen[line.digest] += 1
        return f"line-{line.digest}-{self._seen[line.digest]}"
