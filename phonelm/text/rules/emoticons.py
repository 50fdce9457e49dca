"""Faces made of characters, such as `:-)`, `(^_^)` and `¯\\_(ツ)_/¯`. They are left out, because they are not words."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule

_EYES = "°◕•ಠ╥益□ω・∀◡ʖ͜͡≧≦＾ᵔᴗ●◔⌐■﹏‿ᴥ⊙ᗜ◉✿╯"
_ARMS = r"[乁ヽ╮┐٩ᕕ\\ ]?"
_FACE = rf"[^A-Za-z\d\s(){_EYES}]?[{_EYES}][^A-Za-z\d()\n]{{0,12}}"
RULES: tuple[Rule, ...] = (
    (re.compile(r"¯?\\{1,3}_{0,2}[(（][ツシ][)）]_{0,2}/¯?"), " "),
    (re.compile(rf"{_ARMS}[(（ʕᕦ]\s?{_FACE}[)）ʔᕗ][づノ╯ﾉ۶ᕤ]?(?:\s?[︵彡︶]{{1,2}}\s?┻━┻)?"), " "),
    (
        re.compile(
            r"(?<![\w^(-])\(?(?:\^[_.-]{0,3}\^|>[_.]{1,3}<|-_{1,3}-|T_T|;_;|[oO0]_[oO0]|[uU]w[uU])\)?"
            r"(?![\w^-])"
        ),
        " ",
    ),
    (
        re.compile(
            r"(?<!\S)(?:[:;=][-'^o]?[)(DPpOo3/\\|*\]\[]{1,3}|<3{1,3}|[xX]D{1,3}|[)(\]\[][-']?[:;=])"
            r"(?=[\s.,!?)]|$)"
        ),
        " ",
    ),
)  # fmt: skip
