"""Every notebook runs from end to end on a small community and comes to a conclusion."""

import sys
from pathlib import Path
from runpy import run_path

import attrs
import pytest
from hamlet import hamlet
from matplotlib.axes import Axes

from wis_engine.charts import Svg
from wis_engine.community import Community
from wis_engine.simulation import simulate
from wis_engine.simulation.clock import SimulatedClock

NOTEBOOKS = Path(__file__).parent.parent / "examples" / "notebooks"
SMALL = ("--seeds", "1", "--firms", "12")
CONCLUSIONS = {
    "compare_strategies": "1 simulated autumns",
    "new_strategy": "over 1 pairs of simulated autumns",
    "next_agreement": "of 1 simulated Octobers",
    "read_log": "of the price alone.",
}


def test_every_notebook_has_its_conclusion():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.py")) == sorted(CONCLUSIONS)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A file as the demo leaves one, of a smaller community."""
    path = tmp_path_factory.mktemp("log") / "community.db"
    clock = SimulatedClock()
    with Community.open(f"sqlite:///{path}", clock=clock) as community:
        scenario = attrs.evolve(hamlet(), name="small")
        simulate(scenario, seed=1, community=community, clock=clock)
    return path


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_a_notebook_comes_to_its_conclusion(name, log, monkeypatch, capsys):
    asked = ("--log", str(log)) if name == "read_log" else SMALL
    monkeypatch.setattr(sys, "argv", [name, *asked])
    shown, defined = run_path(str(NOTEBOOKS / f"{name}.py"))["app"].run()
    assert CONCLUSIONS[name] in defined["conclusion"]
    assert defined["conclusion"] in capsys.readouterr().out
    assert sum(isinstance(one, Axes | Svg) for one in shown) >= 1
