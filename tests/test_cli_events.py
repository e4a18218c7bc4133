"""Commands on a log that holds facts of one's own: `--events` names them."""

import importlib
import sys

import pytest
import stories

from wis_engine.cli import main
from wis_engine.community import Community

MODULE = """
from typing import ClassVar
import attrs
import wis_engine as wis

@attrs.frozen(kw_only=True)
class BikeLent(wis.Event):
    name: ClassVar[str] = "bike-lent"
    version: ClassVar[int] = {version}
    bike: str = wis.id_field()

def step(old):
    return [old]

{rest}
"""


@pytest.fixture
def bikes(tmp_path, monkeypatch):
    """Write a module of facts into the folder where commands run; give what writes another one in its place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(rest="", version=1):
        monkeypatch.delitem(sys.modules, "bikes_of_mine", raising=False)
        (tmp_path / "bikes_of_mine.py").write_text(MODULE.format(rest=rest, version=version))

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write()
    yield write
    sys.modules.pop("bikes_of_mine", None)


@pytest.fixture
def log(bikes, tmp_path):
    """A log with a fact of one's own in it."""
    sys.path.insert(0, str(tmp_path))
    event = importlib.import_module("bikes_of_mine").BikeLent
    with Community.open(f"sqlite:///{tmp_path / 'log.db'}", clock=lambda: stories.START, events=[event]) as community:
        community.record(*stories.pilot(), event(bike="b-1"))
    return "log.db"


OPTION = ("--events", "bikes_of_mine:BikeLent")


def test_without_the_option_a_log_with_facts_of_ones_own_is_not_read(log, capsys):
    assert main(["replay", log]) == 1
    assert "bike-lent" in capsys.readouterr().err


def test_every_command_on_a_log_takes_facts_of_ones_own(log, capsys, tmp_path):
    assert main(["verify", log, "--deep", *OPTION]) == 0
    assert main(["replay", log, *OPTION]) == 0
    digest = capsys.readouterr().out.split("digest")[1].split()[0]
    assert main(["report", log, *OPTION]) == 0
    assert main(["export", log, "--out", "facts.jsonl", *OPTION]) == 0
    assert '"bike":"b-1"' in (tmp_path / "facts.jsonl").read_text()
    assert main(["import", "facts.jsonl", "copy.db", *OPTION]) == 0
    capsys.readouterr()
    assert main(["replay", "copy.db", *OPTION]) == 0
    assert digest in capsys.readouterr().out


def test_a_list_may_hold_upcasts_beside_the_facts(log, bikes, capsys):
    bikes('ALL = [BikeLent, wis.Upcast(name="bike-lent", version=1, step=step)]', version=2)
    assert main(["verify", log, "--events", "bikes_of_mine:ALL"]) == 0
    assert "whole" in capsys.readouterr().out
    assert main(["verify", log, *OPTION]) == 2
    assert "no upcast of 'bike-lent' in version 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere_at_all:BikeLent", "no module nowhere_at_all"),
        ("bikes_of_mine:Nothing", "no Nothing in bikes_of_mine"),
        ("bikes_of_mine:step", "no event type there"),
        ("bikes_of_mine:MODULES", "no event type there"),
        ("bikes_of_mine", "not of the form MODULE:NAME"),
        ("bikes_of_mine:", "not of the form MODULE:NAME"),
        ("bikes of mine:BikeLent", "not of the form MODULE:NAME"),
        ("..bikes:BikeLent", "not of the form MODULE:NAME"),
    ],
)
def test_a_wrong_place_is_one_line_of_error(log, bikes, capsys, place, said):
    bikes("MODULES = [BikeLent, 7]")
    for command in ("replay", "verify", "export", "report"):
        assert main([command, log, "--events", place]) in (1, 2)
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith(f"wis-engine: --events {place}: ")
        assert said in printed.err
        assert printed.err.count("\n") == 1


def test_a_module_that_fails_is_one_line_of_error_and_no_log_is_made(bikes, capsys, tmp_path):
    bikes("1 / 0")
    (tmp_path / "facts.jsonl").write_text("{}")
    assert main(["import", "facts.jsonl", "new.db", *OPTION]) == 1
    assert capsys.readouterr().err == (
        "wis-engine: --events bikes_of_mine:BikeLent: bikes_of_mine cannot be imported (ZeroDivisionError)\n"
    )
    assert not (tmp_path / "new.db").exists()
