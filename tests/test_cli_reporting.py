import datetime as dt

import pytest
import stories
from lived import summary
from stories import AFTER_ALL, booked, confirmed, delivered, matched

from wis_engine.cli import main
from wis_engine.community import Community
from wis_engine.report import page


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of a project, on disk."""
    path = tmp_path_factory.mktemp("log") / "community.db"
    with Community.open(f"sqlite:///{path}", clock=lambda: stories.NEXT_YEAR) as community:
        community.record(*stories.pilot(), at=stories.START)
        now = stories.START
        for step in stories.life():
            if hasattr(step, "name"):
                community.record(step, at=now)
            else:
                now = step
    return str(path)


def report(log, path, *options):
    assert main(["report", log, "--out", str(path), *options]) == 0
    return path.read_text(encoding="utf-8")


def test_a_page_is_italian_unless_another_language_is_asked_for(log, tmp_path):
    out = tmp_path / "report.html"
    assert '<html lang="it">' in report(log, out)
    assert report(log, out, "--lang", "it") == report(log, out)
    assert '<html lang="en">' in report(log, out, "--lang", "en")


def test_households_are_on_the_page_of_the_desk(log, tmp_path):
    assert ">h1<" not in report(log, tmp_path / "a.html")
    assert ">h1<" in report(log, tmp_path / "b.html", "--detail")


def test_households_are_on_the_sheet_of_the_desk(log, capsys):
    assert main(["report", log]) == 0
    short = capsys.readouterr().out
    assert main(["report", log, "--detail"]) == 0
    assert capsys.readouterr().out.startswith(short)


def test_a_page_takes_the_place_of_an_earlier_one_of_any_kind(log, tmp_path):
    out = tmp_path / "report.html"
    out.write_text(page(summary(), language="en", detail=True), encoding="utf-8")
    assert "simulat" not in report(log, out)


@pytest.mark.parametrize(
    "text",
    [
        "mine",
        '<!DOCTYPE html>\n<html lang="it"><head><meta charset="utf-8"><title>Mine</title></head></html>',
        '<!DOCTYPE html>\n<html lang="it">\n<head><meta name="generator" content="wis_engine 1"></head></html>',
    ],
)
def test_a_page_of_somebody_else_is_spared(log, tmp_path, capsys, text):
    out = tmp_path / "report.html"
    out.write_text(text)
    assert main(["report", log, "--out", str(out)]) == 1
    assert "stays as it is" in capsys.readouterr().err
    assert out.read_text() == text


def test_a_language_without_a_page_is_told_in_a_line(log, capsys):
    assert main(["report", log, "--lang", "en"]) == 1
    assert capsys.readouterr().err == "wis-engine: --lang is of a page: give --out\n"


def test_a_language_that_there_is_none_of_ends_with_the_usage(log, capsys):
    with pytest.raises(SystemExit):
        main(["report", log, "--lang", "fr"])
    assert "--lang" in capsys.readouterr().err


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """A log of what happened in March, a part of it recorded in July; with the position at which June ended."""
    path = tmp_path_factory.mktemp("late") / "community.db"
    now = [stories.START]
    with Community.open(f"sqlite:///{path}", clock=lambda: now[0]) as community:
        community.record(*stories.pilot(), *matched(), booked("e1"), booked("e2", need="n2"))
        # In Milano this is still the last day of June.
        now[0] = dt.datetime(2026, 6, 30, 21, 59, 59, tzinfo=dt.UTC)
        community.record(delivered("e1"), confirmed("e1"), at=AFTER_ALL)
        june = community.position
        now[0] = dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)
        community.record(delivered("e2"), confirmed("e2"), at=AFTER_ALL)
    return str(path), june


def test_figures_of_march_are_told_as_known_in_june(late, capsys):
    log, june = late
    for until, accesses in (("2026-06-30", 1), (str(june), 1), ("2026-07-01", 2), ("2026-02-28", 0)):
        assert main(["report", log, "--period", "2026-03", "--until", until, "--why", "I4.2e"]) == 0
        first, second, *_ = capsys.readouterr().out.splitlines()
        assert f": {accesses} accesses" in first
        assert second.endswith(f"as known at position {june}") is (until in ("2026-06-30", str(june)))


def test_a_page_and_a_replay_are_of_that_day_too(late, tmp_path, capsys):
    log, june = late
    drawn = report(log, tmp_path / "report.html", "--until", "2026-06-30", "--lang", "en")
    assert f"Read at position {june} of" in drawn
    assert main(["report", log, "--until", "2026-06-30"]) == 0
    capsys.readouterr()
    assert main(["replay", log, "--until", "2026-06-30"]) == 0
    assert capsys.readouterr().out.startswith(f"position  {june} of {june + 2}\n")


@pytest.mark.parametrize("until", ["june", "2026-06-31", "-1", ""])
def test_what_is_neither_a_position_nor_a_day_ends_with_the_usage(late, capsys, until):
    with pytest.raises(SystemExit):
        main(["report", late[0], f"--until={until}"])
    assert "--until" in capsys.readouterr().err
