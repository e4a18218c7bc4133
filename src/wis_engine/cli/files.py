"""Writing files: whole or not at all, and over nothing that is somebody else's."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final, cast

_LINE_MAX: Final = 1 << 20


def require_free(path: Path, *, begins: bytes, what: str, holds: bytes = b"") -> None:
    """Spare whatever does not begin as what this command writes: a log of somebody's, above all.

    Parameters
    ----------
    begins, holds
        How it begins, and what stands somewhere in its first line or piece.

    Raises
    ------
    FileExistsError
        It stays as it is. An empty file is nobody's, and is written over.
    """
    if not path.exists() and not path.is_symlink():
        return
    if path.is_file() and not path.is_symlink():
        with path.open("rb") as held:
            head = held.read(len(begins)) + held.readline(_LINE_MAX)
            if not head or (head.startswith(begins) and holds in head):
                return
    raise FileExistsError(f"{path} is not an earlier {what} and stays as it is; choose another --out")


@contextmanager
def whole_file(path: Path | None) -> Iterator[BinaryIO]:
    """Give what to write to, standard output for None; a file gets its name when whole, and only its owner reads it."""
    if path is None:
        yield sys.stdout.buffer
        return
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as held:
        try:
            yield cast("BinaryIO", held)
            held.flush()
            os.fsync(held.fileno())
            Path(held.name).replace(path)
        except BaseException:
            Path(held.name).unlink(missing_ok=True)
            raise
