"""Capitals: `NASA` is said, `FBI` is spelled; and names with signs in them, `C++`, `AC/DC`."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before

SPELLED = frozenset(
    "FBI USA BBC CIA UK EU UN UAE CEO CFO CTO COO CIO AI API APIS IBM ATM DIY DNA RNA EEG ECG EKG FAQ GPU CPU TPU "
    "UI UX IQ IRA IRS ISP IOU ITV NBA NHL NFL MLB NCAA FIA MIT UCLA USB URL UFO VIP AA AC IP IPO KO OK OS TBA USSR "
    "EV SUV UV ID AGI OCR BA MBA IPA NYC NYPD LAPD NY LA EPA FDA ETA GPA ESPN SEO IEEE OECD IMF ICU IVF IV EST EDT "
    "UTC PA JFK ABC NBC CBS AOL IDE SDK IDF ADHD OCD HIV USDA DOJ DOE DOA SOS MRI CEOS AKA ASAP RSVP ETF GDP EUR "
    "USD AUD CAD AWS IOT OSS GUI CLI DOB AOC PTA EMT HOA TLDR EDM DVD CD TV PC UFC AMD HDMI AR OST USAF RAF UAV UHF "
    "ISBN ISO ASL ESL IRL OMG OTC".split()
)
WORDS = frozenset(
    "AM AN AS AT BE BY DO GO HE IF IN IS ME MY NO OF OH ON OR SO TO UP WE HI HA AH HO YO PI OX EX MA LO".split()
)
SPELLED_UNLESS_SHOUTED = frozenset(("US", "IT", "LA", "PA", "AI", "WHO", "AM"))  # "TELL IT TO US" has no acronym
INTERJECTIONS = frozenset("HMM HM SHH SHHH PSST BRR BRRR GRR GRRR TSK PFFT MMM MM ZZZ NTH MR MRS".split())
SIGNED = {
    "C++": "C plus plus", "G++": "G plus plus", "Notepad++": "Notepad plus plus", "C#": "C sharp", "F#": "F sharp",
    "G#": "G sharp", "A#": "A sharp", "D#": "D sharp", ".NET": "dot net", "Node.js": "Node dot J S",
    "AC/DC": "A C D C", "TCP/IP": "T C P I P", "AT&T": "A T and T", "R&B": "R and B", "Q&A": "Q and A", "A+": "A plus",
    "B+": "B plus", "C+": "C plus", "A-": "A minus", "B-": "B minus", "GNU/Linux": "GNU Linux", "P&L": "P and L",
    "R&D": "R and D", "M&A": "M and A", "Google+": "Google plus", "LGBTQ+": "L G B T Q plus", "Wi-Fi": "Wi Fi",
    "iOS": "i O S", "eBay": "e Bay", "iPhone": "i Phone", "iPad": "i Pad", "YouTube": "You Tube", "macOS": "mac O S",
    "LaTeX": "Lay Tech", "MySQL": "My S Q L",
}  # fmt: skip

_SIGNED = "|".join(map(re.escape, sorted(SIGNED, key=len, reverse=True)))


def _acronym(m: re.Match[str]) -> str:
    word, ending = m[1], m[2]
    if word in INTERJECTIONS:
        return m[0]
    spelled = word in SPELLED or not re.search("[AEIOUY]", word) or (len(word) == 2 and word not in WORDS)
    if word in SPELLED_UNLESS_SHOUTED or len(word) == 2:
        spelled = (spelled or word in SPELLED_UNLESS_SHOUTED) and not _shouted(m)
    return " ".join(word) + ("'s" if ending else "") if spelled else m[0]


def _shouted(m: re.Match[str]) -> bool:
    return bool(re.search(r"\b[A-Z]{2,}\W{1,4}$", before(m)) or re.match(r"\W{1,4}[A-Z]{2,}\b", after(m)))


RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w+&])({_SIGNED})(?![\w+#&])"), lambda m: SIGNED[m[1]]),
    (re.compile(r"\b([A-Z]{2,})/(?=[A-Z]{2,}\b)"), r"\1 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z]{2,}\b)"), " "),
    (re.compile(r"\b([A-Z]{2,})((?:'?s)?)\b"), _acronym),
)
