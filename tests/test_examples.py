import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.stem)
def test_prints_what_stands_beside_it(script):
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert ran.stdout == script.with_suffix(".txt").read_text()
