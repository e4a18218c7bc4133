"""What an ensemble has finished, kept in a file as it arrives: a line of JSON for each run.

A run is known by all that it was made from: the scenario, the strategy with
its parameters, the seed, where it stopped. A line that was cut short when the
machine stopped is dropped; its run is lived again.
"""

import datetime as dt
import hashlib
import os
from pathlib import Path
from typing import Any, Final

from wis_engine.errors import FormatError, IntegrityError, Malformed, StorageUnavailable
from wis_engine.jsontext import load
from wis_engine.measures.table import Cell
from wis_engine.measures.wanted import MONTHS
from wis_engine.plain import dump
from wis_engine.simulation.lives import RUNS, Contender, Lived, scenario_digest
from wis_engine.simulation.scenario import Scenario

_FORMAT: Final = {"kept": "wis-ensemble", "version": 1, "runs": list(RUNS), "months": list(MONTHS)}
"""The first line: with other columns the numbers would not be these."""


def key_of(scenario: Scenario, contender: Contender, seed: int, until: dt.datetime | None) -> str:
    """Name a run by all that it is made from."""
    made = [scenario_digest(scenario), contender.identity, seed, None if until is None else until.isoformat()]
    return hashlib.sha256(dump(made)).hexdigest()


class Kept:
    """The results of an ensemble in a file.

    Raises
    ------
    FormatError
        The file holds something else, or measures of another release; it is untouched.
    IntegrityError
        A line in the middle of it is damaged.
    StorageUnavailable
        It cannot be read or written.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self.found: dict[str, Lived] = {}
        try:
            self._read()
        except OSError as error:
            raise StorageUnavailable(f"kept results cannot be read: {error.strerror}") from error

    def add(self, key: str, lived: Lived) -> None:
        """Keep a result; it is on disk when this returns."""
        told = {
            "key": key,
            "scenario": lived.scenario,
            "strategy": lived.strategy,
            "seed": lived.seed,
            "numbers": list(lived.numbers),
            "months": [[_told(cell) for cell in row] for row in lived.months],
            "pool_sizes": [list(row) for row in lived.pool_sizes],
        }
        try:
            self._write(dump(told))
        except OSError as error:
            raise StorageUnavailable(f"a result cannot be kept: {error.strerror}") from error
        self.found[key] = lived

    def _write(self, line: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        held = self._path.read_bytes() if self._path.exists() else b""
        whole = held[: held.rfind(b"\n") + 1]
        first, *lines = whole.splitlines() or [b""]
        if held and not whole.startswith(dump(_FORMAT) + b"\n") and not dump(_FORMAT).startswith(held):
            raise FormatError("not the kept results of an ensemble of this release")
        if len(whole) < len(held):
            os.truncate(self._path, len(whole))
        if not first:
            self._write(dump(_FORMAT))
        for number, line in enumerate(lines, start=2):
            try:
                told = load(line)
                self.found[told["key"]] = _lived(told)
            except (Malformed, KeyError, TypeError, ValueError) as error:
                raise IntegrityError(f"kept results: line {number} is damaged") from error


def _told(cell: Cell) -> Cell:
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def _lived(told: dict[str, Any]) -> Lived:
    if len(told["numbers"]) != len(RUNS):
        raise Malformed("not one number for each column")
    return Lived(
        scenario=told["scenario"],
        strategy=told["strategy"],
        seed=told["seed"],
        numbers=tuple(told["numbers"]),
        months=tuple((dt.date.fromisoformat(row[0]), *row[1:]) for row in told["months"]),
        pool_sizes=tuple(tuple(row) for row in told["pool_sizes"]),
    )
