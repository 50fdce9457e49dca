"""Checks of the network's guesses: which words are pronounceable, and which phones a word can end with."""

from __future__ import annotations

import re

from phonelm.text.arpabet import Phones

CHECKED_LETTERS = 5  # the start and end of longer words are not checked

# Consonants at the start and at the end of English words and common names, from CMUdict.
_STARTS = frozenset(
    "bh bj bl br ch chl chr cl cr cz dh dj dr dw dz fj fl fr gh gl gn gr gw hw kh kl kn kr kv kw ll mc ml mn ng pf ph "
    "phl phr pl pn pr ps pt rh sc sch schl schm schn schr schw scl scr sh shl shm shr sk skr sl sm sn sp sph spl spr "
    "sq sr st str sv sw sz th thr thw tr ts tw vl vr wh wr zh zl zw".split()
)
_ENDS = frozenset(
    "bb bbs bs bt bts ch chs ck cks cs ct cts cz dd dds ds dt dth dz ff ffs fs ft fts gg ggs gh ghs ght ghts gm gn gns "
    "gs gt hl hm hms hn hr hs kh ks lb lbs lc lch ld lds lf lfs lg lk lks ll lls lm lms ln lp lph lps ls lsh lst lt "
    "lth lts ltz lz mb mbs mm mms mn mns mp mph mps mpt mpts ms nc nch nct nd nds ng ngs ngst ngth ngths nh nk nks nn "
    "nns ns nst nt nth nths nts ntz nx nz pf ph phs pp pps ps pt pts rb rbs rc rch rd rds rf rfs rg rgh rgs rk rks rl "
    "rld rls rm rms rn rns rp rph rps rr rrs rs rsh rst rsts rt rth rths rts rtz rv rx rz sc sch sh sk sks sm sms sp "
    "sps ss st sts sz tch th thm thms ths ts tt tts tz wd wds wk wks wl wls wn wns ws xt xx zz".split()
)
# For each last letter, the last phones of such words in CMUdict (in over .3 % of them).
_LAST = {
    letter: frozenset(phones.split())
    for letter, phones in {
        "a": "AH AA IY EY", "b": "B M", "c": "K", "d": "D T", "f": "F", "g": "NG G",
        "h": "SH TH CH K AH F AO OW AA AW G EY UW EH AY IY HH", "i": "IY AY EY OY", "j": "JH ZH", "k": "K", "l": "L",
        "m": "M", "n": "N", "o": "OW UW AW", "p": "P", "q": "K", "r": "ER R", "s": "Z S", "t": "T OW EY",
        "u": "UW OW AW", "v": "V F", "w": "OW UW AO AW AA V F", "x": "S OW UW Z", "y": "IY EY AY OY", "z": "S Z CH",
    }.items()
}  # fmt: skip
_MOST_EXTRA = 3  # most surplus phones at the end of a guess


def can_be_said(word: str) -> bool:
    """Whether a lower-case word has a vowel and, if it is short, a usual start and end."""
    if not re.search("[aeiouy]", word):
        return False
    if len(word) > CHECKED_LETTERS:
        return True
    start, end = re.match("[^aeiouy]*", word), re.search("[^aeiouy]*$", word)
    assert start and end  # both patterns also match the empty string
    return (len(start[0]) < 2 or start[0] in _STARTS) and (len(end[0]) < 2 or end[0] in _ENDS)


def trimmed(word: str, phones: Phones) -> Phones:
    """A guess without surplus phones at its end, and with a stress. If no end fits the last letter, none is removed."""
    last = _LAST.get(word[-1:], frozenset())
    for end in range(len(phones), max(0, len(phones) - _MOST_EXTRA - 1), -1):
        if phones[end - 1].rstrip("012") in last:
            return _stressed(phones[:end])
    return _stressed(phones)


def _stressed(phones: Phones) -> Phones:
    if any(phone.endswith("1") for phone in phones):
        return phones
    first = next((i for digit in "20" for i, phone in enumerate(phones) if phone.endswith(digit)), None)
    return phones if first is None else (*phones[:first], phones[first][:-1] + "1", *phones[first + 1 :])
