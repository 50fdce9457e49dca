"""Which words can be said at all; the others are spelled."""

from __future__ import annotations

import re

SHORT = 5  # letters; a longer word is said even if it begins or ends strangely

# Consonants with which English words and common names begin and end, from CMUdict.
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


def can_be_said(word: str) -> bool:
    """Whether a lower-case word has a vowel and, if it is short, begins and ends as words do."""
    if not re.search("[aeiouy]", word):
        return False
    if len(word) > SHORT:
        return True
    start, end = re.match("[^aeiouy]*", word), re.search("[^aeiouy]*$", word)
    assert start and end  # both patterns fit nothing, too
    return (len(start[0]) < 2 or start[0] in _STARTS) and (len(end[0]) < 2 or end[0] in _ENDS)
