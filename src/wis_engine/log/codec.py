"""Between a fact and what is stored of it: a name, a version, two pieces of JSON.

Public fields go to `body`, personal ones to `personal` with the id of their
`subject`, so that the second can be sealed and its key destroyed while the
first stays. Both are canonical: the same fact gives the same bytes anywhere,
with msgspec or without. A log holds what older releases wrote, too: its facts
are found by the steps of `upcast`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import attrs

from wis_engine.compiled import maker
from wis_engine.errors import FormatError, Malformed, WisError
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event, personal_fields
from wis_engine.jsontext import EVENT_BYTES_MAX, Json, dump, json_of, load
from wis_engine.log.sound import Look, Text, as_bytes, sounder
from wis_engine.log.upcast import UPCASTS, Upcast, Upcasts
from wis_engine.plain import forms, from_plain, to_plain
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


_stored = maker(Stored)


@attrs.frozen(kw_only=True)
class Shape:
    """What the codec must know of an event type: which fields are personal, which one names their subject."""

    cls: type[Event]
    personal: tuple[str, ...]
    subject: str | None

    def marks(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Plain form of the personal fields when their key is gone."""
        return marks(self.personal, self.subject, data)

    def subject_of(self, fact: Event) -> str | None:
        """Id of the household that the personal fields belong to."""
        return None if self.subject is None else str(getattr(fact, self.subject))


