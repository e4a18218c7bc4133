from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed
from wis_engine.interop.weeks import week
from wis_engine.values import WeekSlots


@pytest.mark.parametrize(
    ("cell", "canonical"),
    [
        ("mon-fri 16:00-19:00, sat 09:00-12:00", "mon-fri 16:00-19:00, sat 09:00-12:00"),
        ("lun-ven 16-19", "mon-fri 16:00-19:00"),
        ("Lun. – Ven. 16.30–18.00", "mon-fri 16:30-18:00"),
        ("lunedì e mercoledì 16:00-18:30", "mon 16:00-18:30, wed 16:00-18:30"),
        ("lun, mer, ven 16-18; sab 9-12:30", "mon 16:00-18:00, wed 16:00-18:00, fri 16:00-18:00, sat 09:00-12:30"),
        ("mar 8-9, 14-15", "tue 08:00-09:00, tue 14:00-15:00"),
        ("gio 9-12 e 14-18", "thu 09:00-12:00, thu 14:00-18:00"),
        ("dal lunedì al venerdì dalle ore 16 alle 19", "mon-fri 16:00-19:00"),
        ("sabato dalle 9 fino alle 12", "sat 09:00-12:00"),
        ("from monday to friday, 16:00 to 19:00", "mon-fri 16:00-19:00"),
        ("lun 16-18\r\nmar 17-19", "mon 16:00-18:00, tue 17:00-19:00"),
        ("lun/mer 16-18", "mon 16:00-18:00, wed 16:00-18:00"),
        ("tutti i giorni 7-22", "mon-sun 07:00-22:00"),
        ("dom 0-24", "sun 00:00-24:00"),
        ("sempre", "always"),
        ("always", "always"),
    ],
)
def test_windows_are_read_as_people_write_them(cell, canonical):
    assert week(cell) == WeekSlots.parse(canonical)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "no windows"),
        ("lun", "days without hours"),
        ("lun 16-18, mer", "days without hours"),
        ("16-18", "hours without a day"),
        ("lun 16", "goes nowhere"),
        ("lun 16/18", "goes nowhere"),
        ("lun 16-", "goes nowhere"),
        ("lun-", "to when"),
        ("- lun 16-18", "from when"),
        ("lun-mer-ven 16-18", "from when"),
        ("lun-16 18", "to when"),
        ("ven-lun 16-18", "past Sunday"),
        ("lun 22-2", "ends after it begins"),
        ("lun 18-16", "ends after it begins"),
        ("lun 16:15-18", "half-hour"),
        ("lun 16-25", "no such hour"),
        ("lun mattina", "no day and no hour"),
        ("lun 1630-1800", "no such hour"),
        ("feriali 9-12", "no day and no hour"),
        ("lun 16+18", "no windows"),
        ("lun " * 1_100 + "16-18", "no windows"),
    ],
)
def test_windows_that_are_unclear_are_refused(cell, why):
    with pytest.raises(Malformed, match=why):
        week(cell)


@given(st.integers(1, (1 << 336) - 1).map(WeekSlots))
def test_our_own_form_comes_back(slots):
    assert week(str(slots)) == slots


def test_the_longest_week_comes_back():
    every_other = WeekSlots(sum(1 << slot for slot in range(0, 336, 2)))
    assert week(str(every_other)) == every_other


@given(st.text(alphabet="lunmare dì-,;0123456789:.\n", max_size=40))
def test_reading_gives_windows_or_says_why(cell):
    with suppress(Malformed):
        assert week(cell)
