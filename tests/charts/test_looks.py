import subprocess
import sys
import tomllib
from importlib import resources
from string import Formatter

import pytest
from matplotlib.figure import Figure

from wis_engine.charts import coverage, growth, paired
from wis_engine.charts.looks import LOOKS, figure, looks, wording
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

PHRASES = tomllib.loads(resources.files("wis_engine").joinpath("data/charts.toml").read_text(encoding="utf-8"))


def test_every_phrase_is_there_in_every_language_with_the_same_room():
    for said in (said for group in PHRASES.values() for said in group.values()):
        assert set(said) == set(LANGUAGES)
        rooms = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in said.values()]
        assert rooms[0] == rooms[1]
        assert all(said.values())


def test_no_two_series_look_the_same_without_colour():
    assert len({str(look.line) for look in LOOKS}) == len({look.marker for look in LOOKS}) == len(LOOKS)
    with pytest.raises(Malformed, match="9 series"):
        looks(["a"] * 9)


def test_numbers_have_the_decimals_they_need():
    it, en = wording("it"), wording("en")
    assert [figure(it, value) for value in (1234, 0.5, -0.25, 2.0)] == ["1.234", "0,5", "−0,25", "2"]
    assert figure(en, 1234.5) == "1,234.5"


def test_axes_that_are_given_are_drawn_on_and_given_back(months):
    axes = Figure().subplots()
    assert coverage(months, axes=axes) is axes
    with pytest.raises(Malformed, match="axes: none"):
        coverage(months, axes="axes")


def test_labels_are_in_the_language_asked_for(months):
    told = [coverage(months, language=language) for language in LANGUAGES]
    assert [axes.get_title(loc="left") for axes in told] == ["Bisogni soddisfatti nel tempo", "Needs served over time"]
    with pytest.raises(Malformed, match="no words in 'fr'"):
        coverage(months, language="fr")


def test_it_is_said_when_matplotlib_is_not_there(monkeypatch, ensemble):
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    with pytest.raises(Malformed, match="extra «viz»"):
        paired(ensemble)


def test_importing_pictures_loads_nothing_that_draws():
    code = "import sys, wis_engine.charts; print({'matplotlib', 'networkx'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_picture_is_drawn_without_a_window(tmp_path, months, monkeypatch):
    # Notebooks in the same process may have loaded it.
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    columns = months | {"firms": [1] * 6, "suppliers": [2] * 6}
    growth(columns).figure.savefig(tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 5_000
    assert "matplotlib.pyplot" not in sys.modules
