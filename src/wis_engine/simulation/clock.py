"""The clock of a simulation: it stands where the simulated time stands."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

_MINUTES: Final = 24 * 60
BEGINNING: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class SimulatedClock:
    """A clock that somebody sets; give it to `Community.open`, so that `recorded_at` repeats as well."""

    def __init__(self, now: dt.datetime = BEGINNING) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        """Say what time it is in the simulation."""
        return self.now


def minute_of(day: dt.date, clock: str) -> int:
    """Number a minute of the wall clock («09:00»)."""
    return day.toordinal() * _MINUTES + int(clock[:2]) * 60 + int(clock[3:])


def instant_at(minute: int, zone: ZoneInfo) -> dt.datetime:
    """Turn a numbered minute of a zone's wall clock into an instant."""
    day, rest = divmod(minute, _MINUTES)
    clock = dt.time(rest // 60, rest % 60, tzinfo=zone)
    return dt.datetime.combine(dt.date.fromordinal(day), clock).astimezone(dt.UTC)


def minute_at(moment: dt.datetime, zone: ZoneInfo) -> int:
    """Number the minute of a zone's wall clock at an instant."""
    local = moment.astimezone(zone)
    return local.toordinal() * _MINUTES + local.hour * 60 + local.minute
