import json
import os
import subprocess
import sys

import attrs
import pytest
from lived import SEED, lived

from wis_engine.cli import _writer, main
from wis_engine.community import Community
from wis_engine.errors import PlanError
from wis_engine.matching import Plan, Problem

FILES = {"community.db", "plan.json", "report.html"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo in a folder where something of somebody else's and an earlier demo lie, under its own hash seed."""
    out = tmp_path_factory.mktemp("demo")
    (out / "mine.txt").write_text("mine")
    for name in FILES:
        (out / name).write_text("old")
    command = [sys.executable, "-m", "wis_engine.cli", "demo", "--out", str(out), "--seed", str(SEED)]
    env = os.environ | {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    ran = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return out, ran.stdout


def test_the_demo_leaves_its_three_files_and_no_other(demo):
    out, _ = demo
    assert {path.name for path in out.iterdir()} == FILES | {"mine.txt"}
    assert (out / "mine.txt").read_text() == "mine"


def test_another_hash_seed_and_another_log_give_the_same_digest(demo):
    _, printed = demo
    assert lived().community.network.digest() in printed
    assert lived().year.plan.digest in printed


def test_the_log_that_it_leaves_can_be_opened(demo):
    out, printed = demo
    with Community.open(f"sqlite:///{out / 'community.db'}", mode="r") as community:
        assert community.network.digest() in printed
        assert [one.fact for one in community.events(after=100, until=120)] == [
            one.fact for one in lived().community.events(after=100, until=120)
        ]


def test_it_prints_progress_and_then_the_sheet(demo):
    _, printed = demo
    for month in lived().reported:
        assert str(month) in printed
    assert printed.index("2023-12") < printed.index("Figures (simulated)") < printed.index("One need's story")


def test_the_page_is_there(demo):
    out, _ = demo
    assert lived().community.network.digest() in (out / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def answered(demo):
    out, _ = demo
    data = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    return Problem.from_dict(data["problem"]), Plan.from_dict(data["plan"])


def test_the_last_plan_answers_the_problem_beside_it(answered):
    problem, plan = answered
    plan.check(problem)
    assert plan.digest == lived().year.plan.digest


def test_a_plan_with_one_edited_pool_is_refused(answered):
    problem, plan = answered
    first, *others = plan.pools
    edited = attrs.evolve(first, price_cents=first.price_cents + 1)
    with pytest.raises(PlanError):
        attrs.evolve(plan, pools=(edited, *others)).check(problem)


def fails(capsys, *arguments):
    """Run what must fail: code 2, one line of error, nothing else."""
    assert main(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("wis-engine: ")
    return printed.err


def test_a_folder_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "taken").write_text("mine")
    fails(capsys, "demo", "--out", str(tmp_path / "taken"))
    fails(capsys, "demo", "--out", str(tmp_path / "taken" / "below"))
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_a_folder_is_refused_before_anything_is_replaced(tmp_path, capsys, name):
    for other in FILES:
        (tmp_path / other).write_text("old")
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    fails(capsys, "demo", "--out", str(tmp_path))
    assert all((tmp_path / other).read_text() == "old" for other in FILES - {name})


@pytest.mark.parametrize(
    "arguments", [[], ["demo", "--seed", "x"], ["demo", "--seed", "-1"], ["demo", "--seed", str(1 << 63)], ["other"]]
)
def test_what_it_does_not_understand_ends_with_its_usage(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: wis-engine" in capsys.readouterr().err


def test_a_terminal_shows_the_same_words(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    say = _writer()
    say("Figures (simulated) [not markup]")
    assert capsys.readouterr().out == "Figures (simulated) [not markup]\n"