class Registry:
    """The event types that a log may hold, by name.

    Parameters
    ----------
    upcasts
        How older versions of these types, and types that are no more, read today.
    accelerated
        By msgspec: True, False, or None for «when it is installed». Facts and
        bytes are the same.

    Raises
    ------
    Malformed
        Two types share a name, one has none, or its personal fields do not
        name one subject among its public fields; the upcasts have a gap or a
        circle; msgspec is asked for and not installed.
    """

    def __init__(
        self,
        events: Iterable[type[Event]] = EVENTS,
        upcasts: Iterable[Upcast] = (),
        *,
        accelerated: bool | None = None,
    ) -> None:
        self._json = json_of(accelerated=accelerated)
        self._shapes: dict[str, Shape] = {}
        for cls in _listed(events, "events"):
            if not (isinstance(cls, type) and issubclass(cls, Event)):
                raise Malformed(f"no event type: {cls!r}")
            if "__attrs_attrs__" not in vars(cls) and any(
                map(_is_field, vars(cls).get("__annotations__", {}).values())
            ):
                raise Malformed(f"{cls.__name__}: decorate it with attrs.frozen(kw_only=True), or its fields are lost")
            if type(cls.name) is not str or not cls.name or cls.name in self._shapes:
                raise Malformed(f"{cls.__name__}: its name {cls.name!r} is no text, empty or taken")
            if type(cls.version) is not int or cls.version < 1:
                raise Malformed(f"{cls.__name__}: its version is no number from 1 on")
            self._shapes[cls.name] = _shape(cls)
        self._upcasts = Upcasts(
            _listed(upcasts, "upcasts"), {name: shape.cls.version for name, shape in self._shapes.items()}
        )
        self._encoders: dict[type[Event], Callable[[Event], Stored]] = {}
        self._decoders: dict[tuple[str, int], Callable[[Text, Text | None], Event]] = {}
        self._sounders: dict[tuple[str, int], Look] = {}

    def __iter__(self) -> Iterator[str]:
        """Names, in order."""
        return iter(sorted(self._shapes))

    @property
    def upcasts(self) -> Upcasts:
        """How older versions read; without any, each stored event is one fact."""
        return self._upcasts

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

    def stored_names(self, names: Collection[str]) -> frozenset[str]:
        """Names under which events may be stored that are read as facts of these names."""
        return self._upcasts.stored_names(names)

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
        encoder = self._encoders.get(type(fact))
        if encoder is None:
            shape = self.require(fact)
            encoder = self._encoders[shape.cls] = _encoder(shape, self._json)
        try:
            return encoder(fact)
        except WisError:
            raise
        except Exception as error:  # noqa: BLE001 - fields of somebody else's types hold anything
            raise Malformed(f"{type(fact).__name__}: no plain form ({type(error).__name__})") from None

    def decode(self, name: str, version: int, body: Text, personal: Text | None, *, trusted: bool = False) -> Event:
        """Decode the one fact that a stored event stands for; see `facts`.

        Raises
        ------
        FormatError
            As `facts`; or it was upcast to several facts, or to none.
        Malformed
            As `facts`.
        """
        match self.facts(name, version, body, personal, trusted=trusted):
            case (Event() as fact,):
                return fact
        raise FormatError(f"{name!r} in version {version} is not one fact any more")

    def facts(
        self, name: str, version: int, body: Text, personal: Text | None, *, trusted: bool = True
    ) -> tuple[Event | None, ...]:
        """Decode what a stored event stands for today: one fact, or several, or `(None,)` when it became none.

        Parameters
        ----------
        personal
            None for an event that has personal fields leaves them `Redacted`.
        trusted
            The bytes were written by this library, into one's own log. A
            stranger's are held to the limits before they are parsed, to exact
            types, and to canonical form: what is read gives the very bytes
            when it is written again.

        Raises
        ------
        FormatError
            A version newer than this release knows; an upcast that fails; in
            one's own log, any name or version that it does not know.
        Malformed
            Anything else that is no event of ours.
        """
        try:
            decoder = self._decoders.get((name, version)) if trusted else None
            look = None if trusted else self._sounders.get((name, version))
        except TypeError:
            raise Malformed("no name of a type with a version") from None
        if decoder is not None:
            return (decoder(body, personal),)
        if look is not None and (fact := look(body, personal)) is not None:
            return (fact,)
        return self._facts(name, version, body, personal, trusted=trusted)

    def _facts(
        self, name: str, version: int, body: Text, personal: Text | None, *, trusted: bool
    ) -> tuple[Event | None, ...]:
        shape = self._current(name, version, trusted=trusted)
        if shape is not None and trusted:
            decoder = self._decoders[name, version] = _decoder(shape, self._json)
            return (decoder(body, personal),)
        if shape is not None and (name, version) not in self._sounders and shape.cls in EVENTS:
            # Sound facts are found the quick way; the one below says what is wrong with the others.
            self._sounders[name, version] = sounder(_decoder(shape, self._json), self._pieces)
            return self.facts(name, version, body, personal, trusted=False)
        data = self._read(body, personal) if trusted else _read_strictly(body, personal)
        if shape is None:
            return self._upcast(name, version, data, gone=personal is None)
        fact = from_plain(data if personal is not None else data | shape.marks(data), shape.cls)
        if self._pieces(fact) != (as_bytes(body), as_bytes(personal)):
            raise Malformed(f"{name}: not in canonical form")
        return (fact,)

    def _pieces(self, fact: Event) -> tuple[bytes, bytes | None]:
        stored = self.encode(fact)
        return stored.body, stored.personal

    def _current(self, name: object, version: object, *, trusted: bool) -> Shape | None:
        """Find the type of an event of today's version; None when it has an upcast; raise for any other."""
        if not isinstance(name, str) or type(version) is not int:
            raise Malformed("no name of a type with a version")
        found = self._shapes.get(name)
        if found is not None and version == found.cls.version:
            return found
        if (name, version) in self._upcasts:
            return None
        newer = found is not None and version > found.cls.version
        error = FormatError if trusted or newer else Malformed
        raise error(f"this release does not read {name[:64]!r} in version {version}")

    def _read(self, body: Text, personal: Text | None) -> dict[str, Any]:
        """Read an older version in one's own log."""
        pieces = [body] if personal is None else [body, personal]
        try:
            read = [self._json.parse(piece if isinstance(piece, str) else piece.decode()) for piece in pieces]
        except Exception:  # noqa: BLE001 - what is damaged may be damaged in any way
            raise Malformed("not JSON") from None
        return _joined(read)

    def _upcast(self, name: str, version: int, data: dict[str, Any], *, gone: bool) -> tuple[Event | None, ...]:
        """Take an older event through its steps; what comes out is somebody's code's, so it is asked everything."""
        if gone:
            data |= self._gone(self._upcasts[name, version], data)
        facts = []
        for result, fields in self._upcasts.run(name, version, data):
            try:
                facts.append(from_plain(fields, self._shapes[result].cls))
            except Malformed as error:
                raise FormatError(f"the upcast of {name!r} in version {version} gives no fact: {error}") from None
        return tuple(facts) or (None,)

    def _gone(self, step: Upcast, data: dict[str, Any]) -> dict[str, Any]:
        """Make the marks of what was personal in an older version: as its step says, or as it is today."""
        shape = self._shapes.get(step.name)
        if step.personal is not None:
            return marks(step.personal, step.subject, data)
        return {} if shape is None else {name: mark for name, mark in shape.marks(data).items() if name not in data}


