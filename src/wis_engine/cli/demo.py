"""The demo: the pilot year lived in a folder, which then holds its log, its last plan and a report."""

import importlib.util
import json
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Final

from wis_engine.community import Community
from wis_engine.errors import WisError
from wis_engine.facts import EVENTS, ProjectPlanned
from wis_engine.log.codec import Registry
from wis_engine.log.sqlite import SqliteLog
from wis_engine.report import Summary, page, sheet, summarise
from wis_engine.report.html import SIMULATED_PAGE
from wis_engine.simulation.year import SimulatedClock, Year, live

LOG: Final = "community.db"
PLAN: Final = "plan.json"
REPORT: Final = "report.html"
_BESIDE: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside its file while it is open, or after a crash."""


def live_demo(asked: Namespace) -> int:
    """Live the year in a folder, replacing the files of an earlier demo and nothing else."""
    out, seed = asked.out, asked.seed
    _clear(out)
    say = _writer()
    say(f"Living the pilot year in {out} with seed {seed}; needs and supply are simulated.")
    clock = SimulatedClock()
    with Community.open(f"sqlite:///{out / LOG}", clock=clock) as community:
        year = live(community, seed=seed, progress=lambda month: say(str(month)), clock=clock)
        summary = summarise(community)
    _leave(out, year, summary)
    say("")
    say(sheet(summary, detail=True))
    say(_digests(year, summary))
    say(f"In {out}: {LOG}, {PLAN}, {REPORT}.")
    return 0


def _clear(out: Path) -> None:
    """Make room in a folder, all of it or none: what is not of an earlier demo stays, and ends this one."""
    out.mkdir(parents=True, exist_ok=True)
    log = out / LOG
    beside = [out / (LOG + end) for end in _BESIDE]
    for path, simulated in ((log, _is_simulated_log), (out / PLAN, _is_simulated_plan), (out / REPORT, _is_demo_page)):
        if _is_there(path) and not (path.is_file() and not path.is_symlink() and simulated(path)):
            raise FileExistsError(f"{path} is not of an earlier demo and stays as it is; choose another --out")
    for path in beside:
        if _is_there(path) and not (log.exists() and path.is_file()):
            raise FileExistsError(
                f"{path} is beside no log of an earlier demo and stays as it is; choose another --out"
            )
    # The log goes last: while it is there, what is beside it is known for what it is.
    for path in (out / PLAN, out / REPORT, *beside, log):
        path.unlink(missing_ok=True)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _is_simulated_log(path: Path) -> bool:
    """Say whether a file is a log of which every project is marked as simulated.

    Even a reader leaves files beside the log that it opens: this one opens a
    copy.
    """
    with suppress(OSError, sqlite3.Error, WisError), TemporaryDirectory() as aside:
        for end in ("", "-wal", "-journal"):
            with suppress(FileNotFoundError):
                copyfile(f"{path}{end}", Path(aside, LOG + end))
        log = SqliteLog(Path(aside, LOG), registry=Registry(EVENTS), clock=SimulatedClock(), mode="r")
        with closing(log):
            planned = [one.fact for one in log.read(types=[ProjectPlanned.name])]
        return bool(planned) and all(isinstance(fact, ProjectPlanned) and fact.simulated is True for fact in planned)
    return False


def _is_simulated_plan(path: Path) -> bool:
    # Text that nests too deep is no plan of ours either.
    with suppress(OSError, ValueError, RecursionError):
        answered = json.loads(path.read_text(encoding="utf-8"))
        return isinstance(answered, dict) and answered.get("simulated") is True
    return False


def _is_demo_page(path: Path) -> bool:
    with suppress(OSError, ValueError):
        head, _, _ = path.read_text(encoding="utf-8").partition("</head>")
        return SIMULATED_PAGE in head
    return False


def _leave(out: Path, year: Year, summary: Summary) -> None:
    """Write the last plan with the problem that it answers, and the page."""
    answered: dict[str, Any] = {
        "simulated": True,
        "problem": year.problem.to_dict() if year.problem else None,
        "plan": year.plan.to_dict() if year.plan else None,
    }
    text = json.dumps(answered, indent=1, sort_keys=True, ensure_ascii=False)
    (out / PLAN).write_text(text + "\n", encoding="utf-8")
    (out / REPORT).write_text(page(summary), encoding="utf-8")


def _digests(year: Year, summary: Summary) -> str:
    plan = f"\nlast plan {year.plan.digest}" if year.plan else ""
    return f"position  {summary.position}\nnetwork   {summary.digest}{plan}"


def _writer() -> Callable[[str], None]:
    """Choose how to print: rich on a terminal where it is installed, else as it is."""
    if sys.stdout.isatty() and importlib.util.find_spec("rich"):
        from rich.console import Console  # noqa: PLC0415 - an extra, and only for a terminal

        console = Console(soft_wrap=True, markup=False)
        return console.print
    return lambda text: print(text, flush=True)
