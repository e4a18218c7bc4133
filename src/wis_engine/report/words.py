"""The words of a report, in Italian or in English."""

from wis_engine.values import Cents
from wis_engine.words import LANGUAGES, Words, words_of


def words(language: str = LANGUAGES[0]) -> Words:
    """Bring the words of a report in a language.

    Raises
    ------
    Malformed
        There is no report in this language.
    """
    return words_of("report.toml", language)


def amount(cents: Cents) -> str:
    """Write an amount for a table of plain text: «1,234.50»."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"
