"""Entry point of `python -m phonelm`."""

import sys

from phonelm.cli import main

sys.exit(main())
