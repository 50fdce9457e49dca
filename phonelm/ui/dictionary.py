"""The user's own pronunciations: a lexicon as for `--lexicon`. The browser stores it and sends it with a text."""

from __future__ import annotations

from functools import lru_cache

from phonelm.text import LexiconError, Phonemizer, UserLexicon, without_phonemes

MAX_WORDS = 500
MAX_BYTES = 50_000  # of the lexicon's text
LONGEST_WORD = 60  # characters


def lexicon(text: str | None) -> UserLexicon:
    """The lexicon that a browser sent, or an empty one for None; `LexiconError` if it is damaged or too large."""
    return _lexicon(text or "")


@lru_cache(maxsize=64)
def _lexicon(text: str) -> UserLexicon:
    if len(text) > MAX_BYTES:
        raise LexiconError(f"the dictionary has {len(text)} characters; at most {MAX_BYTES} are kept")
    found = UserLexicon.parse(text, "dictionary")
    if len(found.entries) > MAX_WORDS:
        raise LexiconError(f"the dictionary has {len(found.entries)} words; at most {MAX_WORDS} are kept")
    if longest := max(found.entries, key=len, default="")[LONGEST_WORD:]:
        raise LexiconError(f"a word of the dictionary has {LONGEST_WORD + len(longest)} characters; shorten it")
    return found


def applied(text: str, dictionary: str | None) -> str:
    """The text with phonemes after each word of the dictionary, so that it can be read without the dictionary."""
    return lexicon(dictionary).apply(text)


def with_word(dictionary: str | None, word: str, said_as: str, phonemizer: Phonemizer) -> str:
    """The dictionary with one more word, or with a new pronunciation of a word.

    Args:
        said_as: another spelling, or phonemes.
    Raises:
        ValueError: `word` is not a word, or `said_as` cannot be spoken.
    """
    word = without_phonemes(" ".join(word.split()))
    if not any(c.isalnum() for c in word) or set("[]") & set(word) or word.startswith("#"):
        raise LexiconError("a dictionary cannot hold this word: it needs a letter or digit, no [ or ], and no # first")
    if not said_as.strip():
        raise LexiconError(f"write how {word!r} is said: another spelling (wooster) or phonemes (W UH1 S T ER0)")
    entries = {**lexicon(dictionary).entries, word: phonemizer.phones_of(said_as)}
    return lexicon(UserLexicon(entries).written()).written()


def without_word(dictionary: str | None, word: str) -> str:
    """The dictionary without a word."""
    entries = {known: phones for known, phones in lexicon(dictionary).entries.items() if known != word}
    return UserLexicon(entries).written()


def merged(dictionary: str | None, text: str) -> str:
    """The dictionary with all words of a file added; the file wins where both have a word."""
    return lexicon(UserLexicon(lexicon(dictionary).entries | lexicon(text).entries).written()).written()


def key_of(written: str) -> str:
    """The dictionary key of a written word: without punctuation around it; lower case matches any case."""
    word = without_phonemes(written).strip("\"'“”‘’«»()[]{}*_~`.,;:!?…—–-")
    return word if len(word) > 1 and word.isupper() else word.lower()
