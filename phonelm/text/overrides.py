"""Pronunciations by the user: `[word](W ER1 D)` in the text, or a lexicon file that is applied to the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from phonelm.text import pauses, speakers
from phonelm.text.arpabet import Phones, parse_phones, with_ending_s

# The round brackets have a vowel with a stress digit, or only consonants. Any other `[text](target)` is a link.
OVERRIDE = re.compile(
    r"\[\s*(?P<word>[^\[\]\s][^\[\]\n]*)\]"
    r"\((?=[^()\n]*(?<![^\s(])[A-Z]{2}[012](?![^\s)])|(?:\s*[A-Z]{1,2}(?=[\s)]))+\s*\))(?P<phones>[^()\n]+)\)"
    r"(?P<possessive>'s\b)?"
)
PLACEHOLDER = "\ue000"  # private-use character that replaces an override while the text is normalised


_MARKS = rf"(?i:{pauses.MARK.pattern})|(?m:{speakers.MARK.pattern})"  # not words of the text


class LexiconError(ValueError):
    """A lexicon file cannot be used. The message names the file and the line."""


def protect(text: str) -> tuple[str, list[str]]:
    """The text with a `PLACEHOLDER` for each override, and the overrides."""
    overrides = [m[0] for m in OVERRIDE.finditer(text)]
    return OVERRIDE.sub(PLACEHOLDER, text), overrides


def restore(text: str, overrides: list[str]) -> str:
    """Undo `protect`."""
    left = iter(overrides)
    return re.sub(PLACEHOLDER, lambda _: next(left), text)


def without_phonemes(text: str) -> str:
    """The text with each override replaced by its word."""
    return OVERRIDE.sub(lambda m: m["word"].strip() + (m["possessive"] or ""), text)


def parse_override(token: str) -> tuple[str, Phones] | None:
    """The word and the phones of an override. None if the token is not an override.

    Raises:
        PhonemeError: phonemes are unknown.
    """
    if not (m := OVERRIDE.fullmatch(token)):
        return None
    phones = parse_phones(m["phones"])
    return (m["word"].strip() + "'s", with_ending_s(phones)) if m["possessive"] else (m["word"].strip(), phones)


class UserLexicon:
    """Words and their phones. A lower-case word matches in any case, other words match only as they are written."""

    def __init__(self, entries: Mapping[str, Phones] | None = None):
        self.entries = dict(entries or {})
        longest_first = sorted(self.entries, key=len, reverse=True)
        words = "|".join(f"(?ai:{re.escape(w)})" if w == w.lower() else re.escape(w) for w in longest_first)
        self._known = re.compile(rf"{OVERRIDE.pattern}|{_MARKS}|(?<!\w)(?P<known>{words or '(?!)'})(?!\w)")

    @classmethod
    def load(cls, path: str | Path) -> UserLexicon:
        """Read a file of lines `word<TAB>PHONEMES`; empty lines and those that begin with `#` are skipped.

        Raises:
            LexiconError: a line of another form, unknown phonemes, a word twice, or no text file.
        """
        try:
            text = Path(path).read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise LexiconError(f"{path} is no UTF-8 text; a lexicon has lines of a word, a tab, its phonemes") from None
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str = "lexicon") -> UserLexicon:
        """The lexicon in the text of a file; `LexiconError` as for `load`, with the name that is given here."""
        entries: dict[str, Phones] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                word, phones = _entry(line)
                if word in entries:
                    raise LexiconError(f"{word!r} is there twice")
            except ValueError as error:
                raise LexiconError(f"{name}, line {number}: {error}") from None
            entries[word] = phones
        return cls(entries)

    def written(self) -> str:
        """The text of a file that `load` reads."""
        return "".join(f"{word}\t{' '.join(phones)}\n" for word, phones in self.entries.items())

    def apply(self, text: str) -> str:
        """Replace each word of the text that is in the lexicon by an override."""
        return self._known.sub(self._override, text)

    def has(self, word: str, phones: Phones) -> bool:
        """Whether the lexicon gives a word, or the stem of its possessive, these phones."""
        stem = word.removesuffix("'s")
        entries = [self.entries.get(w) for w in (word, word.lower(), stem, stem.lower())]
        return any(entry in (phones, phones[: len(entry)]) for entry in entries if entry)

    def _override(self, m: re.Match[str]) -> str:
        if m["known"] is None:
            return m[0]
        phones = self.entries.get(m[0]) or self.entries[m[0].lower()]
        return f"[{m[0]}]({' '.join(phones)})"


def _entry(line: str) -> tuple[str, Phones]:
    word, tab, phones = line.strip(" ").partition("\t")
    if not tab or not word.strip() or set("[]") & set(word):
        raise LexiconError(f"{line[:60]!r} is not a word, a tab and its phonemes")
    return word.strip(), parse_phones(phones)
