import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from shutil import copyfile

import attrs
import pytest
import stories
from lived import SEED, lived

from wis_engine.cli import main
from wis_engine.cli.demo import _clear, _writer
from wis_engine.community import Community
from wis_engine.errors import PlanError
from wis_engine.matching import Plan, Problem
from wis_engine.report import page, sheet, summarise

FILES = {"community.db", "plan.json", "report.html"}
PAGE = '<html><head><meta name="generator" content="wis_engine demo"></head></html>'


def plan_log(path, *, simulated, projects=("wis",)):
    """Leave a log with projects and nothing else."""
    with Community.open(f"sqlite:///{path}", clock=lambda: stories.START) as community:
        community.record(*(stories.project(name, simulated=simulated) for name in projects))


def leave_a_demo(out):
    """Leave what the demo takes for an earlier one."""
    plan_log(out / "community.db", simulated=True)
    (out / "plan.json").write_text('{"simulated": true}')
    (out / "report.html").write_text(PAGE)


def everything(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo in a folder where something of somebody else's and an earlier demo lie, under its own hash seed."""
    out = tmp_path_factory.mktemp("demo")
    (out / "mine.txt").write_text("mine")
    leave_a_demo(out)
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
    leave_a_demo(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    spares(tmp_path, capsys, name)


def spares(out, capsys, name):
    """Run a demo that must end before it begins, naming what is in its way."""
    before = everything(out)
    assert name in fails(capsys, "demo", "--out", str(out))
    assert everything(out) == before


def test_a_log_of_a_real_project_is_spared(tmp_path, capsys):
    plan_log(tmp_path / "community.db", simulated=False)
    spares(tmp_path, capsys, "community.db")


def test_a_log_that_is_partly_real_is_spared(tmp_path, capsys):
    plan_log(tmp_path / "community.db", simulated=True)
    plan_log(tmp_path / "community.db", simulated=False, projects=["another"])
    spares(tmp_path, capsys, "community.db")


def test_a_real_log_in_use_is_spared_with_what_is_beside_it(tmp_path, capsys):
    with Community.open(f"sqlite:///{tmp_path / 'community.db'}", clock=lambda: stories.START) as community:
        community.record(stories.project())
        assert (tmp_path / "community.db-wal").exists()
        spares(tmp_path, capsys, "community.db")
        community.record(stories.action())
        assert community.position == 2


def test_a_log_without_a_project_is_spared(tmp_path, capsys):
    with Community.open(f"sqlite:///{tmp_path / 'community.db'}"):
        pass
    spares(tmp_path, capsys, "community.db")


def test_a_database_of_somebody_else_is_spared(tmp_path, capsys):
    with closing(sqlite3.connect(tmp_path / "community.db")) as connection:
        connection.execute("CREATE TABLE mine (mine)")
        connection.commit()
    spares(tmp_path, capsys, "community.db")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("community.db", b"mine"),
        ("community.db", b""),
        ("community.db-wal", b"mine"),
        ("community.db-journal", b""),
        ("plan.json", b"mine"),
        ("plan.json", b"\xff"),
        ("plan.json", b"[true]"),
        ("plan.json", b'{"simulated": 1}'),
        ("plan.json", b"[" * 100_000),
        ("report.html", b"mine"),
        ("report.html", b"\xff"),
        ("report.html", b"<head></head><body><p>" + PAGE.encode()),
    ],
)
def test_a_file_of_somebody_else_is_spared(tmp_path, capsys, name, content):
    leave_a_demo(tmp_path)
    (tmp_path / "community.db").unlink()
    (tmp_path / name).write_bytes(content)
    spares(tmp_path, capsys, name)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_link_is_spared_with_what_it_leads_to(tmp_path, capsys, name):
    (tmp_path / "out").mkdir()
    leave_a_demo(tmp_path)
    (tmp_path / "out" / name).symlink_to(tmp_path / name)
    spares(tmp_path / "out", capsys, name)
    assert (tmp_path / "out" / name).is_symlink()
    (tmp_path / name).unlink()
    fails(capsys, "demo", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / name).is_symlink()


def test_a_demo_that_was_killed_makes_room_whole(tmp_path):
    plan_log(tmp_path / "before.db", simulated=True)
    with Community.open(f"sqlite:///{tmp_path / 'open.db'}", clock=lambda: stories.START) as community:
        community.record(stories.project(simulated=True))
        for end in ("", "-wal", "-shm"):
            copyfile(f"{tmp_path / 'open.db'}{end}", f"{tmp_path / 'community.db'}{end}")
    (tmp_path / "community.db-journal").write_bytes(b"")
    (tmp_path / "mine.txt").write_text("mine")
    _clear(tmp_path)
    assert set(everything(tmp_path)) == {"before.db", "open.db", "mine.txt"}


def test_the_log_that_it_leaves_tells_later_that_it_is_simulated(demo):
    out, printed = demo
    with Community.open(f"sqlite:///{out / 'community.db'}", mode="r") as community:
        said = summarise(community)
    assert said.simulated
    assert sheet(said) in printed
    assert page(said) == (out / "report.html").read_text(encoding="utf-8")


def test_what_it_leaves_may_be_replaced_by_the_next(demo, tmp_path):
    out, _ = demo
    for name in FILES:
        copyfile(out / name, tmp_path / name)
    _clear(tmp_path)
    assert everything(tmp_path) == {}


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
