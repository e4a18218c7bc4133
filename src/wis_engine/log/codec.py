"""Between a fact and what is stored of it: a name, a version, two pieces of JSON.

Public fields go to `body`, personal ones to `personal` with the id of their
`subject`, so that the second can be sealed and its key destroyed while the
first stays. Both are canonical: the same fact gives the same bytes anywhere.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import attrs

from wis_engine.errors import FormatError, Malformed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event
from wis_engine.plain import PERSONAL, dump, from_plain, load, to_plain
from wis_engine.values import is_redacted


@attrs.frozen(kw_only=True)
class Stored:
    """A fact as it is kept; `personal` is None when it has no personal field, or its key is gone."""

    name: str
    version: int
    body: bytes
    personal: bytes | None = attrs.field(repr=False)
    subject: str | None

    @property
    def size(self) -> int:
        """Bytes of both pieces."""
        return len(self.body) + len(self.personal or b"")


@attrs.frozen(kw_only=True)
class Shape:
    """What the codec must know of an event type: which fields are personal, which one names their subject."""

    cls: type[Event]
    personal: tuple[str, ...]
    subject: str | None

    def subject_of(self, fact: Event) -> str | None:
        """Id of the household that the personal fields belong to."""
        return None if self.subject is None else str(getattr(fact, self.subject))


class Registry:
    """The event types that a log may hold, by name.

    Raises
    ------
    Malformed
        Two types share a name, one has none, or its personal fields do not
        name one subject among its public fields.
    """

    def __init__(self, events: Iterable[type[Event]] = EVENTS) -> None:
        self._shapes: dict[str, Shape] = {}
        for cls in events:
            if not cls.name or cls.name in self._shapes:
                raise Malformed(f"{cls.__name__}: its name {cls.name!r} is empty or taken")
            self._shapes[cls.name] = _shape(cls)

    def __iter__(self) -> Iterator[str]:
        """Names, in order."""
        return iter(sorted(self._shapes))

    def shape(self, name: object) -> Shape:
        """Find an event type by its name, or raise `Malformed`."""
        found = self._shapes.get(name) if isinstance(name, str) else None
        if found is None:
            raise Malformed(f"no event type is called {name!r}" if isinstance(name, str) else "no name of a type")
        return found

    def name_of(self, event: object) -> str:
        """Name of an event type, given by its class or its name; raise `Malformed` for anything else."""
        name = event if isinstance(event, str) else getattr(event, "name", None)
        if not isinstance(name, str) or name not in self._shapes:
            raise Malformed(f"no event type: {event!r}")
        return name

    def require(self, fact: Event) -> Shape:
        """Find the type of a fact, or raise `Malformed` when it is not one of these."""
        found = self._shapes.get(fact.name)
        if found is None or found.cls is not type(fact):
            raise Malformed(f"{type(fact).__name__} is not among the event types of this log")
        return found

    def encode(self, fact: Event) -> Stored:
        """Encode a fact.

        Raises
        ------
        Malformed
            Its type is not registered, or a field holds what JSON cannot.
        """
        shape = self.require(fact)
        try:
            data = to_plain(fact)
            if shape.cls not in EVENTS:
                # Types of others: what cannot be read again must not be written.
                from_plain(data, shape.cls, trusted=True)
            held = {name: data.pop(name) for name in shape.personal}
            gone = all(is_redacted(getattr(fact, name)) for name in shape.personal)
            body, personal = dump(data), None if gone else dump(held)
        except (TypeError, ValueError) as error:
            raise Malformed(f"{type(fact).__name__}: no plain form ({type(error).__name__})") from None
        return Stored(
            name=fact.name, version=fact.version, body=body, personal=personal, subject=shape.subject_of(fact)
        )

    def decode(
        self, name: str, version: int, body: bytes | str, personal: bytes | str | None, *, trusted: bool = False
    ) -> Event:
        """Decode a fact.

        Parameters
        ----------
        personal
            None for a fact that has personal fields leaves them `Redacted`.
        trusted
            The bytes were written by this library: skip what guards against
            strangers (limits of JSON, canonical form, paths in errors).

        Raises
        ------
        FormatError
            A version newer than this release knows; in one's own log, any
            name or version that it does not know.
        Malformed
            Anything else that is no fact of ours.
        """
        shape = self._readable(name, version, trusted=trusted)
        data = _read(body, trusted=trusted)
        if personal is not None:
            data |= _read(personal, trusted=trusted)
        elif shape.subject is not None:
            data |= {field: {"redacted": [field, data.get(shape.subject)]} for field in shape.personal}
        fact = from_plain(data, shape.cls, trusted=trusted)
        if not trusted:
            again = self.encode(fact)
            if (again.body, again.personal) != (_bytes(body), _bytes(personal)):
                raise Malformed(f"{name}: not in canonical form")
        return fact

    def _readable(self, name: str, version: int, *, trusted: bool) -> Shape:
        found = self._shapes.get(name)
        if found is not None and version == found.cls.version:
            return found
        newer = found is not None and version > found.cls.version
        error = FormatError if trusted or newer else Malformed
        raise error(f"this release does not read {name!r} in version {version}")


@cache
def known_events() -> Registry:
    """Registry of the event types of this library."""
    return Registry(EVENTS)


def fact_to_dict(fact: Event) -> dict[str, Any]:
    """Turn a fact into plain data: every field by name, personal ones among them."""
    plain: dict[str, Any] = to_plain(fact)
    return plain


def fact_from_dict(name: str, data: object, *, registry: Registry | None = None) -> Event:
    """Build a fact from plain data, with exact types.

    Raises
    ------
    Malformed
        No event type has that name, or the data is not its plain form.
    """
    return from_plain(data, (registry or known_events()).shape(name).cls)


def _shape(cls: type[Event]) -> Shape:
    subjects = {a.metadata[PERSONAL] for a in attrs.fields(cls) if PERSONAL in a.metadata}
    personal = tuple(a.name for a in attrs.fields(cls) if PERSONAL in a.metadata)
    public = {a.name for a in attrs.fields(cls)} - set(personal)
    if len(subjects) > 1 or not subjects <= public:
        raise Malformed(f"{cls.__name__}: its personal fields name no one subject among the public fields")
    return Shape(cls=cls, personal=personal, subject=min(subjects, default=None))


def _read(text: bytes | str, *, trusted: bool) -> dict[str, Any]:
    try:
        # Handed bytes, `json.loads` would first guess their encoding.
        data = json.loads(text if isinstance(text, str) else text.decode()) if trusted else load(text)
    except ValueError:
        raise Malformed("not JSON") from None
    if type(data) is not dict:
        raise Malformed("not a JSON object")
    return data


def _bytes(text: bytes | str | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text
