import os
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context

import attrs
import pytest
from hamlet import hamlet, instant

from wis_engine.errors import FormatError, IntegrityError, Malformed, StorageUnavailable, StrategyError
from wis_engine.matching.strategies import ByFirm, ByZone
from wis_engine.measures import DEFINITIONS, Measures
from wis_engine.simulation import Ensemble, ensemble, simulate, sweep

UNTIL = instant("2025-10-15T00:00")
ASKED = {"seeds": range(2), "strategies": ["by_firm", "by_zone"], "until": UNTIL}


@cache
def serial():
    return ensemble(hamlet(), **ASKED)


def test_a_row_is_what_its_run_measures():
    row = next(one for one in serial().records() if (one["strategy"], one["seed"]) == ("by_zone", 1))
    run = simulate(hamlet(), seed=1, strategy="by_zone", until=UNTIL)
    measured = Measures(run.community)
    assert {name: row[name] for name in DEFINITIONS} == measured.summary().records()[0]
    assert (row["scenario"], row["facts"], row["digest"]) == ("hamlet", run.community.position, run.digest())
    months = serial().months.where(strategy="by_zone", seed=1)
    assert [row[3:] for row in months.rows()] == measured.months.rows()
    sizes = serial().pool_sizes.where(strategy="by_zone", seed=1)
    assert [row[3:] for row in sizes.rows()] == measured.pool_sizes.rows()


def test_it_is_in_order_whatever_the_order_of_the_seeds():
    assert [(one["strategy"], one["seed"]) for one in serial().records()] == [
        (strategy, seed) for strategy in ("by_firm", "by_zone") for seed in range(2)
    ]
    assert ensemble(hamlet(), **ASKED | {"seeds": [1, 0]}) == serial()


def test_demand_is_the_same_for_every_strategy_and_another_for_every_seed():
    demands = {}
    for one in serial().records():
        demands.setdefault(one["seed"], set()).add(one["demand"])
    assert [len(digests) for digests in demands.values()] == [1, 1]
    assert len(set.union(*demands.values())) == 2


def test_processes_give_the_same():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert ensemble(hamlet(), **ASKED, executor=executor, batch=2) == serial()


def test_threads_give_the_same():
    with ThreadPoolExecutor(2) as executor:
        assert ensemble(hamlet(), **ASKED, executor=executor) == serial()


@pytest.mark.filterwarnings("default")  # a cluster opens and closes sockets in its own time
def test_dask_gives_the_same():
    from distributed import Client, LocalCluster  # noqa: PLC0415 - loaded by the test that asks for it

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert ensemble(hamlet(), **ASKED, executor=client.get_executor(pure=False)) == serial()


def test_anything_with_submit_lends_its_workers():
    class Promise:
        def __init__(self, call, *arguments):
            self.result = lambda: call(*arguments)

    class Mine:
        submit = Promise

    assert ensemble(hamlet(), **ASKED, executor=Mine()) == serial()


def test_it_tells_of_each_run_as_it_arrives():
    heard = []
    ensemble(hamlet(), **ASKED, on_result=heard.append)
    assert [(one.seed, one.strategy) for one in heard] == [
        (seed, strategy) for seed in range(2) for strategy in ("by_firm", "by_zone")
    ]
    assert heard[0].record() == serial().records()[0]


# What is kept


def stopped(path, after):
    def stop(_lived):
        nonlocal after
        after -= 1
        if not after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensemble(hamlet(), **ASKED, keep=path, on_result=stop)


def test_what_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    path = tmp_path / "kept.jsonl"
    stopped(path, 2)
    lived = []
    assert ensemble(hamlet(), **ASKED, keep=path, on_result=lived.append) == serial()
    assert len(path.read_bytes().splitlines()) == 5
    monkeypatch.setattr("wis_engine.simulation.ensembles.live", None)
    assert ensemble(hamlet(), **ASKED, keep=path) == serial()


def test_a_line_cut_short_is_lived_again(tmp_path):
    path = tmp_path / "kept.jsonl"
    stopped(path, 2)
    path.write_bytes(path.read_bytes()[:-20])
    assert ensemble(hamlet(), **ASKED, keep=path) == serial()
    assert ensemble(hamlet(), **ASKED, keep=path) == serial()


def test_what_was_made_otherwise_is_not_taken(tmp_path):
    path = tmp_path / "kept.jsonl"
    asked = ASKED | {"seeds": [0], "strategies": ["by_zone"]}
    ensemble(hamlet(), **asked, keep=path)
    dear = attrs.evolve(hamlet(), luck=attrs.evolve(hamlet().luck, missed_percent=50))
    lived = []
    ensemble(dear, **asked, keep=path, on_result=lived.append)
    ensemble(hamlet(), **asked | {"strategies": [ByZone(group_max=2)]}, keep=path, on_result=lived.append)
    ensemble(hamlet(), **asked | {"until": instant("2025-10-10T00:00")}, keep=path, on_result=lived.append)
    assert len(path.read_bytes().splitlines()) == 5
    assert len({one.numbers for one in lived}) == 3


def test_another_file_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(FormatError):
        ensemble(hamlet(), **ASKED, keep=path)
    assert path.read_text() == "my notes\n"