def marks(personal: Iterable[str], subject: str | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain form of personal fields whose key is gone; `subject` is the field that says whose they were."""
    return {name: {"redacted": [name, data.get(subject or "")]} for name in personal}


def _encoder(shape: Shape, json: Json) -> Callable[[Any], Stored]:
    """Make what encodes the facts of one type."""
    cls, names = shape.cls, [a.name for a in attrs.fields(shape.cls) if a.init and a.name not in shape.personal]
    tell, tell_personal = forms().fields_teller(cls, names), forms().fields_teller(cls, shape.personal)
    name, version, subject, personal = cls.name, cls.version, shape.subject_of, shape.personal
    ours = cls in EVENTS
    # What types of others hold is not known to be exact, and the two writers agree on nothing else.
    write = json.dump if ours else dump

    def encode(fact: Event) -> Stored:
        if not ours:
            # What cannot be read again must not be written.
            from_plain(to_plain(fact), cls)
        held = None
        if personal and not all(is_redacted(getattr(fact, field)) for field in personal):
            held = write(tell_personal(fact))
        return _stored(name=name, version=version, body=write(tell(fact)), personal=held, subject=subject(fact))

    return encode


def _decoder(shape: Shape, json: Json) -> Callable[[Text, Text | None], Event]:
    """Make what decodes facts of one type from one's own log."""
    build: Any = forms().reader(shape.cls)
    name, parse, has_personal = shape.cls.name, json.parse, shape.subject is not None

    def decode(body: Text, personal: Text | None) -> Event:
        try:
            public = body if isinstance(body, str) else body.decode()
            if personal is None:
                data = parse(public)
                if has_personal:
                    data |= shape.marks(data)
            else:
                held = personal if isinstance(personal, str) else personal.decode()
                # Two objects of different keys, read as one.
                data = parse(f"{public[:-1]},{held[1:]}")
            fact: Event = build(data)
        except Exception as error:  # noqa: BLE001 - what is damaged may be damaged in any way
            raise Malformed(f"{name}: what is stored is damaged ({type(error).__name__})") from None
        return fact

    return decode


@cache
def known_events() -> Registry:
    """Registry of the event types of this library."""
    return Registry(EVENTS, UPCASTS)


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


def _listed(values: Iterable[Any], what: str) -> Iterable[Any]:
    if not isinstance(values, Iterable):
        raise Malformed(f"{what}: not a list of them")
    return values


def _is_field(annotation: Any) -> bool:  # noqa: ANN401 - a typing construct, or its text
    return not str(annotation).removeprefix("typing.").startswith("ClassVar")


def _shape(cls: type[Event]) -> Shape:
    marked = personal_fields(cls)
    personal, subjects = tuple(name for name, _ in marked), {subject for _, subject in marked}
    public = {a.name for a in attrs.fields(cls)} - set(personal)
    if len(subjects) > 1 or not subjects <= public:
        raise Malformed(f"{cls.__name__}: its personal fields name no one subject among the public fields")
    return Shape(cls=cls, personal=personal, subject=min(subjects, default=None))


def _read_strictly(body: Text, personal: Text | None) -> dict[str, Any]:
    """Read what a stranger wrote: within the limits, and canonical as JSON."""
    read: list[Any] = []
    left = EVENT_BYTES_MAX
    for piece in (body,) if personal is None else (body, personal):
        read.append(load(piece, longest=left))
        held = piece.encode() if isinstance(piece, str) else piece
        left -= len(held)
        if dump(read[-1]) != held:
            raise Malformed("not in canonical form")
    return _joined(read)


def _joined(pieces: list[Any]) -> dict[str, Any]:
    """Join the fields of both pieces: two objects without a key in common."""
    if any(type(piece) is not dict for piece in pieces):
        raise Malformed("not a JSON object")
    whole: dict[str, Any] = {key: value for piece in pieces for key, value in piece.items()}
    if len(whole) != sum(map(len, pieces)):
        raise Malformed("a field in both pieces")
    return whole
