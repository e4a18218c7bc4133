import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import util
from pathlib import Path

import pytest
import stories

from wis_engine.cli import exchange, main
from wis_engine.community import Community
from wis_engine.interop import export_events


def firms(path, count, **options):
    """Make a log of firms, one a batch; answer its url."""
    url = f"sqlite:///{path}"
    with Community.open(url, clock=lambda: stories.START, **options) as community:
        for number in range(count):
            community.record(stories.firm(f"f{number + 1}"))
    return url


def lines_of(path):
    with Community.open(f"sqlite:///{path}", mode="r") as community:
        return b"".join(export_events(community))


@pytest.fixture
def log(tmp_path):
    """A log of thirty facts."""
    firms(tmp_path / "log.db", 30)
    return str(tmp_path / "log.db")


@pytest.fixture
def lines(log):
    return lines_of(log)


@pytest.fixture
def exported(tmp_path, lines):
    """What it exports, in a file."""
    path = tmp_path / "facts.jsonl"
    path.write_bytes(lines)
    return str(path)


def names(tmp_path):
    """Names in a folder, but for what SQLite keeps beside its files."""
    return {path.name for path in tmp_path.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def fails(capsys, code, *arguments):
    """Run what must fail with one line of error, and nothing else."""
    assert main([str(argument) for argument in arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("wis-engine: ")
    return printed.err


# Out


def test_facts_go_to_the_standard_output(log, lines, capsysbinary):
    assert main(["export", log]) == 0
    assert capsysbinary.readouterr() == (lines, b"")


def test_a_part_goes_out_under_another_name(log, lines, capsysbinary):
    assert main(["export", f"sqlite:///{log}", "--after", "3", "--until", "5", "--source", "urn:milano"]) == 0
    out, _ = capsysbinary.readouterr()
    assert out == b"".join(lines.splitlines(keepends=True)[3:5]).replace(b"urn:wis-engine:community", b"urn:milano")


def test_facts_go_to_a_file_that_only_its_owner_reads(log, lines, tmp_path, capsys):
    out = tmp_path / "facts.jsonl"
    for _ in range(2):
        assert main(["export", log, "--out", str(out)]) == 0
        assert (out.read_bytes(), out.stat().st_mode & 0o777) == (lines, 0o600)
    assert "30 facts" in capsys.readouterr().out
    assert names(tmp_path) == {"log.db", "facts.jsonl"}


@pytest.mark.parametrize("kind", ["log", "text", "facts", "folder", "link"])
def test_what_is_no_earlier_export_is_spared(log, exported, tmp_path, capsys, kind):
    out = tmp_path / "out"
    match kind:
        case "log":
            out.write_bytes(b"SQLite format 3\0")
        case "text":
            out.write_text("mine")
        case "facts":
            out.write_text('{"data":{},"name":"firm-joined"}\n')
        case "folder":
            out.mkdir()
        case "link":
            out.symlink_to(exported)
    before = names(tmp_path), out.read_bytes() if out.is_file() else b""
    assert "stays as it is" in fails(capsys, 1, "export", log, "--out", out)
    assert before == (names(tmp_path), out.read_bytes() if out.is_file() else b"")


def test_an_export_that_fails_leaves_the_earlier_one(log, exported, lines, tmp_path, capsys):
    database(log, "UPDATE events SET body = '{' WHERE position = 20")
    assert "position 20" in fails(capsys, 1, "export", log, "--out", exported)
    assert names(tmp_path) == {"log.db", "facts.jsonl"}


def test_an_export_that_is_stopped_leaves_nothing(log, tmp_path, capsys, monkeypatch):
    def stopped(*_, **__):
        yield b"{}\n"
        raise KeyboardInterrupt

    monkeypatch.setattr(exchange, "export_events", stopped)
    fails(capsys, 130, "export", log, "--out", tmp_path / "facts.jsonl")
    assert names(tmp_path) == {"log.db"}


def test_who_reads_the_beginning_only_is_not_told_of_it(tmp_path):
    with Community.open(f"sqlite:///{tmp_path / 'log.db'}", clock=lambda: stories.START) as community:
        community.record(*(stories.firm(f"f{number}") for number in range(1_000)))
    command = [sys.executable, "-m", "wis_engine.cli", "export", str(tmp_path / "log.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert json.loads(running.stdout.readline())["id"] == "1"
        running.stdout.close()
        assert running.wait(timeout=60) == 1
        assert running.stderr.read() == b""


# In


def test_what_goes_out_comes_in(exported, lines, tmp_path, capsys):
    for said in ("30 taken in", "30 there already"):
        assert main(["import", exported, str(tmp_path / "again.db")]) == 0
        assert capsys.readouterr() == (f"facts: {said}; the log stands at 30\n", "")
    assert lines_of(tmp_path / "again.db") == lines


def test_the_standard_input_comes_in(lines, tmp_path):
    command = [sys.executable, "-m", "wis_engine.cli", "import", "-", str(tmp_path / "again.db")]
    ran = subprocess.run(command, input=lines, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert lines_of(tmp_path / "again.db") == lines


def test_a_new_log_has_the_time_zone_of_the_facts(tmp_path, capsysbinary):
    firms(tmp_path / "log.db", 2, zone="Atlantic/Azores")
    assert main(["export", str(tmp_path / "log.db"), "--out", str(tmp_path / "out")]) == 0
    assert main(["import", str(tmp_path / "out"), str(tmp_path / "again.db")]) == 0
    with Community.open(f"sqlite:///{tmp_path / 'again.db'}", mode="r") as community:
        assert community.network.zone == "Atlantic/Azores"
    firms(tmp_path / "rome.db", 0)
    assert main(["import", str(tmp_path / "out"), str(tmp_path / "rome.db")]) == 1


def test_facts_come_into_one_of_several_communities(exported, lines, database, capsysbinary):
    for name in ("milano", "pavia"):
        assert main(["import", exported, database, "--name", name]) == 0
        capsysbinary.readouterr()
        assert main(["export", database, "--name", name]) == 0
        assert capsysbinary.readouterr() == (lines, b"")
    assert main(["verify", database, "--name", "pavia", "--deep"]) == 0


def test_lines_at_fault_are_told(exported, lines, tmp_path, capsys):
    whole = lines.splitlines(keepends=True)
    (tmp_path / "harmed").write_bytes(b"".join([*whole[:10], b"rubbish\n", *whole[10:29], whole[29][:-9]]))
    assert main(["import", str(tmp_path / "harmed"), str(tmp_path / "again.db")]) == 2
    out, err = capsys.readouterr()
    assert out == "facts: 29 taken in; the log stands at 29\n"
    first, last = err.splitlines()
    assert first.startswith(f"{tmp_path / 'harmed'}: line 11: ")
    assert last.startswith(f"{tmp_path / 'harmed'}: line 31: ")
    assert main(["import", exported, str(tmp_path / "again.db")]) == 0
    assert lines_of(tmp_path / "again.db") == lines


def test_not_every_line_at_fault_is_told(lines, tmp_path, capsys):
    (tmp_path / "harmed").write_bytes(lines + b"rubbish\n" * 25)
    assert main(["import", str(tmp_path / "harmed"), str(tmp_path / "again.db")]) == 2
    *told, last = capsys.readouterr().err.splitlines()
    assert (len(told), last) == (20, f"{tmp_path / 'harmed'}: 5 more lines were not taken")


def test_rules_are_asked_but_for_ones_own_facts(exported, tmp_path, capsys):
    text = (tmp_path / "facts.jsonl").read_bytes().replace(b'"firm":"f9"', b'"firm":"f1"')
    (tmp_path / "facts.jsonl").write_bytes(text)
    assert main(["import", exported, str(tmp_path / "again.db")]) == 2
    assert "id-taken" in capsys.readouterr().err
    assert main(["import", exported, str(tmp_path / "trusted.db"), "--trusted"]) == 0


def test_facts_of_one_source_come_in(exported, lines, tmp_path, capsys):
    (tmp_path / "facts.jsonl").write_bytes(lines.replace(b"urn:wis-engine:community", b"urn:other", 1) + lines)
    assert main(["import", exported, str(tmp_path / "no.db"), "--source", "urn:nobody"]) == 1
    assert not (tmp_path / "no.db").exists()
    assert main(["import", exported, str(tmp_path / "again.db"), "--source", "urn:other"]) == 2
    assert "1 taken in" in capsys.readouterr().out


def test_an_import_that_is_stopped_goes_on_another_time(exported, lines, tmp_path, capsys, monkeypatch):
    real = exchange.import_events

    def stopped(community, given, **options):
        def some():
            for number, line in enumerate(given):
                if number == 20:
                    raise KeyboardInterrupt
                yield line

        return real(community, some(), **options)

    monkeypatch.setattr(exchange, "import_events", stopped)
    fails(capsys, 130, "import", exported, tmp_path / "again.db")
    monkeypatch.setattr(exchange, "import_events", real)
    assert main(["import", exported, str(tmp_path / "again.db")]) == 0
    assert lines_of(tmp_path / "again.db") == lines


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe\x00", b"mine\n" * 200, b'{"a": 1}\n', b"\0" * 99]
)
def test_a_file_without_facts_makes_no_log(tmp_path, capsys, text):
    (tmp_path / "file").write_bytes(text)
    assert "no facts" in fails(capsys, 1, "import", tmp_path / "file", tmp_path / "again.db")
    assert names(tmp_path) == {"file"}


def test_a_wrong_file_makes_no_log(log, tmp_path, capsys):
    fails(capsys, 1, "import", tmp_path / "nowhere", tmp_path / "again.db")
    fails(capsys, 1, "import", tmp_path, tmp_path / "again.db")
    fails(capsys, 1, "import", log, tmp_path / "again.db")
    assert names(tmp_path) == {"log.db"}


# Whole?


def test_a_whole_log_is_whole(log, capsys):
    assert main(["verify", log]) == main(["verify", log, "--deep"]) == 0
    assert "30 facts" in capsys.readouterr().out


def test_a_damaged_log_is_damaged(log, capsys):
    database(log, "UPDATE events SET body = '{' WHERE position = 20")
    assert main(["verify", log]) == 1
    assert "position 20" in "".join(capsys.readouterr())


# What is no log


def holding(path, content):
    path.write_bytes(content)
    return path


def folder(path):
    path.mkdir()
    return path


def database(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


NO_LOGS = {
    "nowhere": lambda path: path / "below",
    "text": lambda path: holding(path, b"\xffmine" * 1_000),
    "a few bytes": lambda path: holding(path, b"x"),
    "a folder": folder,
    "of somebody else": lambda path: database(path, "CREATE TABLE mine (mine)"),
    "newer": lambda path: database(path, "PRAGMA application_id = 1464423237", "PRAGMA user_version = 99"),
    "another database": lambda _path: "mysql://user:secret@host/database",
    "no url": lambda _path: "sqlite://it",
}
COMMANDS = {"export": (["export"], 1), "import": (["import", "facts.jsonl"], 1), "verify": (["verify"], 2)}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", NO_LOGS)
def test_what_is_no_log_is_told_in_a_line(exported, monkeypatch, capsys, command, kind):
    monkeypatch.chdir(Path(exported).parent)
    arguments, code = COMMANDS[command]
    told = fails(capsys, code, *arguments, NO_LOGS[kind](Path("it")))
    assert "secret" not in told


@pytest.mark.parametrize("command", ["export", "verify"])
def test_an_empty_file_is_no_log_yet(tmp_path, capsys, command):
    path = holding(tmp_path / "it", b"")
    fails(capsys, COMMANDS[command][1], command, path)
    assert path.read_bytes() == b""


def test_a_file_holds_one_community(log, capsys):
    assert "PostgreSQL" in fails(capsys, 1, "export", log, "--name", "milano")


@pytest.mark.parametrize(
    "arguments",
    [["export"], ["export", "a", "--after", "-1"], ["export", "a", "--until", "x"], ["import", "a"], ["verify"]],
)
def test_what_is_not_understood_ends_with_its_usage(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: wis-engine" in capsys.readouterr().err


# Somebody looks


def look(monkeypatch):
    """Make a terminal of where errors go; capsys puts its own stream there when the test begins."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_shows_how_far_it_has_come(log, exported, capsys, monkeypatch):
    look(monkeypatch)
    assert main(["export", log, "--out", exported]) == 0
    assert "exporting" in capsys.readouterr().err
    assert main(["import", exported, log]) == 0
    assert "importing" in capsys.readouterr().err


def test_without_rich_nothing_is_drawn(log, exported, capsys, monkeypatch):
    look(monkeypatch)
    monkeypatch.setattr(util, "find_spec", lambda _name: None)
    assert main(["export", log, "--out", exported]) == 0
    assert main(["import", exported, log]) == 0
    assert capsys.readouterr().err == ""
