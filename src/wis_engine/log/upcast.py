"""Reading what older releases wrote: steps of plain data, one version to the next.

A stored event is never rewritten. Whoever reads it takes its plain fields,
personal ones among them, through the steps from its version to today's. A
step may give one event, several (of other types, too) or none. The table of
steps is checked when it is built, so that no log opens with a gap in it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs
from attrs import field
from attrs.validators import optional

from wis_engine.errors import FormatError, Malformed
from wis_engine.shapes import positive, short_text, tuple_of

Step: TypeAlias = Callable[[dict[str, Any]], list[dict[str, Any]]]
"""From the plain fields of an event to those of what it becomes."""

Version: TypeAlias = tuple[str, int]
"""A stored type: its name, and the version of its fields."""


def _a_step(_instance: object, _attribute: object, value: Any) -> None:  # noqa: ANN401 - typed by the field
    if not callable(value):
        raise Malformed("Upcast.step: not a function")


def _versions(instance: "Upcast", _attribute: object, value: Any) -> None:  # noqa: ANN401 - typed by the field
    if not isinstance(value, tuple) or not all(map(_is_version, value)):
        raise Malformed(f"Upcast of {instance.name!r}: `into` is not a tuple of names with versions")


def _is_version(value: object) -> bool:
    match value:
        case (str(), int() as version):
            return version >= 1
    return False


@attrs.frozen(kw_only=True)
class Upcast:
    """One step: how an event stored as `name` in `version` reads today, or nearer to today.

    Attributes
    ----------
    step
        Takes the plain fields and gives a list of plain fields, one for each
        event that it becomes; an empty list when it becomes none. Each may
        say its type by `name` and, with it, `version`; without them it is the
        same name in the next version. A personal field that is gone comes,
        and is passed on, as `{"redacted": [field, subject]}`.
    into
        Every name and version that the step can give; None for the same name
        in the next version. A step that only ever gives none says `()`.
    personal, subject
        Which fields were personal in this version, and which one said whose
        they were; None for «those of today's type of this name», as far as the
        event does not have them in the open.

    Examples
    --------
    >>> Upcast(name="firm-joined", version=1, step=lambda data: [data | {"nil": 10}]).gives
    (('firm-joined', 2),)
    """

    name: str = field(validator=short_text)
    version: int = field(validator=positive)
    step: Step = field(validator=_a_step)
    into: tuple[Version, ...] | None = field(default=None, validator=optional(_versions))
    personal: tuple[str, ...] | None = field(default=None, validator=optional(tuple_of(short_text)))
    subject: str | None = field(default=None, validator=optional(short_text))

    @property
    def gives(self) -> tuple[Version, ...]:
        """Every name and version that the step can give."""
        return ((self.name, self.version + 1),) if self.into is None else self.into


class Upcasts:
    """The steps of a log, checked: from every older version of every type a way leads to types of today.

    Parameters
    ----------
    steps
        In any order.
    current
        Version of today by name of the type.

    Raises
    ------
    Malformed
        Two steps begin at one version, one begins where today is (or later),
        an older version of a type has none, what a step gives cannot be read,
        or steps go in a circle.
    """

    def __init__(self, steps: Iterable[Upcast], current: Mapping[str, int]) -> None:
        self._current: Final = set(current.items())
        self._steps: Final[dict[Version, Upcast]] = {}
        for one in steps:
            if not isinstance(one, Upcast):
                raise Malformed(f"no upcast: {type(one).__name__}")
            at = (one.name, one.version)
            if at in self._steps:
                raise Malformed(f"two upcasts of {_said(at)}")
            if one.version >= current.get(one.name, one.version + 1):
                raise Malformed(f"an upcast of {_said(at)}, which is read as it is or newer than this release")
            self._steps[at] = one
        self._check_gaps(current)
        self._ends: Final[dict[Version, frozenset[str]]] = {}
        for at in sorted(self._steps):
            self._end(at, ())

    def __len__(self) -> int:
        """Count the steps."""
        return len(self._steps)

    def __iter__(self) -> Iterator[Upcast]:
        """List the steps, by name and version."""
        return iter([self._steps[at] for at in sorted(self._steps)])

    def __contains__(self, version: Version) -> bool:
        """Say whether a stored type has a step."""
        return version in self._steps

    def __getitem__(self, version: Version) -> Upcast:
        """Find the step of a stored type."""
        return self._steps[version]

    def stored_names(self, names: Collection[str]) -> frozenset[str]:
        """Names under which events may be stored that are read as events of these names."""
        return frozenset(names) | {name for (name, _), ends in self._ends.items() if not ends.isdisjoint(names)}

    def run(self, name: str, version: int, data: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Take the plain fields of a stored event to those of the events that it is today.

        Raises
        ------
        FormatError
            A step raised, or gave what it did not declare.
        """
        at = (name, version)
        if at in self._current:
            return [(name, data)]
        found = []
        for result, fields in self._stepped(self._steps[at], data):
            found += self.run(*result, fields)
        return found

    def _stepped(self, upcast: Upcast, data: dict[str, Any]) -> list[tuple[Version, dict[str, Any]]]:
        at = (upcast.name, upcast.version)
        try:
            given = [_named(dict(one), at) for one in upcast.step(data)]
        except Exception as error:  # noqa: BLE001 - a step is somebody's code, and reads what may be damaged
            # Neither the error's words nor its chain: they may hold a personal value.
            raise FormatError(f"the upcast of {_said(at)} failed ({type(error).__name__})") from None
        for result, _ in given:
            if result not in upcast.gives:
                raise FormatError(f"the upcast of {_said(at)} gave what it does not declare")
        return given

    def _check_gaps(self, current: Mapping[str, int]) -> None:
        ahead = dict(current)
        for name, version in self._steps:
            # Of a name that no type has any more, the versions before one that reads must read, too.
            ahead[name] = max(ahead.get(name, 0), version)
        for name, last in sorted(ahead.items()):
            for version in range(1, last):
                if (name, version) not in self._steps:
                    raise Malformed(f"no upcast of {_said((name, version))}, and a later version is read")
        for at, one in sorted(self._steps.items()):
            for result in one.gives:
                if result not in self._current and result not in self._steps:
                    raise Malformed(f"the upcast of {_said(at)} gives {_said(result)}, which nothing reads")

    def _end(self, at: Version, before: tuple[Version, ...]) -> frozenset[str]:
        """Find the names of today that a stored type can become, or raise for a circle."""
        if at in self._current:
            return frozenset({at[0]})
        if at in before:
            raise Malformed(f"upcasts go in a circle through {_said(at)}")
        if at not in self._ends:
            ends = [self._end(result, (*before, at)) for result in self._steps[at].gives]
            self._ends[at] = frozenset().union(*ends)
        return self._ends[at]


def _named(fields: dict[str, Any], at: Version) -> tuple[Version, dict[str, Any]]:
    """Part the type that a step's result says from its fields."""
    name, version = at
    if "version" in fields and "name" not in fields:
        raise ValueError
    if "name" in fields:
        return (fields.pop("name"), fields.pop("version")), fields
    return (name, version + 1), fields


def _said(at: Version) -> str:
    return f"{at[0]!r} in version {at[1]}"


UPCASTS: Final[tuple[Upcast, ...]] = ()
"""Steps of this library's own types: none yet, no stored format is promised before release 0.1."""
