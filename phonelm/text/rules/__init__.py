"""How things are read that are no words: a module for each kind, with its tables and its `RULES`, run by `text.py`."""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
