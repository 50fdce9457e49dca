"""Pronounces unknown words from known ones: endings, prefixes, compounds, letters repeated for emphasis.

A `Lookup` function returns the phones of a known word, and () for others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

from phonelm.text.arpabet import Phones, with_ending_ed, with_ending_s

Lookup = Callable[[str], Phones]

_ENDINGS: tuple[tuple[str, Callable[[Phones], Phones]], ...] = (
    ("s", with_ending_s),
    ("ed", with_ending_ed),
    ("ing", lambda stem: (*stem, "IH0", "NG")),
    ("ers", lambda stem: (*stem, "ER0", "Z")),
    ("er", lambda stem: (*stem, "ER0")),
    ("est", lambda stem: (*stem, "AH0", "S", "T")),
    ("ly", lambda stem: (*stem, "IY0") if stem[-1] == "L" else (*stem, "L", "IY0")),
    ("ness", lambda stem: (*stem, "N", "AH0", "S")),
    ("less", lambda stem: (*stem, "L", "AH0", "S")),
    ("ful", lambda stem: (*stem, "F", "AH0", "L")),
    ("able", lambda stem: (*stem, "AH0", "B", "AH0", "L")),
    ("ish", lambda stem: (*stem, "IH0", "SH")),
    ("like", lambda stem: (*stem, "L", "AY2", "K")),
    ("wise", lambda stem: (*stem, "W", "AY2", "Z")),
    ("ship", lambda stem: (*stem, "SH", "IH2", "P")),
    ("hood", lambda stem: (*stem, "HH", "UH2", "D")),
)
_PREFIXES = {
    "anti": "AE2 N T IY0", "auto": "AO2 T OW0", "bi": "B AY2", "bio": "B AY2 OW0", "cardio": "K AA2 R D IY0 OW0",
    "co": "K OW2", "counter": "K AW2 N T ER0", "crypto": "K R IH2 P T OW0", "cyber": "S AY2 B ER0", "de": "D IY2",
    "dis": "D IH0 S", "eco": "IY2 K OW0", "electro": "IH0 L EH2 K T R OW0", "ex": "EH2 K S", "fore": "F AO2 R",
    "gastro": "G AE2 S T R OW0", "geo": "JH IY2 OW0", "giga": "G IH2 G AH0", "hydro": "HH AY2 D R OW0",
    "hyper": "HH AY2 P ER0", "immuno": "IH2 M Y AH0 N OW0", "inter": "IH2 N T ER0", "kilo": "K IH2 L AH0",
    "macro": "M AE2 K R OW0", "mega": "M EH2 G AH0", "meta": "M EH2 T AH0", "micro": "M AY2 K R OW0",
    "milli": "M IH2 L AH0", "mini": "M IH2 N IY0", "mis": "M IH2 S", "mono": "M AA2 N OW0", "multi": "M AH2 L T IY0",
    "nano": "N AE2 N OW0", "neuro": "N UH2 R OW0", "non": "N AA2 N", "over": "OW2 V ER0", "photo": "F OW2 T OW0",
    "poly": "P AA2 L IY0", "post": "P OW2 S T", "pre": "P R IY0", "proto": "P R OW2 T OW0", "pseudo": "S UW2 D OW0",
    "re": "R IY0", "retro": "R EH2 T R OW0", "semi": "S EH2 M IY0", "sub": "S AH2 B", "super": "S UW2 P ER0",
    "tele": "T EH2 L AH0", "tera": "T EH2 R AH0", "thermo": "TH ER2 M OW0", "trans": "T R AE2 N Z", "tri": "T R AY2",
    "ultra": "AH2 L T R AH0", "un": "AH0 N", "under": "AH2 N D ER0",
}  # fmt: skip
_MIN_LETTERS = 3  # shortest part of a word
_MAX_ELONGATED = 4  # most repeated letters of an elongated word
_ELONGATED = frozenset("go so no me be we he hi my to oh ah ow ha ya yo".split())  # preferred to goo, soo, mee


def shortened(word: str, known: Callable[[str], bool]) -> str:
    """The known word that is elongated: `so` in `sooo`, `good` in `goood`. "" for other words."""
    runs = [m[0] for m in re.finditer(r"(.)\1*", word)]
    if not 0 < sum(len(run) > 2 for run in runs) <= _MAX_ELONGATED:  # each one doubles the number of choices
        return ""
    choices = map("".join, product(*([run[:2], run[0]] if len(run) > 2 else [run] for run in runs)))
    found = [choice for choice in choices if known(choice)]
    return next((choice for choice in found if choice in _ELONGATED), found[0] if found else "")


def humps(token: str) -> list[str]:
    """The parts of a camel-case word, `You` and `Tube` of `YouTube`. [] for words of one part."""
    parts = re.findall(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])", token)
    return parts if len(parts) > 1 else []


def from_stem(word: str, look_up: Lookup) -> Phones:
    """Phones of a known word with an ending, a prefix or both. () for other words."""
    for ending, join in _ENDINGS:
        if not word.endswith(ending):
            continue
        for stem in _stems(word, ending):
            if phones := look_up(stem) or _with_prefix(stem, look_up):
                return join(phones)
    return _with_prefix(word, look_up)


def _stems(word: str, ending: str) -> Iterator[str]:
    """Possible stems of a word: `retry` of `retries`, `vlog` of `vlogged`, `google` of `googling`."""
    stem = word[: -len(ending)]
    if len(stem) < _MIN_LETTERS:
        return
    if ending == "s":
        if stem.endswith("ie"):
            yield stem[:-2] + "y"
        if not stem.endswith(("s", "u", "i")):  # virus, analysis
            yield stem
        if re.search(r"(?:s|x|z|ch|sh)e$", stem):
            yield stem[:-1]
        return
    yield stem
    if ending[0] not in "aei":
        return
    if stem[-1] == "i" and ending != "ing":
        yield stem[:-1] + "y"
    if ending != "ish":
        yield stem + "e"
    if stem[-1] == stem[-2] and stem[-1] not in "aeiou":
        yield stem[:-1]


def _with_prefix(word: str, look_up: Lookup) -> Phones:
    for length in range(len(word) - _MIN_LETTERS, 1, -1):
        prefix, rest = word[:length], word[length:]
        if prefix in _PREFIXES and len(rest) > _MIN_LETTERS - (length > 2) and (phones := look_up(rest)):
            return (*_PREFIXES[prefix].split(), *phones)
    return ()


def from_parts(word: str, look_up: Lookup) -> Phones:
    """Phones of two known words written as one, the second with less stress. () for other words."""
    cuts = sorted(range(_MIN_LETTERS, len(word) - _MIN_LETTERS + 1), key=lambda cut: abs(2 * cut - len(word)))
    for cut in cuts:
        if (first := look_up(word[:cut])) and (second := look_up(word[cut:])):
            return (*first, *(phone.replace("1", "2") for phone in second))
    return ()
