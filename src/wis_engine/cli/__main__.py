"""The command line, for `python -m wis_engine.cli`."""

import sys

from wis_engine.cli import main

sys.exit(main())
