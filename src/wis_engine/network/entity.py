"""How an entity is made: a frozen value with an id that facts replace, never mutate.

A class says its `kind` (the table it lives in), which of its fields refer to
other entities (`refers`), which may hold what redaction left (`sealed`),
whether it is still `open`, and, as methods, what can happen to it. No rule
lives in an entity: guards are in the facts.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Self, TypeVar, cast, dataclass_transform

import attrs
from attrs import field

from wis_engine.plain import PERSONAL

REFERS: Final = "wis_engine.refers"
_SAME: Any = object()
_E = TypeVar("_E", bound="Entity")


def refers(relation: str, *, to: bool = False, default: Any = attrs.NOTHING, personal: bool = False) -> Any:  # noqa: ANN401 - a field
    """Mark a field that names another entity for life; `put` opens its link.

    The link runs from the named entity to this one (household `declares`
    need), or the other way with `to=True`. A personal one is left out of `repr`.
    """
    metadata: dict[str, Any] = {REFERS: (relation, to)}
    if personal:
        metadata[PERSONAL] = "household"
    return field(default=default, repr=not personal, metadata=metadata)


def sealed(default: Any = attrs.NOTHING) -> Any:  # noqa: ANN401 - a field
    """Mark a field that may hold what redaction left; effects store it, never compute with it; `repr` leaves it out."""
    return field(default=default, repr=False, metadata={PERSONAL: "household"})


class Entity:
    """Base of all entities: a kind, an id, and `replace`.

    Attributes
    ----------
    made
        Makes one of the values of all its fields, in their order; generated for each class by `entity`.
    references
        Fields that name other entities: field, relation, whether the link runs to the other one.
    """

    __slots__ = ()
    kind: ClassVar[str]
    made: ClassVar[Callable[..., Any]]
    references: ClassVar[tuple[tuple[str, str, bool], ...]] = ()
    id: Any

    @property
    def open(self) -> bool:
        """Whether something can still happen to it by the passage of time or by matching."""
        return False

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401 - any field
        """Copy with some fields changed; generated for each class by `entity`."""
        raise AssertionError(f"{type(self).__name__} is no entity: {sorted(changes)}")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field, refers, sealed))
def entity(cls: type[_E]) -> type[_E]:
    """Make a frozen, slotted attrs class whose instances are made by code of its own.

    An instance gets its fields while it is of a twin of the class, with the
    same slots and nothing that forbids to set them; then it becomes frozen.
    This takes half the time of setting fields one by one where that is
    forbidden, and a third of that of `attrs.evolve`.
    """
    # Instances can change class only where neither has a slot for weak references.
    made: Any = attrs.frozen(kw_only=True, weakref_slot=False)(cls)
    fields = attrs.fields(made)
    names = [a.name for a in fields]
    assert names[0] == "id", "an entity begins with its id"
    assert all(a.init and a.validator is None and a.converter is None for a in fields), "an entity computes no field"
    scope: dict[str, Any] = {
        "_same": _SAME,
        "_new": object.__new__,
        "_set": object.__setattr__,
        "_cls": made,
        "_twin": type(f"{made.__name__}InTheMaking", made.__bases__, {"__slots__": tuple(names)}),
    }
    scope |= {f"_default_{a.name}": a.default for a in fields}
    new, end = ["new = _new(_twin)"], ["new.__class__ = _cls", "return new"]
    every = [f"new.{name} = {name}" for name in names]
    given = [a.name if a.default is attrs.NOTHING else f"{a.name}=_default_{a.name}" for a in fields]
    _generate(scope, f"__init__(new, *, {', '.join(given)})", ["_set(new, '__class__', _twin)", *every, *end[:-1]])
    _generate(scope, f"made({', '.join(names)})", [*new, *every, *end])
    kept = [f"new.{name} = self.{name} if {name} is _same else {name}" for name in names]
    _generate(scope, f"replace(self, *, {', '.join(f'{name}=_same' for name in names)})", [*new, *kept, *end])
    made.__init__, made.made, made.replace = scope["__init__"], staticmethod(scope["made"]), scope["replace"]
    made.references = tuple((a.name, *a.metadata[REFERS]) for a in fields if REFERS in a.metadata)
    return cast("type[_E]", made)


def _generate(scope: dict[str, Any], head: str, lines: list[str]) -> None:
    exec("\n ".join([f"def {head}:", *lines]), scope)  # noqa: S102 - names of fields only


@attrs.frozen
class Place:
    """Where the entities of a class are kept, and what `put` has to know of the class.

    Attributes
    ----------
    table, waiting
        The entities by id, and the ids of those that are open.
    waits
        Whether one can be open at all.
    references
        Those of the class.
    """

    table: dict[str, Any]
    waiting: set[str]
    waits: bool
    references: tuple[tuple[str, str, bool], ...]

    @classmethod
    def of(cls, kind: type[Entity], table: dict[str, Any], waiting: set[str]) -> Self:
        """Say it of a class of entities."""
        return cls(table, waiting, _waits(kind), kind.references)


def fields_of(kind: type[Entity]) -> "tuple[attrs.Attribute[Any], ...]":
    """List the fields of a class of entities, its id first."""
    cls: type[Any] = kind
    found: tuple[attrs.Attribute[Any], ...] = attrs.fields(attrs.resolve_types(cls))
    return found


def open_ids(kind: type[Entity], table: dict[str, Any]) -> set[str]:
    """Find the entities of a table that are open."""
    return {name for name, entity in table.items() if entity.open} if _waits(kind) else set()


def _waits(kind: type[Entity]) -> bool:
    return kind.open is not Entity.open
