import subprocess
import sys
from pathlib import Path

import pytest

import wis_engine as wis

HEAVY = ("cattrs", "networkx", "numpy", "scipy", "cryptography", "holidays")


def loaded_by(code):
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_importing_loads_nothing_heavy():
    assert loaded_by("import wis_engine") == []


def test_a_community_in_memory_needs_neither_scipy_nor_cryptography():
    loaded = loaded_by("import wis_engine; wis_engine.Community.open('memory:')")
    assert {"scipy", "cryptography", "networkx"}.isdisjoint(loaded)


def test_every_public_name_is_there():
    for name in wis.__all__:
        assert getattr(wis, name).__name__ == name


def test_stub_and_table_name_the_same():
    stub = Path(wis.__file__).with_name("__init__.pyi").read_text().splitlines()
    named = {line.rsplit(" ", 1)[1] for line in stub if " as " in line}
    assert named == set(wis.__all__) == set(dir(wis))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Comunity'"):
        _ = wis.Comunity
