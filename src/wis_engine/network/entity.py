"""How an entity is made: a frozen value with an id that facts replace, never mutate.

A class says its `kind` (the table it lives in), which of its fields refer to
other entities (`refers`), which may hold what redaction left (`sealed`),
whether it is still `open`, and, as methods, what can happen to it. No rule
lives in an entity: guards are in the facts.
"""

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
    """Base of all entities: a kind, an id, and `replace`."""

    __slots__ = ()
    kind: ClassVar[str]
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
    """Make a frozen, slotted attrs class with a `replace` of its own."""
    made: Any = attrs.frozen(kw_only=True)(cls)
    names = [a.name for a in attrs.fields(made)]
    lines = [f"def replace(self, *, {', '.join(f'{name}=_same' for name in names)}):", " new = _new(_cls)"]
    lines += [f" _set_{name}(new, self.{name} if {name} is _same else {name})" for name in names]
    scope: dict[str, Any] = {"_same": _SAME, "_new": object.__new__, "_cls": made}
    scope |= {f"_set_{name}": getattr(made, name).__set__ for name in names}
    exec("\n".join([*lines, " return new"]), scope)  # noqa: S102 - field names only; three times faster than attrs.evolve
    made.replace = scope["replace"]
    return cast("type[_E]", made)
