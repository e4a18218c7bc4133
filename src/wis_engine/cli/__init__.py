"""The command line: live the pilot year, match one's own tables, carry facts out and in, look a log through, report."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from wis_engine.cli.advice import STEPS
from wis_engine.cli.demo import live_demo
from wis_engine.cli.exchange import export_log, import_file
from wis_engine.cli.looking import moment_of, replay_log, verify_log
from wis_engine.cli.own_data import match_tables
from wis_engine.cli.reporting import period_of, report_log
from wis_engine.errors import WisError
from wis_engine.interop import SOURCE
from wis_engine.matching import EFFORT, Split
from wis_engine.report import LANGUAGES
from wis_engine.shapes import INTEGER_BITS

FAILED: Final = 1
UNCHECKED: Final = 2
INTERRUPTED: Final = 130

_LOG: Final = "file of a log, or its url: sqlite:///FILE, postgresql://HOST/DATABASE"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answer its exit code, 0 when all went well."""
    asked = _parser().parse_args(argv)
    try:
        code: int = asked.run(asked)
    except KeyboardInterrupt:
        return _said("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has left. Python would try to write the rest of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (OSError, sqlite3.Error, WisError) as error:
        return _said(_plain(error), asked.failed)
    return code


def _plain(error: Exception) -> str:
    """Say what is wrong, of a file without the number that the system has for it."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _said(what: str, code: int) -> int:
    print("wis-engine:", " ".join(what.split()), file=sys.stderr)
    return code


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wis-engine", description="Territorial welfare: needs pooled, suppliers chained."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for add in (_add_demo, _add_match, _add_export, _add_import, _add_replay, _add_report, _add_verify):
        add(commands)
    return parser


def _add_demo(commands: _Commands) -> None:
    command = commands.add_parser("demo", help="live the pilot year and report on it (simulated)")
    command.set_defaults(run=live_demo, failed=UNCHECKED)
    command.add_argument(
        "--out", type=Path, default=Path("wis-demo"), help="folder for its three files (default: wis-demo)"
    )
    command.add_argument("--seed", type=_whole, default=0, help="all the luck of the year (default: 0)")


def _add_match(commands: _Commands) -> None:
    command = commands.add_parser(
        "match",
        help="match the needs and offers of your own spreadsheets",
        description="Match the needs and offers of your own spreadsheets, saved as CSV; docs/own_data.md says which"
        " columns they may have. Exit code 0: all was read; 2: some rows or columns were left out, the rest is"
        " matched; 1: nothing was.",
    )
    command.set_defaults(run=match_tables, failed=FAILED)
    for table in ("needs", "offers", "budgets"):
        command.add_argument(f"--{table}", type=Path, metavar="FILE", required=table != "budgets", help=f"the {table}")
    command.add_argument("--strategy", default="greedy", help="by which strategy (default: greedy)")
    command.add_argument("--seed", type=_whole, default=0, help="for strategies that draw (default: 0)")
    command.add_argument(
        "--effort", type=_whole, default=EFFORT, metavar="STEPS", help=f"how long to search (default: {EFFORT})"
    )
    command.add_argument("--split", default=Split.EQUAL, help=f"who pays what of a pool: {', '.join(Split)}")
    command.add_argument(
        "--advice",
        type=_whole,
        default=STEPS,
        metavar="STEPS",
        help=f"how long to look for what would help; 0: not at all (default: {STEPS})",
    )
    command.add_argument("--lang", choices=LANGUAGES, default="en", help="of the reasons in its files (default: en)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the plan and its reasons")


def _add_export(commands: _Commands) -> None:
    command = commands.add_parser(
        "export",
        help="write the facts of a log as lines of CloudEvents",
        description="Write the facts of a log as lines of CloudEvents, personal fields among them.",
    )
    command.set_defaults(run=export_log, failed=FAILED)
    _add_log(command)
    command.add_argument("--out", type=Path, metavar="FILE", help="where to (default: the standard output)")
    command.add_argument("--after", type=_whole, default=0, metavar="N", help="leave out the first N facts")
    command.add_argument("--until", type=_whole, metavar="N", help="end with fact N")
    command.add_argument(
        "--source", default=SOURCE, metavar="URI", help=f"says where the facts come from (default: {SOURCE})"
    )


def _add_import(commands: _Commands) -> None:
    command = commands.add_parser(
        "import",
        help="take facts, a line of JSON each, into a log",
        description="Take lines of JSON into a log, made when there is none: CloudEvents, or facts by name and data."
        " What is there already is passed over, so that an import can be begun again. Exit code 0: all is there; 2:"
        " some lines were not taken.",
    )
    command.set_defaults(run=import_file, failed=FAILED)
    command.add_argument("file", metavar="FILE", help="lines of JSON; - for the standard input")
    _add_log(command)
    command.add_argument("--source", metavar="URI", help="take only CloudEvents from there (default: as the first)")
    command.add_argument("--trusted", action="store_true", help="one's own CloudEvents: skip the rules")


def _add_replay(commands: _Commands) -> None:
    command = commands.add_parser(
        "replay",
        help="say where the community of a log stands",
        description="Say where the community of a log stands, or stood: position, digest, what there is, its money.",
    )
    command.set_defaults(run=replay_log, failed=FAILED)
    _add_log(command)
    command.add_argument(
        "--until", type=moment_of, metavar="WHEN", help="as it stood: at a position, or at the end of a day"
    )


def _add_report(commands: _Commands) -> None:
    command = commands.add_parser(
        "report",
        help="report on a log, or say why a figure is what it is",
        description="Report on a log: as text, or with --out as a page.",
    )
    command.set_defaults(run=report_log, failed=FAILED)
    _add_log(command)
    command.add_argument(
        "--period", type=period_of, help="of the figures: 2026, 2026-03, or its first day/the day after its last"
    )
    command.add_argument(
        "--until", type=moment_of, metavar="WHEN", help="as known then: at a position, or at the end of a day"
    )
    command.add_argument("--lang", choices=LANGUAGES, help=f"of the page (default: {LANGUAGES[0]})")
    command.add_argument("--detail", action="store_true", help="also tell of single households: for the desk only")
    either = command.add_mutually_exclusive_group()
    either.add_argument("--out", type=Path, metavar="FILE", help="write a page of HTML there")
    either.add_argument("--why", metavar="ID", help="trace a figure to its facts, such as I4.2e")


def _add_verify(commands: _Commands) -> None:
    command = commands.add_parser(
        "verify",
        help="look a log through",
        description="Look a log through. Exit code 0: whole; 1: damaged; 2: it could not be checked.",
    )
    command.set_defaults(run=verify_log, failed=UNCHECKED)
    _add_log(command)
    command.add_argument("--deep", action="store_true", help="also replay all facts and compare what was built")


def _add_log(command: argparse.ArgumentParser) -> None:
    command.add_argument("log", metavar="LOG", help=_LOG)
    command.add_argument("--name", metavar="NAME", help="which community of a PostgreSQL database")
    command.add_argument(
        "--events",
        action="append",
        metavar="MODULE:NAME",
        help="facts of your own: a class, or a list of classes and upcasts; may be given more than once",
    )


def _whole(text: str) -> int:
    """Read a number; what is wrong with it is said by argparse."""
    if not text.isascii() or not text.isdigit() or int(text).bit_length() > INTEGER_BITS:
        raise argparse.ArgumentTypeError(f"not a whole number of {INTEGER_BITS} bits, 0 or more: {text!r}")
    return int(text)
