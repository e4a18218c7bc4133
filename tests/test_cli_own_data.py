import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import stories
from lived import lived
from test_cli_exchange import NO_LOGS, fails

from wis_engine.cli import main
from wis_engine.community import Community
from wis_engine.interop import export_events
from wis_engine.log.codec import fact_to_dict
from wis_engine.matching import Plan, Problem, nearest_miss, opportunities, solve
from wis_engine.report import page, sheet, summarise
from wis_engine.values import Period

ROOT = Path(__file__).parent.parent
OWN_DATA = ROOT / "examples" / "own_data"
FILES = {"plan.json", "plan.csv", "explanations.csv", "explanations.txt", "opportunities.csv", "diagnostics.csv"}
NEEDS = "id,service,minutes,price_limit\nn1,homework,60,\nn2,homework,60,\nn3,other,60,\n"
OFFERS = "id,service,capacity_hours,price,price_per\no,homework,10,10,hour\n"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """A folder with two spreadsheets, in which the commands run."""
    (tmp_path / "needs.csv").write_text(NEEDS)
    (tmp_path / "offers.csv").write_text(OFFERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def match(*more, needs="needs.csv", offers="offers.csv", out="plan"):
    return main(["match", "--needs", needs, "--offers", offers, "--out", out, *more])


def answered(folder):
    data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return Problem.from_dict(data["problem"]), Plan.from_dict(data["plan"])


# Matching


def test_two_spreadsheets_give_a_plan_and_its_reasons(tables, capsys):
    assert match() == 0
    assert {path.name for path in (tables / "plan").iterdir()} == FILES
    problem, plan = answered(tables / "plan")
    plan.check(problem)
    assert plan.covered == {"n1", "n2"}
    reasons = (tables / "plan" / "explanations.txt").read_text(encoding="utf-8").splitlines()
    none = "No single change that would serve need n3 was found."
    assert reasons[2:] == [str(plan.explain("n1")), str(plan.explain("n2")), f"{plan.explain('n3')} {none}"]
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "needs.csv: 3 of 3 rows taken (UTF-8, commas between columns)" in printed.out
    assert "2 of 3 needs are served; pools: 1." in printed.out
    assert str(plan.explain("n3")) in printed.out


def test_what_cannot_be_read_is_told_and_the_rest_is_matched(tables, capsys):
    (tables / "needs.csv").write_text("id;servizio;ore\nn1;homework;1\nn2;homework;1.500\nn3;homework;1\n")
    assert match() == 2
    line = "needs row 3, ore: row left out (thousands or decimals? write 1234 or 1234,50)"
    assert capsys.readouterr().err == f"{line}\n"
    _, plan = answered(tables / "plan")
    assert plan.covered == {"n1", "n3"}
    text = (tables / "plan" / "diagnostics.csv").read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(text), delimiter=";"))[1][:3] == ["needs", "3", "ore"]


def test_not_every_diagnostic_is_printed(tables, capsys):
    rows = "".join(f"n{number},homework,x,\n" for number in range(25))
    (tables / "needs.csv").write_text(NEEDS + rows)
    assert match() == 2
    *told, last = capsys.readouterr().err.splitlines()
    assert (len(told), last) == (20, "5 more: see diagnostics.csv")


def test_not_every_need_left_is_printed(tables, capsys):
    rows = "".join(f"m{number},other,60,\n" for number in range(24))
    (tables / "needs.csv").write_text(NEEDS + rows)
    assert match() == 0
    assert "5 more are not served: see explanations.txt." in capsys.readouterr().out


def test_tables_go_back_in_the_form_in_which_they_came(tables):
    (tables / "needs.csv").write_bytes("id;servizio;ore\nn1;homework;1,5\n".encode("cp1252"))
    assert match() == 0
    text = (tables / "plan" / "plan.csv").read_bytes().decode("utf-8-sig")
    assert ";15,00;" in text


