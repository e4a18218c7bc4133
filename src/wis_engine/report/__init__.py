"""What a community has done, for people to read: one summary, drawn as a text sheet and as a page."""

from wis_engine.report.html import page
from wis_engine.report.sheet import sheet
from wis_engine.report.summary import Summary, summarise
from wis_engine.words import LANGUAGES

__all__ = ["LANGUAGES", "Summary", "page", "sheet", "summarise"]
