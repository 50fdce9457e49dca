"""Entry point of `python -m phonelm`."""

import os
import sys

if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "30")  # seconds; a log needs fewer lines of progress than a terminal

from phonelm.cli import main  # noqa: E402

sys.exit(main())