def test_a_formula_in_a_header_is_none_in_what_is_written(tables):
    (tables / "needs.csv").write_text('id,minutes,"=HYPERLINK(""http://evil"")"\nn1,60,\n')
    assert match() == 2
    text = (tables / "plan" / "diagnostics.csv").read_text(encoding="utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text)))["column"] == '\'=HYPERLINK("http://evil")'


def test_the_same_tables_give_the_same_bytes_under_another_hash_seed(tables):
    match()
    command = [sys.executable, "-m", "wis_engine.cli", "match", "--needs", "needs.csv", "--offers", "offers.csv"]
    env = os.environ | {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    subprocess.run([*command, "--out", "again"], env=env, check=True, capture_output=True)
    for name in FILES:
        assert (tables / "plan" / name).read_bytes() == (tables / "again" / name).read_bytes()


@pytest.mark.parametrize("strategy", ["greedy", "by_firm", "by_zone", "exact"])
def test_a_strategy_is_chosen_by_name(tables, strategy):
    assert match("--strategy", strategy, "--seed", "3") == 0
    _, plan = answered(tables / "plan")
    assert (plan.strategy, plan.seed) == (strategy, 3)


def test_a_budget_pays_its_part(tables):
    (tables / "budgets.csv").write_text("fondo;importo;quota\nb;100,00;50%\n")
    assert match("--budgets", "budgets.csv") == 0
    _, plan = answered(tables / "plan")
    assert sum(sum(grants.values()) for grants in plan.pools[0].grants.values()) == 1_000


def test_both_sets_of_examples_give_the_same_plan(tmp_path, capsys):
    for out, names in (("en", ("needs", "offers", "budgets")), ("it", ("bisogni", "offerte", "fondi"))):
        needs, offers, budgets = (str(OWN_DATA / f"{name}.csv") for name in names)
        assert match("--budgets", budgets, needs=needs, offers=offers, out=str(tmp_path / out)) == 0
    assert capsys.readouterr().err == ""
    _, plan = answered(tmp_path / "en")
    assert answered(tmp_path / "it")[1] == plan
    assert ("homework-1", "homework-2", "homework-3") in [pool.needs for pool in plan.pools]
    assert [one.need for one in plan.unmatched] == ["grandmother-1"]
    assert plan.chains


def test_the_readme_shows_what_its_command_prints(tmp_path, monkeypatch, capsys):
    _, _, section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your own spreadsheets")
    command, told = section.split("```console\n")[1].split("```")[0], section.split("```text\n")[1].split("```")[0]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    assert main(command.split("wis-engine ")[1].split()) == 0
    assert capsys.readouterr().out.startswith(told)


def test_an_earlier_plan_is_replaced(tables):
    match()
    before = (tables / "plan" / "plan.json").read_bytes()
    (tables / "offers.csv").write_text(OFFERS.replace("10,10", "10,20"))
    assert match() == 0
    assert (tables / "plan" / "plan.json").read_bytes() != before


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("kind", ["text", "folder", "link"])
def test_what_is_of_no_earlier_match_is_spared(tables, capsys, name, kind):
    folder = tables / "plan"
    folder.mkdir()
    match kind:
        case "text":
            (folder / name).write_text("mine")
        case "folder":
            (folder / name).mkdir()
        case "link":
            (folder / name).symlink_to(tables / "needs.csv")
    assert name in refused(capsys)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (tables / "needs.csv").read_text() == NEEDS


def refused(capsys, **changes):
    given = {"needs": "needs.csv", "offers": "offers.csv", "out": "plan"} | changes
    return fails(capsys, 1, "match", *(word for name, value in given.items() for word in (f"--{name}", value)))


@pytest.mark.parametrize("table", ["needs", "offers", "budgets"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "nothing in it"),
        (b"id,minutes\n", "in it"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff\xfe", "no text"),
        (b"PK\x03\x04", "save the sheet as CSV"),
        (b"SQLite format 3\0", "no text"),
        (b"colour,shape\nred,round\n", "none of its columns is known"),
    ],
)
def test_what_is_no_table_is_one_line_and_no_plan(tables, capsys, table, content, why):
    if content is not None:
        (tables / "it.csv").write_bytes(content)
    told = refused(capsys, **{table: "it.csv"})
    assert why in told
    assert "it.csv" in told
    assert not (tables / "plan").exists()


def test_where_no_row_can_be_read_each_is_told_and_there_is_no_plan(tables, capsys):
    (tables / "needs.csv").write_text("id,minutes\n?,x\nn2,y\n")
    assert match() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    *told, last = printed.err.splitlines()
    assert [line.split(":")[0] for line in told] == ["needs row 2, id", "needs row 2, minutes", "needs row 3, minutes"]
    assert last == "wis-engine: needs.csv: no needs in it: none of its 2 rows can be read"
    assert not (tables / "plan").exists()


def test_a_file_that_is_none_is_told_without_the_number_of_the_system(tables, capsys):
    assert refused(capsys, needs=".") == "wis-engine: .: Is a directory\n"


def test_wrong_arguments_are_one_line(tables, capsys):
    refused(capsys, needs=".")
    refused(capsys, out="needs.csv")
    assert "there are" in refused(capsys, strategy="magic")
    assert not (tables / "plan").exists()


def test_a_word_that_no_offer_says_is_told(tables, capsys):
    (tables / "needs.csv").write_text(NEEDS + "n4,compiti,60,\nn5,elder_care,60,\n")
    assert match() == 0
    assert "Not in the catalogue, and no offer says the same word: compiti, other.\n" in capsys.readouterr().out
    (tables / "needs.csv").write_text(NEEDS.replace("other", "homework"))
    assert match() == 0
    assert "Not in the catalogue" not in capsys.readouterr().out


# What next

ASKED = "id,service,minutes,price_limit\nn1,homework,60,\nn2,homework,600,60\nn3,homework,600,99\nn4,ride,60,\n"


@pytest.fixture
def asked(tables):
    """One need that is served, two over their limits, one that nobody offers."""
    (tables / "needs.csv").write_text(ASKED)
    (tables / "offers.csv").write_text(OFFERS.replace(",10,10,", ",100,10,"))
    return tables


def table(tables, name):
    return list(csv.DictReader(io.StringIO((tables / "plan" / name).read_text(encoding="utf-8-sig"))))


def test_a_need_left_out_is_told_what_would_serve_it(asked):
    assert match() == 0
    rows = {row["need"]: row for row in table(asked, "explanations.csv")}
    problem, plan = answered(asked / "plan")
    assert rows["n1"]["remedy"] == ""
    assert rows["n2"]["remedy"] == str(nearest_miss(problem, plan, "n2"))
    assert "40.00 EUR more" in rows["n2"]["remedy"]
    assert rows["n4"]["remedy"] == "No single change that would serve need n4 was found."
    changed = nearest_miss(problem, plan, "n3").change.applied(problem)
    assert "n3" in solve(changed).covered


def test_opportunities_come_best_first_and_are_printed(asked, capsys):
    assert match() == 0
    problem, plan = answered(asked / "plan")
    rows = table(asked, "opportunities.csv")
    assert [row["rank"] for row in rows] == [str(number + 1) for number in range(len(rows))]
    found = [str(one) for one in opportunities(problem, plan).found]
    assert [row["sentence"] for row in rows if row["remedy"] != "supplier"] == found
    assert (rows[0]["remedy"], rows[0]["more_needs"], rows[0]["more_minutes"], rows[0]["needs"]) == (
        "limit", "1", "600", "n3",
    )  # fmt: skip
    assert rows[0]["sentence"] in capsys.readouterr().out


def test_a_supplier_to_look_for_is_among_them_with_its_service(tables):
    (tables / "needs.csv").write_text("id,service,minutes\n" + "".join(f"n{n},homework,300\n" for n in range(3)))
    assert match() == 0
    rows = table(tables, "opportunities.csv")
    (one,) = (row for row in rows if row["remedy"] == "supplier")
    assert (one["service"], one["zone"], one["more_minutes"]) == ("homework", "", "300")


@pytest.mark.parametrize(("steps", "left"), [("0", 3), ("4", 2), ("11", 1), ("12", 0)])
def test_how_long_to_look_is_bounded_and_said(asked, capsys, steps, left):
    assert match("--advice", steps) == 0
    told = f"Needs not looked through for what would serve them: {left}; --advice looks longer."
    assert (told in capsys.readouterr().out) is (left > 0)
    assert sum(row["remedy"] != "" for row in table(asked, "explanations.csv")) == 3 - left
    assert bool(table(asked, "opportunities.csv")) is (steps != "0")


def test_where_nothing_is_to_be_tried_the_plan_alone_is_made(asked, capsys):
    assert match("--advice", "3") == 0
    printed = capsys.readouterr().out
    assert "No change of the plan was tried; --advice tries some.\n" in printed
    assert match("--advice", "4") == 0
    assert "No change of the plan was tried" not in capsys.readouterr().out


def test_changes_that_were_not_tried_are_counted(tables, capsys):
    families = "".join(f"m{n},homework{n},60\n" for n in range(9))
    (tables / "needs.csv").write_text("id,service,minutes\n" + families)
    offers = "".join(f"o{n},homework{n},10,10,hour,5\n" for n in range(9))
    (tables / "offers.csv").write_text("id,service,capacity_hours,price,price_per,group_min\n" + offers)
    assert match("--advice", "9") == 0
    assert "Changes of the plan not tried: 6; --advice tries more.\n" in capsys.readouterr().out


def test_reasons_are_told_in_the_language_that_is_asked_for(tables):
    assert match() == 0
    for language, begins in (("it", "Perché ogni bisogno"), ("en", "Why each need")):
        assert match("--lang", language) == 0
        _, plan = answered(tables / "plan")
        assert (tables / "plan" / "explanations.txt").read_text(encoding="utf-8").startswith(begins)
        rows = table(tables, "explanations.csv")
        assert [row["explanation"] for row in rows] == [plan.explain(row["need"]).text(language) for row in rows]


# Importing facts by name


def test_facts_by_name_make_a_log(tables, capsys):
    facts = [stories.firm("f1"), stories.person("p", "f1"), stories.person("q", "f9")]
    lines = [json.dumps({"name": fact.name, "data": fact_to_dict(fact)}) for fact in facts]
    (tables / "facts.jsonl").write_text("\n".join(lines))
    assert main(["import", "facts.jsonl", "log.db"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "facts: 2 taken in, 1 left out; the log stands at 2\n"
    assert printed.err == "facts.jsonl: line 3: fact 0 refused: unknown-id (f9)\n"
    (tables / "facts.jsonl").write_text("\n".join(lines[:2]))
    assert main(["import", "facts.jsonl", "log.db"]) == 0
    assert capsys.readouterr().out == "facts: 2 there already; the log stands at 2\n"


def test_a_file_that_only_looks_like_facts_makes_no_log(tables, capsys):
    (tables / "facts.jsonl").write_text('{"name": "firm-joined", "data": {}}\n')
    assert "no facts in it; line 1: FirmJoined" in fails(capsys, 1, "import", "facts.jsonl", "log.db")
    assert not (tables / "log.db").exists()


def test_the_example_of_facts_is_taken_in(tmp_path, capsys):
    assert main(["import", str(OWN_DATA / "facts.jsonl"), str(tmp_path / "log.db")]) == 0
    with Community.open(f"sqlite:///{tmp_path / 'log.db'}", mode="r") as community:
        assert len(community.match().pools) == 1
        assert {one.batch for one in community.events(types=["household-formed", "need-declared"])} == {3, 5}
    assert main(["report", str(tmp_path / "log.db"), "--why", "I4.1:needs never requested"]) == 0
    assert "2 needs" in capsys.readouterr().out


# Looking at a log


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The log of the pilot year, as far as it needs to be for its figures."""
    path = tmp_path_factory.mktemp("lived") / "log.db"
    (path.parent / "facts.jsonl").write_bytes(b"".join(export_events(lived().community)))
    assert main(["import", str(path.parent / "facts.jsonl"), str(path), "--trusted"]) == 0
    return str(path)


def test_replay_says_where_a_community_stands(log, capsys):
    assert main(["replay", log]) == 0
    lines = capsys.readouterr().out.splitlines()
    network = lived().community.network
    assert lines[:2] == [f"position  {network.position} of {network.position}", f"digest    {network.digest()}"]
    told = {name: int(count) for name, count in map(str.split, (line for line in lines[3:] if line[:1].islower()
                                                                and len(line.split()) == 2))}  # fmt: skip
    assert told == {kind: len(table) for kind, table in network.tables.items() if table}
    states = next(line for line in lines if line.startswith("needs are"))
    assert sum(int(part.split()[0]) for part in states.removeprefix("needs are").split(", ")) == len(network.needs)
    money = [line.split() for line in lines[-len(network.funds) :]]
    assert [row[0] for row in money] == sorted(network.funds)
    for _, *amounts in money:
        granted, *others = (int(one.replace(",", "").replace(".", "")) for one in amounts)
        assert granted == sum(others)


def test_replay_says_where_it_stood(log, capsys):
    assert main(["replay", log, "--until", "100"]) == 0
    printed = capsys.readouterr().out
    past = lived().community.as_of(100)
    assert f"position  100 of {lived().community.position}\n" in printed
    assert past.network.digest() in printed


def test_replay_of_nothing(tables, capsys):
    with Community.open("sqlite:///log.db"):
        pass
    assert main(["replay", "log.db"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert "stands at 0" in fails(capsys, 1, "replay", "log.db", "--until", "1")


def test_a_report_is_a_sheet_or_a_page(log, tables, capsys):
    summary = summarise(lived().community)
    assert main(["report", log]) == 0
    assert capsys.readouterr().out == sheet(summary)
    for _ in range(2):
        assert main(["report", log, "--out", "report.html"]) == 0
        assert (tables / "report.html").read_text(encoding="utf-8") == page(summary)


def test_figures_are_of_the_period_that_is_asked_for(log, capsys):
    for text, period in (
        ("2024", "2024-01-01/2025-01-01"),
        ("2024-03", "2024-03-01/2024-04-01"),
        ("2023-12", "2023-12-01/2024-01-01"),
        ("2024-03-01/2024-03-08", "2024-03-01/2024-03-08"),
    ):
        assert main(["report", log, "--period", text]) == 0
        summary = summarise(lived().community, Period.parse(period))
        assert capsys.readouterr().out == sheet(summary)


def test_a_figure_leads_to_its_facts(log, capsys):
    assert main(["report", log, "--why", "I4.2e"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    period = lived().community.network.projects["wis"].period
    figure = next(one for one in lived().community.indicators(period) if one.id == "I4.2e")
    assert f"{figure.value} accesses (target 80)" in first
    positions = [int(line.split()[0]) for line in lines if line.startswith("  ")]
    assert len(positions) >= figure.value
    recorded = {one.position: one.fact.name for one in lived().community.events(types=["delivery-confirmed"])}
    assert set(recorded) & set(positions)
    for line in (line for line in lines if "delivery-confirmed" in line):
        assert int(line.split()[0]) in recorded


def test_a_figure_of_another_period_leads_to_other_facts(log, capsys):
    assert main(["report", log, "--why", "I4.2e", "--period", "2020"]) == 0
    assert ": 0 accesses" in capsys.readouterr().out.splitlines()[0]


def test_what_is_no_figure_is_told_in_a_line(log, tables, capsys):
    fails(capsys, 1, "report", log, "--why", "I9")
    with Community.open("sqlite:///log.db"):
        pass
    assert "--period" in fails(capsys, 1, "report", "log.db", "--why", "I4.2e")


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2024-3", "2024-03-08/2024-03-01", "9999"])
def test_what_is_no_period_ends_with_the_usage(log, capsys, text):
    with pytest.raises(SystemExit) as ended:
        main(["report", log, "--period", text])
    assert ended.value.code == 2
    assert "argument --period" in capsys.readouterr().err


def test_a_page_of_somebody_else_is_spared(log, tables, capsys):
    (tables / "report.html").write_text("<!DOCTYPE html>\n<html><title>Mine</title></html>")
    assert "stays as it is" in fails(capsys, 1, "report", log, "--out", "report.html")


def test_a_log_without_a_project_has_no_report(tables, capsys):
    with Community.open("sqlite:///log.db"):
        pass
    assert "no project" in fails(capsys, 1, "report", "log.db")


@pytest.mark.parametrize("command", ["replay", "report"])
@pytest.mark.parametrize("kind", NO_LOGS)
def test_what_is_no_log_is_told_in_a_line(tables, capsys, command, kind):
    assert "secret" not in fails(capsys, 1, command, NO_LOGS[kind](Path("it")))


def test_how_long_and_who_pays_what_can_be_asked_for(tables, capsys):
    assert match("--effort", "7", "--split", "shapley") == 0
    _, plan = answered(tables / "plan")
    assert (plan.effort, plan.split, plan.stopped) == (7, "shapley", None)
    capsys.readouterr()
    assert match("--split", "nobody", out="other") == 1
    assert capsys.readouterr().err == "wis-engine: split: one of equal, proportional, shapley\n"


def test_a_search_that_is_stopped_leaves_its_best_plan(tables, capsys, monkeypatch):
    def interrupted(*arguments, progress, **more):
        return solve(*arguments, progress=lambda now: now.step == 1 and progress(now) is None, **more)

    monkeypatch.setattr("wis_engine.cli.own_data.solve", interrupted)
    assert match() == 0
    problem, plan = answered(tables / "plan")
    plan.check(problem)
    assert plan.stopped == 1
    assert "Stopped at step 1: this is the best plan until then." in capsys.readouterr().out
