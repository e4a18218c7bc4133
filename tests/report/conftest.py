"""The pages of the pilot year, drawn once."""

import pytest
from lived import summary
from pages import CASES, Read

from wis_engine.report import page


@pytest.fixture(scope="session")
def pages():
    """Every page of the pilot year, by language and whether it is for the desk."""
    return {case: Read(page(summary(), language=case[0], detail=case[1])) for case in CASES}


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'desk' if case[1] else 'funder'}")
def read(request, pages):
    return pages[request.param]
