"""What is said of a plan, in Italian and in English, and how each language writes numbers, money and times.

The report has words of its own, further up; these are those of the matcher,
which knows no report.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.values import SLOTS_A_DAY, Cents, Minutes, WeekSlots, clock_text

LANGUAGES: Final = ("it", "en")
"""In which languages things are said."""

_THOUSANDS: Final = {"it": ".", "en": ","}
_POINT: Final = {"it": ",", "en": "."}
_HOUR: Final = 60


@frozen(kw_only=True)
class Words:
    """One language: phrases by key, counted things, and how it writes numbers."""

    language: str
    phrases: dict[str, str] = field(repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Say a phrase, with values where it has room for them."""
        return self.phrases[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Say a phrase that is another for one than for many: «1 more», «2 more»."""
        return self(f"{key}.{'one' if number == 1 else 'many'}", n=self.number(number), **values)

    def number(self, value: int) -> str:
        """Write a whole number: «1.234», «1,234»."""
        return f"{value:,}".replace(",", _THOUSANDS[self.language])

    def money(self, cents: Cents) -> str:
        """Write an amount: «12,50 euro», «12.50 EUR»."""
        whole, rest = divmod(abs(cents), 100)
        sign = "-" if cents < 0 else ""
        return self("say.money", amount=f"{sign}{self.number(whole)}{_POINT[self.language]}{rest:02d}")

    def time(self, minutes: Minutes) -> str:
        """Write a length of time: «2 h», «45 min», «1 h 30 min»."""
        hours, rest = divmod(minutes, _HOUR)
        parts = [f"{self.number(hours)} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0 or not hours)
        return " ".join(parts)

    def week(self, slots: WeekSlots) -> str:
        """Say half-hours of a week by their windows: «gio 16:00-18:00»."""
        names = dict(enumerate(self("say.days").split()))
        windows: list[tuple[int, int]] = []
        for slot in slots:
            if windows and windows[-1][1] == slot and slot % SLOTS_A_DAY:
                windows[-1] = windows[-1][0], slot + 1
            else:
                windows.append((slot, slot + 1))
        return self.both(
            [
                f"{names[first // SLOTS_A_DAY]} {clock_text(first % SLOTS_A_DAY)}-"
                f"{clock_text(last - first // SLOTS_A_DAY * SLOTS_A_DAY)}"
                for first, last in windows
            ]
        )

    def both(self, names: Sequence[str]) -> str:
        """Say what stands together."""
        return self._row("say.and", names)

    def then(self, names: Sequence[str]) -> str:
        """Say what comes one after the other."""
        return self._row("say.then", names)

    def _row(self, key: str, names: Sequence[str]) -> str:
        *before, last = names
        return self(key, first=", ".join(before), last=last) if before else last


@cache
def words(language: str) -> Words:
    """Bring the words of a language.

    Raises
    ------
    Malformed
        Nothing is said in this language.
    """
    if language not in LANGUAGES:
        raise Malformed(f"no words in this language; there are {', '.join(LANGUAGES)}")
    text = resources.files("wis_engine").joinpath("data/explanations.toml").read_text(encoding="utf-8")
    return Words(language=language, phrases=dict(_flat("", tomllib.loads(text), language)))


def _flat(prefix: str, group: dict[str, Any], language: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, said in group.items():
        if LANGUAGES[0] in said:
            found.append((f"{prefix}{key}", said[language]))
        else:
            found += _flat(f"{prefix}{key}.", said, language)
    return found
