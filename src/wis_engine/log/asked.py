"""What a reader may ask a log for, whatever keeps it: positions, names of types, ids."""

from collections.abc import Iterable

from wis_engine.errors import Malformed
from wis_engine.shapes import is_id


def asked_positions(after: object, until: object = None) -> None:
    """Raise `Malformed` for what is no position."""
    if type(after) is not int or not (until is None or type(until) is int):
        raise Malformed("no position in a log: a position is a whole number")


def asked_texts(name: str, asked: Iterable[str] | None) -> frozenset[str] | None:
    """Take the texts that are asked for, but for those that nothing is called by; None asks for all.

    Raises
    ------
    Malformed
        It is one text and no collection of them, or holds what is no text.
    """
    if asked is None:
        return None
    if isinstance(asked, str) or not isinstance(asked, Iterable):
        raise Malformed(f"{name}: no collection of texts")
    found = list(asked)
    if not all(type(text) is str for text in found):
        raise Malformed(f"{name}: not only texts")
    return frozenset(filter(str.isprintable, found))


def asked_ids(about: Iterable[str] | None) -> frozenset[str] | None:
    """Take the ids that are asked for; a text that is no id is named by no fact."""
    found = asked_texts("about", about)
    return None if found is None else frozenset(filter(is_id, found))
