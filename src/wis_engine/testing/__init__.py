"""For those who build on this library: what any log has to do, as tests to run over one's own.

It needs the extra `testing`. The page `docs/own_store.md` shows how.
"""

import pytest

# Assertions tell what they compared only in modules that pytest was told of before they are loaded.
pytest.register_assert_rewrite(
    *(f"wis_engine.testing.{name}" for name in ("appending", "reading", "storing", "machine"))
)

from wis_engine.testing.bench import Edit, ManualClock, OpenLog  # noqa: E402 - after the line above
from wis_engine.testing.contract import LogContract, StoredLogContract  # noqa: E402 - same
from wis_engine.testing.machine import LogMachine  # noqa: E402 - same

__all__ = ["Edit", "LogContract", "LogMachine", "ManualClock", "OpenLog", "StoredLogContract"]
