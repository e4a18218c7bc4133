"""Opening the log that a command names, and looking it through."""

import importlib.util
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from wis_engine.community import Community
from wis_engine.errors import IntegrityError

WHOLE: Final = 0
DAMAGED: Final = 1


def opened(asked: Namespace, mode: Literal["rw", "r"], *, zone: str | None = None) -> Community:
    """Open the log of a command: a url, or else the path of a file."""
    url = asked.log if "://" in asked.log else f"sqlite:///{asked.log}"
    return Community.open(url, name=asked.name, zone=zone, mode=mode)


def verify_log(asked: Namespace) -> int:
    """Look a log through and say what is wrong; what cannot even be opened for its damage is damaged."""
    try:
        with opened(asked, "r") as community:
            found = community.verify(deep=asked.deep)
    except IntegrityError as error:
        print("wis-engine:", error, file=sys.stderr)
        return DAMAGED
    print(found)
    return WHOLE if found.ok else DAMAGED


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far something has come, where rich is installed and somebody looks; give what moves it."""
    if not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        yield lambda _done: None
        return
    from rich.console import Console  # noqa: PLC0415 - an extra, and only for a terminal
    from rich.progress import Progress  # noqa: PLC0415 - same

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
