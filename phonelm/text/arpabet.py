"""The ARPAbet phones of American English, vowels with a stress digit (as in CMUdict)."""

from __future__ import annotations

from collections.abc import Iterable

from phonelm.text.errors import PhonemeError

Phones = tuple[str, ...]

PAUSES = (",", ".", "?", "!", ";", ":", "-", "...")
CONSONANTS = tuple("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())
VOWELS = tuple("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
PHONES = CONSONANTS + tuple(vowel + stress for vowel in VOWELS for stress in "012")

_VOICELESS, _SIBILANTS = frozenset("P T K F TH".split()), frozenset("S Z SH ZH CH JH".split())


def with_stress(phone: str) -> str:
    """Add the stress to `UW`, the only vowel that `g2p_en` writes without one."""
    return "UW1" if phone == "UW" else phone


def parse_phones(written: str) -> Phones:
    """Phones of a word, separated by spaces: `"P R OW0 N AH2 N S"`.

    Raises:
        PhonemeError: a phone is unknown, or there is none.
    """
    phones = tuple(map(with_stress, written.split()))
    refuse_unknown(phones, PHONES)
    if not phones:
        raise PhonemeError("there are no phonemes; write some, as in HH AH0 L OW1")
    return phones


def refuse_unknown(symbols: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise `PhonemeError` if symbols are not allowed. The message names them."""
    if unknown := [s for s in dict.fromkeys(symbols) if s not in allowed]:
        raise PhonemeError(
            f"unknown phonemes {', '.join(unknown)}; allowed are the consonants {' '.join(CONSONANTS)}, the vowels "
            f"{' '.join(VOWELS)} with a stress digit 0, 1 or 2, the pauses {' '.join(PAUSES)} and | between words"
        )


def with_ending_s(stem: Phones) -> Phones:
    """Add the plural or possessive -s to a word."""
    last = stem[-1]
    if last in _SIBILANTS:
        return (*stem, "IH0", "Z")
    return (*stem, "S" if last in _VOICELESS else "Z")


def with_ending_ed(stem: Phones) -> Phones:
    """Add the past -ed to a verb."""
    last = stem[-1]
    if last in ("T", "D"):
        return (*stem, "IH0", "D")
    return (*stem, "T" if last in _VOICELESS | {"S", "SH", "CH"} else "D")
