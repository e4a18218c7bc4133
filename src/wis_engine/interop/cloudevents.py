"""The facts of a log as CloudEvents 1.0, a line of JSON each, from which another log is made byte for byte.

An event says in its own attributes all that the log knows of a fact: what it
is, when it happened and was recorded, who said so, and which facts were
recorded together with it. `docs/adr/0012-facts-as-cloudevents.md` says why
each attribute is called what it is called.
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from wis_engine.community import FIRST_YEAR, LAST_YEAR, Community
from wis_engine.errors import Malformed
from wis_engine.facts.base import Event, Recorded, holds_redacted, redacted
from wis_engine.log.codec import Registry, fact_from_dict, fact_to_dict
from wis_engine.plain import dump, load
from wis_engine.shapes import INTEGER_BITS

SOURCE: Final = "urn:wis-engine:community"
"""Where events come from, when nobody says."""

_VERSION: Final = "1.0"
_TYPE: Final = "wis."
_JSON: Final = "application/json"
_DIGITS: Final = len(str(1 << INTEGER_BITS))
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")
_URI_REFERENCE: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,1000}")
_SCHEMA: Final = re.compile(r"urn:wis-engine:(?P<name>.+):(?P<version>[1-9][0-9]{0,8})")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


@attrs.frozen(kw_only=True)
class CloudEvent:
    """A fact on its way from one log to another.

    Attributes
    ----------
    recorded
        The fact in its envelope; `position` and `batch` are its number among
        the facts of its log and that of the first one of its batch.
    ends
        Whether it is the last fact of its batch.
    source
        Which community it comes from, a URI reference.
    zone
        Time zone of that community's calendar.
    """

    recorded: Recorded
    ends: bool
    source: str
    zone: str

    def line(self) -> bytes:
        """Write it as a line: keys in order, no spaces, UTF-8."""
        recorded = self.recorded
        fact = recorded.fact
        assert fact is not None
        told: dict[str, Any] = {
            "specversion": _VERSION,
            "id": str(recorded.position),
            "source": self.source,
            "type": _TYPE + fact.name,
            "time": _told(recorded.occurred_at),
            "datacontenttype": _JSON,
            "dataschema": _schema(type(fact)),
            "sequence": _sequence(recorded.position),
            "recordedtime": _told(recorded.recorded_at),
            "wisactor": recorded.actor,
            "wisbatch": str(recorded.batch),
            "wiszone": self.zone,
        }
        if recorded.cause is not None:
            told["wiscause"] = recorded.cause
        if recorded.key is not None:
            told["wiskey"] = recorded.key
        if self.ends:
            told["wisbatchend"] = True
        return dump(told | {"data": fact_to_dict(fact)}) + b"\n"

    @classmethod
    def read(cls, line: bytes, registry: Registry) -> "CloudEvent":
        """Read a line that anybody may have written; see `of`."""
        return cls.of(load(line), registry)

    @classmethod
    def of(cls, held: object, registry: Registry) -> "CloudEvent":
        """Read what a line holds, once it is read as JSON.

        The envelope may be in any form that JSON has, with attributes that
        are none of ours; the fact must be one of the registry, in the version
        that this release writes.

        Raises
        ------
        Malformed
            What is wrong, in words that hold nothing of the line.
        """
        if not isinstance(held, dict):
            raise Malformed("not a JSON object")
        data = held.get("data")
        told = {name: value for name, value in held.items() if value is not None and name != "data"}
        if told.get("specversion") != _VERSION:
            raise Malformed(f"no CloudEvent of version {_VERSION}")
        source, number, first = text_in(told, "source"), _number(told, "id"), _number(told, "wisbatch")
        ends = told.get("wisbatchend", False)
        if text_in(told, "sequence") != _sequence(number):
            raise Malformed("sequence: not that of its id")
        if type(ends) is not bool:
            raise Malformed("wisbatchend: not true or false")
        recorded = Recorded(
            position=number,
            batch=first,
            fact=_fact(told, data, registry),
            occurred_at=instant_in(told, "time"),
            recorded_at=instant_in(told, "recordedtime"),
            actor=text_in(told, "wisactor"),
            cause=text_in(told, "wiscause") if "wiscause" in told else None,
            key=text_in(told, "wiskey") if "wiskey" in told else None,
        )
        return cls(recorded=recorded, ends=ends, source=source, zone=text_in(told, "wiszone"))


def export_events(
    community: Community, *, after: int = 0, until: int | None = None, source: str = SOURCE
) -> Iterator[bytes]:
    """Write the facts of a community, one line each, in order.

    Personal fields are written as they are: whoever holds the lines holds
    them. A fact whose personal fields are gone says so.

    Parameters
    ----------
    after, until
        Numbers: the first is left out, the last is in. The number of a fact
        is its position, as long as this release reads one fact from each
        event of the log; where an old event stands for several facts today,
        or for none, each fact counts and no event does.
    source
        Names the community, for whoever collects the events of several.

    Raises
    ------
    Malformed
        An argument is none of ours.
    """
    if type(source) is not str or not _URI_REFERENCE.fullmatch(source):
        raise Malformed("source: not a URI reference of at most 1000 characters")
    for name, value in (("after", after), ("until", until)):
        if (type(value) is not int or value < 0) and (name, value) != ("until", None):
            raise Malformed(f"{name}: not a position")
    return _lines(community, after, until, source)


def _lines(community: Community, after: int, until: int | None, source: str) -> Iterator[bytes]:
    zone = community.network.zone
    waiting: Recorded | None = None
    for recorded in numbered(community, after=after):
        if waiting is not None:
            yield CloudEvent(recorded=waiting, ends=recorded.batch != waiting.batch, source=source, zone=zone).line()
        if until is not None and recorded.position > until:
            return
        waiting = recorded
    if waiting is not None:
        yield CloudEvent(recorded=waiting, ends=True, source=source, zone=zone).line()


def numbered(community: Community, *, after: int = 0) -> Iterator[Recorded]:
    """Read the facts of a community after a number, each at its number instead of its position."""
    if not community.registry.upcasts:
        yield from community.events(after=after)
        return
    # How many facts an old event stands for is known when it is read: they are counted from the first on.
    number = first = batch = 0
    for recorded in community.events():
        if recorded.fact is None:
            continue
        number += 1
        if recorded.batch != batch:
            batch, first = recorded.batch, number
        if number <= after:
            continue
        yield attrs.evolve(recorded, position=number, index=0, batch=first)


def last_of(community: Community) -> Recorded | None:
    """Find the last fact of a community, at its number."""
    last = None
    for recorded in numbered(community, after=0 if community.registry.upcasts else max(community.position - 1, 0)):
        last = recorded
    return last


def _told(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _sequence(number: int) -> str:
    """Write a number so that texts are in order where numbers are."""
    return str(number).zfill(_DIGITS)


def _schema(event: type[Event]) -> str:
    return f"urn:wis-engine:{event.name}:{event.version}"


def text_in(told: dict[str, Any], name: str) -> str:
    """Take a text that a line must have."""
    value = told.get(name)
    if type(value) is not str or not value:
        raise Malformed(f"{name}: missing, or not a text")
    return value


def _number(told: dict[str, Any], name: str) -> int:
    text = text_in(told, name)
    if _NUMBER.fullmatch(text) is None or int(text).bit_length() > INTEGER_BITS:
        raise Malformed(f"{name}: not the number of a fact")
    return int(text)


def instant_in(told: dict[str, Any], name: str) -> dt.datetime:
    """Take an instant that a line must have."""
    text = text_in(told, name)
    if _INSTANT.fullmatch(text) is None:
        raise Malformed(f"{name}: not an instant of RFC 3339, to the microsecond at most")
    try:
        instant = dt.datetime.fromisoformat(text.upper())
    except ValueError:
        raise Malformed(f"{name}: no such instant") from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise Malformed(f"{name}: not in the years from {FIRST_YEAR} to {LAST_YEAR}")
    return instant.astimezone(dt.UTC)


def _fact(told: dict[str, Any], data: object, registry: Registry) -> Event:
    """Read the fact of an event, of today's version or of an older one that stands for one fact today."""
    kind, schema = text_in(told, "type"), _SCHEMA.fullmatch(text_in(told, "dataschema"))
    if not kind.startswith(_TYPE):
        raise Malformed("type: no fact of ours")
    if told.get("datacontenttype", _JSON) != _JSON:
        raise Malformed(f"datacontenttype: not {_JSON}")
    name = kind.removeprefix(_TYPE)
    if schema is None or schema["name"] != name:
        raise Malformed("dataschema: not that of its type")
    version = int(schema["version"])
    if (name, version) in registry.upcasts:
        facts = registry.facts(name, version, dump(data), b"{}", trusted=False)
        if len(facts) != 1 or facts[0] is None:
            raise Malformed("it stands for several facts today, or for none: only its own log can be exported anew")
        return _consistent(facts[0])
    try:
        event = registry.shape(name).cls
    except Malformed:
        raise Malformed("type: no fact that this log may hold") from None
    if version != event.version:
        raise Malformed(f"dataschema: this release reads {name!r} in version {event.version}")
    return _consistent(fact_from_dict(name, data, registry=registry))


def _consistent(fact: Event) -> Event:
    if holds_redacted(fact) and fact != redacted(fact):
        raise Malformed(f"{fact.name}: its personal fields are gone in part, or say so of others")
    return fact
