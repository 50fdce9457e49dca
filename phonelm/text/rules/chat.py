"""Chat: letters and digits for words, such as `r u`, `c u`, `thx 4`, `gr8`, and initialisms that are said in full."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule

WITH_DIGITS = {
    "4ever": "forever", "2day": "today", "2nite": "tonight", "2night": "tonight", "2moro": "tomorrow",
    "2morrow": "tomorrow", "l8r": "later", "l8": "late", "gr8": "great", "m8": "mate", "b4": "before", "w8": "wait",
    "h8": "hate", "sk8": "skate", "str8": "straight", "some1": "someone", "any1": "anyone", "no1": "no one",
    "every1": "everyone", "4u": "for you", "2u": "to you", "g2g": "got to go",
}  # fmt: skip
WORDS = {
    "w/e": "whatever", "pls": "please", "plz": "please", "thx": "thanks", "abt": "about", "bc": "because",
    "b/w": "between", "pw": "password", "tmr": "tomorrow",
    "tmw": "tomorrow", "thnx": "thanks", "tnx": "thanks", "txt": "text", "wknd": "weekend",
    "wkend": "weekend", "sry": "sorry", "srsly": "seriously", "prob": "probably", "probs": "probably",
    "nite": "night", "wht": "what",
}  # fmt: skip
WORDS |= {short.capitalize(): word.capitalize() for short, word in WORDS.items()}
LETTERS = frozenset(  # initialisms with a vowel or two letters; those of consonants alone are spelled anyway
    "wyd hru ttys idc idgaf wbu hbu ily ilysm iykyk istg ofc ong wfh oot obo oomf irl afaict rn np ty yw gm gn ig "
    "fr bf gf bff bffs hyd wya wym wdym tysm gtg otw lmfao".split()
)

_ARE = r"u|you|they|we|how|where|what|who|why|when|ur|these|those"
_BY_LETTERS = "|".join(sorted(LETTERS, key=len, reverse=True))
_WITH_DIGITS = "|".join(sorted(WITH_DIGITS, key=len, reverse=True))
_WORDS = "|".join(sorted(WORDS, key=len, reverse=True))

KNOWN = frozenset(WORDS) | LETTERS
SIGN = re.compile(r"\d|\b[rcCbyn]\b|w/e|b/w")  # without it or one of `KNOWN` no rule matches
RULES: tuple[Rule, ...] = (
    (
        re.compile(rf"(?<![\w.@/#-])({_WITH_DIGITS})(?![\w@/-]|\.\w)", re.IGNORECASE),
        lambda m: WITH_DIGITS[m[1].lower()],
    ),
    (re.compile(rf"(?<![\w.@/#-])({_WORDS})(?![\w@/'-]|\.\w)(?:\.(?=\s\d))?"), lambda m: WORDS[m[1]]),
    (re.compile(rf"(?<![\w.@/#'-])({_BY_LETTERS})(?![\w@/'-]|\.\w)"), lambda m: " ".join(m[1].upper())),
    (re.compile(rf"(?<![\w.'/-])r(?= (?:{_ARE})\b)|(?<=\bu )r(?![\w'/-])"), "are"),
    (re.compile(r"(?<![\w.'/-])[cC](?= (?:u|ya|you)\b)"), "see"),
    (re.compile(r"(?<=\bwanna )c(?= )|(?<=\bcan't )c(?= )"), "see"),
    (
        re.compile(r"(?<![\w.'/-])b(?= (?:there|here|back|ok|okay|home|good|late|right|ready|nice|safe|able|fine)\b)"),
        "be",
    ),
    (re.compile(r"(?<=\b[Tt]hx )4(?= )|(?<=\b[Tt]hanks )4(?= )|(?<=\bgood )4(?= (?:u|you|me|it)\b)"), "for"),
    (re.compile(r"(?<![\w.,$£€-])2(?= (?:b|be|see|c|go|get|do)\b)(?<=[a-z] 2)"), "to"),
    (re.compile(r"(?<![\w.,$£€-])2(?= (?:much|late|soon|bad|funny|cute|cool|hot|cold|early)\b)"), "too"),
    (re.compile(r"(?<![\w.'/-])y(?= (?:r|are|u|you|not|do|did|is)\b)"), "why"),
    (re.compile(r"(?<![\w.'/-])n(?= (?:u|i|then|my|the|it|we)\b)(?<=[a-z] n)"), "and"),
)
