"""What every fact is: a name that outlives its class, a guard, an effect.

A fact is a frozen value in the past tense. `check` reads the network and
raises `Refused` when history makes the fact impossible; `apply` writes the
network by `put`, `link` and `unlink` and never refuses, so that a change of
rules never rewrites history.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, NewType, TypeVar, get_args

import attrs
from attrs import field

from wis_engine.compiled import PERSONAL, function
from wis_engine.errors import refuse
from wis_engine.network import Network
from wis_engine.network.entity import Entity
from wis_engine.shapes import Validator, checked_id
from wis_engine.values import Redacted, is_redacted

E = TypeVar("E", bound=Entity)
K = TypeVar("K", bound=str)


class Reason(StrEnum):
    """Why any fact may be refused, whatever its chapter."""

    ID_TAKEN = "id-taken"
    UNKNOWN_ID = "unknown-id"


@attrs.frozen(kw_only=True)
class Event:
    """Base of all facts.

    For a fact of your own subclass it, decorate the class with
    `attrs.frozen(kw_only=True)`, give it a `name` of its own and pass it to
    `Community.open(events=[...])`. A field declared by `id_field()` holds an
    id by which the fact is found.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def check(self, network: Network) -> None:
        """Refuse what history makes impossible; read only."""

    def apply(self, network: Network) -> None:
        """Take effect; write only, never refuse, never compute with a personal field."""

    def about(self) -> tuple[str, ...]:
        """Ids that the fact names in the open, each once, in order of the fields.

        Personal fields are left out: an index over them would tell what
        sealing hides.
        """
        found: list[str] = []
        _walker(type(self))(self, found)
        return tuple(found) if len(found) == 1 else tuple(dict.fromkeys(found))


NAMES: Final = "wis_engine.names"


def id_field(*, default: Any = attrs.NOTHING) -> Any:  # noqa: ANN401 - a field
    """Declare a field that holds one id, by which the fact is found; None is allowed when it is the default."""
    shape: Validator = checked_id if default is attrs.NOTHING else attrs.validators.optional(checked_id)
    return field(default=default, validator=shape, metadata={NAMES: True})


def personal(*, subject: str, default: Any = attrs.NOTHING, validator: Validator | None = None) -> Any:  # noqa: ANN401 - a field
    """Declare a field that ties a person to a need: sealed with its subject's key, or what redaction left.

    The `repr` of the fact leaves it out.

    Parameters
    ----------
    subject
        Name of the field that holds the id of the household whose key seals this one.
    """
    return field(default=default, repr=False, metadata={PERSONAL: subject}, validator=_unless_redacted(validator))


def _unless_redacted(validator: Validator | None) -> Validator | None:
    if validator is None:
        return None

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if not is_redacted(value):
            validator(instance, attribute, value)

    return check


def fresh(network: Network, name: str) -> None:
    """Refuse an id that already names something, of whatever kind."""
    if network.kind(name) is not None:
        refuse(Reason.ID_TAKEN, name)


def known(table: Mapping[K, E], name: K) -> E:
    """Find an entity, or refuse an id that names none of its kind."""
    found = table.get(name)
    return refuse(Reason.UNKNOWN_ID, name) if found is None else found


_PERSONAL: dict[type[Any], tuple[tuple[str, str], ...]] = {}


def personal_fields(cls: type[Event]) -> tuple[tuple[str, str], ...]:
    """Personal fields of a type of fact, each with the field that names its subject."""
    if cls not in _PERSONAL:
        _PERSONAL[cls] = tuple((a.name, a.metadata[PERSONAL]) for a in attrs.fields(cls) if PERSONAL in a.metadata)
    return _PERSONAL[cls]


def redacted(fact: Event) -> Event:
    """Replace every personal field of a fact by what is left after its key is gone."""
    personal_of = personal_fields(type(fact))
    marks = {name: Redacted(name, str(getattr(fact, subject))) for name, subject in personal_of}
    return attrs.evolve(fact, **marks) if marks else fact


def holds_redacted(fact: Event) -> bool:
    """Say whether a personal field of a fact is gone."""
    for name, _ in personal_fields(type(fact)):  # noqa: SIM110 - every fact recorded passes here, and `any` costs twice
        if is_redacted(getattr(fact, name)):
            return True
    return False


@attrs.frozen(kw_only=True)
class Recorded:
    """A fact in its envelope, as the log keeps it.

    `occurred_at` is when it happened (it may be earlier: paper sheets),
    `recorded_at` when the log took it in; it never goes backwards.

    An old event that has become several facts gives them all at its
    `position`, told apart by `index`; one that has become none leaves its
    position, with `fact` None.

    `batch` is the position of the first of the facts recorded together.
    """

    position: int
    batch: int
    fact: Event | None
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    actor: str
    cause: str | None
    key: str | None
    index: int = 0


@attrs.frozen(kw_only=True)
class Receipt:
    """What `record` answers: the positions that the batch took.

    `repeated` says that this key had been recorded before with the same
    content; the positions are those of the first time.
    """

    first: int
    last: int
    recorded_at: dt.datetime
    repeated: bool = False


_WALKERS: dict[type[Any], Callable[[Any, list[str]], None]] = {}


def _walker(cls: type[Any]) -> Callable[[Any, list[str]], None]:
    """Find what collects the ids in a value: fields typed as an id, and parts that have such fields."""
    if cls not in _WALKERS:
        lines = []
        for a in attrs.fields(attrs.resolve_types(cls)):
            types = [kind for kind in _flat(a.type) if PERSONAL not in a.metadata]
            is_id = bool(types) and (NAMES in a.metadata or any(map(_names, types)))
            if is_id and (isinstance(a.type, NewType) or a.type is str):
                lines += [f"held = part.{a.name}", "if held is not None: found.append(held)"]
            elif is_id:
                lines.append(f"found += each(part.{a.name})")
            elif any(attrs.has(kind) for kind in types if isinstance(kind, type)):
                lines.append(f"for one in each(part.{a.name}): walker(type(one))(one, found)")
        _WALKERS[cls] = function("walk", "part, found", lines or ["pass"], {"each": _each, "walker": _walker})
    return _WALKERS[cls]


def _names(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    """Say whether a type is that of ids: ours are `NewType`s of text, but for two that name nothing by themselves."""
    return isinstance(kind, NewType) and kind.__supertype__ is str and kind.__name__ not in ("ServiceCode", "MemberId")


def _each(held: Any) -> Iterable[Any]:  # noqa: ANN401 - what a field holds
    return held if isinstance(held, tuple) else () if held is None else (held,)


def _flat(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - a typing construct
    inner = get_args(kind)
    if not inner:
        yield kind
    for one in inner:
        yield from _flat(one)