def test_a_damaged_line_is_told(tmp_path):
    path = tmp_path / "kept.jsonl"
    stopped(path, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
    with pytest.raises(IntegrityError, match="line 2"):
        ensemble(hamlet(), **ASKED, keep=path)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StorageUnavailable) as told:
        ensemble(hamlet(), **ASKED, keep=tmp_path / "no" / "where")
    assert str(tmp_path) not in str(told.value)


# Strategies


def test_two_of_one_name_are_told_apart_by_their_parameters():
    both = [ByZone(group_max=2), ByZone(group_max=3)]
    found = ensemble(hamlet(), seeds=[1], strategies=[*both, ByFirm()], until=UNTIL)
    assert found.strategies == ("by_zone(group_max=2)", "by_zone(group_max=3)", "by_firm")
    with pytest.raises(Malformed, match="two of one name"):
        ensemble(hamlet(), seeds=[1], strategies=[ByZone(), "by_zone"], until=UNTIL)


def test_without_strategies_each_scenario_has_its_own():
    own = attrs.evolve(hamlet(), name="other", matching=attrs.evolve(hamlet().matching, strategy="by_firm"))
    found = sweep([hamlet(), own], seeds=[1], until=UNTIL)
    assert [(one["scenario"], one["strategy"]) for one in found.records()] == [
        ("hamlet", "by_zone"),
        ("other", "by_firm"),
    ]


def test_a_strategy_that_cannot_be_sent_is_told_before_anything_lives():
    with ThreadPoolExecutor(1) as executor, pytest.raises(StrategyError, match="top of a module"):
        ensemble(hamlet(), seeds=[1], strategies=[lambda problem, *, seed, effort: None], executor=executor)


def test_a_strategy_that_another_process_does_not_find_is_told(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "import sys\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\n"
        "from hamlet import hamlet\n"
        "from wis_engine.errors import StrategyError\n"
        "from wis_engine.simulation import ensemble\n"
        "if __name__ == '__main__':\n"
        "    def mine(problem, *, seed, effort): ...\n"
        "    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as executor:\n"
        "        try:\n"
        "            ensemble(hamlet(), seeds=[1], strategies=[mine], executor=executor)\n"
        "        except StrategyError as error:\n"
        "            print(error)\n"
    )
    path = os.pathsep.join(sys.path)
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    assert ran.stdout.startswith("a strategy is not found in another process"), ran.stderr


def test_a_strategy_that_fails_stops_it_and_what_arrived_is_kept(tmp_path):
    def broken(problem, *, seed, effort):
        raise ValueError

    with pytest.raises(StrategyError, match="failed: ValueError"):
        ensemble(hamlet(), seeds=[1], strategies=["by_zone", broken], until=UNTIL, keep=tmp_path / "kept.jsonl")
    assert len((tmp_path / "kept.jsonl").read_bytes().splitlines()) == 2


def test_runs_that_were_lived_are_gathered_under_names():
    runs = {name: [simulate(hamlet(), seed=seed, until=UNTIL) for seed in range(2)] for name in ("was", "is")}
    found = Ensemble.of(runs)
    assert [(one["scenario"], one["strategy"], one["seed"]) for one in found.records()] == [
        (name, "by_zone", seed) for name in ("was", "is") for seed in range(2)
    ]
    assert found["digest"][:2] == found["digest"][2:] == serial()["digest"][2:]
    with pytest.raises(Malformed, match="two of one name"):
        Ensemble.of({"was": runs["was"] * 2})


# What it shows


def test_means_are_of_the_runs():
    row = serial().means().where(strategy="by_firm", measure="needs").records()[0]
    needs = serial().runs.where(strategy="by_firm")["needs"]
    assert row["mean_milli"] == sum(needs) * 1000 // 2
    assert (row["runs"], row["least"], row["most"]) == (2, min(needs), max(needs))
    assert "by_firm" in serial()._repr_html_()


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (Malformed, {"seeds": []}),
        (Malformed, {"seeds": [1, 1]}),
        (Malformed, {"seeds": [-1]}),
        (Malformed, {"batch": 0}),
        (Malformed, {"strategies": "by_zone"}),
        (Malformed, {"strategies": []}),
        (Malformed, {"until": instant("2025-10-10T00:00").replace(tzinfo=None)}),
        (StrategyError, {"strategies": ["by_moon"]}),
    ],
)
def test_a_wrong_argument_is_told(error, arguments):
    with pytest.raises(error):
        ensemble(hamlet(), **ASKED | arguments)


def test_scenarios_of_one_name_are_told():
    with pytest.raises(Malformed, match="one name"):
        sweep([hamlet(), hamlet()], seeds=[1])


def test_futures_are_cancelled_when_one_fails():
    class Failing:
        def __init__(self):
            self.given = []

        def submit(self, call, *arguments):
            future = Future()
            if self.given:
                self.given.append(future)
            else:
                future.set_exception(StrategyError("no"))
                self.given.append(future)
            return future

    failing = Failing()
    with pytest.raises(StrategyError):
        ensemble(hamlet(), **ASKED, executor=failing)
    assert all(one.cancelled() for one in failing.given[1:])
