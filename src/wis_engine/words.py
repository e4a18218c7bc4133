"""What people read, in Italian or in English: phrases from a file; numbers, money and days as each writes them."""

import datetime as dt
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

import attrs

from wis_engine.errors import Malformed
from wis_engine.values import DAYS, SLOTS_A_DAY, Cents, Minutes, Period, WeekSlots, clock_text

LANGUAGES: Final = ("it", "en")
"""In which languages reports and pictures speak, the first unless another is asked for."""

_THOUSANDS: Final = {"it": ".", "en": ","}
_POINT: Final = {"it": ",", "en": "."}


@attrs.frozen(kw_only=True)
class Words:
    """One language: phrases by key («pools.title»), codes of facts by group and code, numbers and days."""

    language: str
    phrases: dict[str, str] = attrs.field(repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Say a phrase, with values where it has room for them."""
        return self.phrases[key].format(**values)

    def code(self, group: str, code: str) -> str:
        """Say a code of facts; one that is not among ours (an app's own strategy, say) stands as it is."""
        return self.phrases.get(f"{group}.{code}", code)

    def count(self, noun: str, number: int) -> str:
        """Count things by their noun: «1 need», «2 needs»."""
        return self(f"count.{noun}{'' if number == 1 else 's'}", n=self.number(number))

    # Numbers

    def number(self, value: int) -> str:
        """Write a whole number: «1.234», «1,234»."""
        return f"{value:,}".replace(",", _THOUSANDS[self.language]).replace("-", "−")

    def decimal(self, hundredths: int) -> str:
        """Write hundredths: «1.234,50», «1,234.50»."""
        whole, rest = divmod(abs(hundredths), 100)
        return f"{'−' if hundredths < 0 else ''}{self.number(whole)}{_POINT[self.language]}{rest:02d}"

    def money(self, cents: Cents) -> str:
        """Write an amount with its unit: «1.234,50 €»."""
        return f"{self.decimal(cents)}\N{NO-BREAK SPACE}€"

    def hours(self, minutes: Minutes) -> str:
        """Write a time in hours: «417», «417:30»."""
        whole, rest = divmod(minutes, 60)
        return f"{self.number(whole)}:{rest:02d}" if rest else self.number(whole)

    def measure(self, value: int, unit: str) -> str:
        """Write a value with its unit: cents as euro, minutes as hours, anything else as it is counted."""
        match unit:
            case "cents":
                return self.money(value)
            case "minutes":
                return f"{self.hours(value)} h"
        return f"{self.number(value)} {self.code('unit' if value != 1 else 'one', unit)}"

    # Days

    def day(self, day: dt.date) -> str:
        """Write a day: «31/12/2023», «31 December 2023»."""
        return f"{day:%d/%m/%Y}" if self.language == "it" else f"{day.day} {self._month(day)} {day.year}"

    def month(self, day: dt.date) -> str:
        """Write the month of a day: «marzo 2023»."""
        return f"{self._month(day)}\N{NO-BREAK SPACE}{day.year}"

    def _month(self, day: dt.date) -> str:
        return self("months.names").split()[day.month - 1]

    def moment(self, moment: dt.datetime) -> str:
        """Write a moment on the wall clock."""
        return f"{self.day(moment.date())}, {moment:%H:%M}"

    def during(self, period: Period) -> str:
        """Write a period by its first and its last day."""
        last = period.end - dt.timedelta(days=1)
        return self("word.from_to", first=self.day(period.start), last=self.day(last))

    def starts(self, starts: WeekSlots) -> str:
        """Say when in the week sessions begin: «lun 16:00, mer 16:00»."""
        names = dict(zip(DAYS, self("days.names").split(), strict=True))
        begins = (divmod(slot, SLOTS_A_DAY) for slot in starts)
        return ", ".join(f"{names[DAYS[day]]} {clock_text(slot)}" for day, slot in begins)

    # Rows of names

    def then(self, names: Sequence[str]) -> str:
        """Say what comes one after the other."""
        return self._row("word.then", names)

    def both(self, names: Sequence[str]) -> str:
        """Say what stands together."""
        return self._row("word.and", names)

    def _row(self, key: str, names: Sequence[str]) -> str:
        *before, last = names
        return self(key, first=", ".join(before), last=last) if before else last


@cache
def words_of(file: str, language: str) -> Words:
    """Bring the phrases of one packaged file («report.toml») in a language.

    Raises
    ------
    Malformed
        There are no words in this language.
    """
    if language not in LANGUAGES:
        raise Malformed(f"no words in {language!r}; there are {', '.join(LANGUAGES)}")
    text = resources.files("wis_engine").joinpath("data", file).read_text(encoding="utf-8")
    phrases = {
        f"{group}.{key}": said[language] for group, keys in tomllib.loads(text).items() for key, said in keys.items()
    }
    return Words(language=language, phrases=phrases)
