"""The contract of a log, whole: to be subclassed, once for each log."""

from itertools import count
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from wis_engine.testing.appending import Appending
from wis_engine.testing.bench import OpenLog
from wis_engine.testing.machine import LogMachine
from wis_engine.testing.reading import Reading
from wis_engine.testing.storing import Storing


class LogContract(Appending, Reading):
    """Everything that is promised of any log, one test a promise.

    Subclass it under a name that pytest collects, with a fixture `open_log`
    in it or beside it (see `OpenLog`). `StoredLogContract` is for a log that
    outlives its object.
    """

    stored: ClassVar[bool] = False

    def test_any_history_is_as_plain_lists_tell_it(self, open_log: OpenLog) -> None:
        """Histories drawn by `LogMachine`: a fifth of the examples of the Hypothesis profile in force."""
        numbers = count()

        def machine() -> LogMachine:
            return LogMachine(open_log, name=f"history-{next(numbers)}", stored=self.stored)

        run_state_machine_as_test(
            machine,  # type: ignore[arg-type]  # Hypothesis says a type and takes whatever makes one
            settings=settings(
                max_examples=max(1, settings().max_examples // 5),
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


class StoredLogContract(LogContract, Storing):
    """What is promised of a log that outlives its object, and that several objects may have open at a time.

    With a fixture `edit` (see `Edit`) it is also tried whether the log finds
    its own damage.
    """

    stored: ClassVar[bool] = True
