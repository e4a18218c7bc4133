"""Each log of ours keeps the contract of `wis_engine.testing`."""

import pytest

from wis_engine.log.fork import ForkedLog
from wis_engine.log.memory import MemoryLog
from wis_engine.log.postgres import PostgresLog
from wis_engine.log.sqlite import SqliteLog
from wis_engine.testing import LogContract, StoredLogContract


class TestMemory(LogContract):
    @pytest.fixture
    def open_log(self):
        return lambda name, **options: MemoryLog(**options)


class TestFork(LogContract):
    @pytest.fixture
    def open_log(self):
        def fork(name, *, registry, clock, **zone):
            return ForkedLog(MemoryLog(registry=registry, clock=clock, **zone), at=0, registry=registry, clock=clock)

        return fork


class TestSqlite(StoredLogContract):
    @pytest.fixture
    def open_log(self, tmp_path):
        return lambda name, **options: SqliteLog(tmp_path / f"{name}.db", **options)

    @pytest.fixture
    def edit(self, tmp_path, edit):
        change = "UPDATE events SET body = replace(body, '{}', '{}')"
        return lambda name, old, new: edit(tmp_path / f"{name}.db", change.format(old, new))


class TestPostgres(StoredLogContract):
    @pytest.fixture
    def open_log(self, postgres_server, community_name):
        return lambda name, **options: PostgresLog(postgres_server, name=f"{community_name}-{name}", **options)

    @pytest.fixture
    def edit(self, community_name, edit_postgres):
        change = "UPDATE wis_engine.events SET body = replace(body, '{}', '{}') WHERE community = '{}'"
        return lambda name, old, new: edit_postgres(change.format(old, new, f"{community_name}-{name}"))
