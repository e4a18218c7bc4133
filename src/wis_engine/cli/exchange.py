"""Carrying the facts of a log to a file, and those of a file into a log."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import Final, cast

from wis_engine.cli.files import require_free, whole_file
from wis_engine.cli.looking import bar, opened
from wis_engine.cli.own_facts import registry_of
from wis_engine.errors import Malformed, WisError
from wis_engine.interop import Imported, export_events, import_events
from wis_engine.interop.cloudevents import CloudEvent
from wis_engine.interop.factlines import FactLine, is_fact_line
from wis_engine.interop.intake import BYTE_ORDER_MARK, read_lines
from wis_engine.plain import load

SHOWN: Final = 20
"""Most diagnostics that are printed."""

_STEP: Final = 500
_PARTLY: Final = 2
_LOOKED_AT: Final = 100
_OURS: Final = b'{"data":'
"""How every line of an export begins."""
_EVENT: Final = b'"specversion":"1.0"'
"""What else stands in it, and in no line of facts by name."""


def export_log(asked: Namespace) -> int:
    """Write the facts of a log to a file, whole or not at all, or to the standard output."""
    if asked.out is not None:
        require_free(asked.out, begins=_OURS, holds=_EVENT, what="export")
    with opened(asked, "r") as community, whole_file(asked.out) as target:
        last = community.position if asked.until is None else min(asked.until, community.position)
        lines = export_events(community, after=asked.after, until=asked.until, source=asked.source)
        count = 0
        with bar("exporting", max(last - asked.after, 0)) as show:
            for count, line in enumerate(lines, 1):
                target.write(line)
                if count % _STEP == 0:
                    show(count)
        target.flush()
    if asked.out is not None:
        print(f"{count} facts in {asked.out}")
    return 0


def import_file(asked: Namespace) -> int:
    """Take the facts of a file into a log; say which of its lines were not taken, and why."""
    with _source(asked.file) as file:
        lines = read_lines(file, trusted=asked.trusted)
        seen, zone = _begin(asked, lines)
        with opened(asked, "rw", zone=zone) as community:
            with bar("importing", os.fstat(file.fileno()).st_size or None) as show:
                every = chain(seen, lines)
                found = import_events(community, every, source=asked.source, trusted=asked.trusted, progress=show)
            position = community.position
    _print_diagnostics(asked.file, found)
    counts = ((found.taken, "taken in"), (found.passed, "there already"), (found.left, "left out"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    print(f"facts: {said or 'none'}; the log stands at {position}")
    return 0 if found.ok else _PARTLY


def _begin(asked: Namespace, lines: Iterator[bytes]) -> tuple[list[bytes], str | None]:
    """Find a fact among the first lines, before a log is made for them; give back what was read, and its time zone."""
    registry = registry_of(asked)
    seen: list[bytes] = []
    wrong = ""
    for line in islice(lines, _LOOKED_AT):
        seen.append(line)
        text = line.removeprefix(BYTE_ORDER_MARK)
        if not text.strip():
            continue
        try:
            held = load(text)
            if is_fact_line(held):
                FactLine.read(held, registry)
                return seen, None
            event = CloudEvent.of(held, registry)
        except WisError as error:
            wrong = wrong or f"; line {len(seen)}: {error}"
            continue
        if asked.source in (None, event.source):
            return seen, event.zone
    raise Malformed(f"{asked.file}: no facts in it{wrong}")


def _print_diagnostics(name: str, found: Imported) -> None:
    for diagnostic in found.diagnostics[:SHOWN]:
        print(f"{name}: {diagnostic}", file=sys.stderr)
    hidden = len(found.diagnostics[SHOWN:]) + found.more
    if hidden:
        print(f"{name}: {hidden} more lines were not taken", file=sys.stderr)


@contextmanager
def _source(name: str) -> Iterator[BufferedReader]:
    if name == "-":
        yield cast("BufferedReader", sys.stdin.buffer)
        return
    with Path(name).open("rb") as held:
        yield held
