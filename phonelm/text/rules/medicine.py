"""Notes of doctors and prescriptions: `Pt c/o SOB x2 days`, `500 mg q6h prn`."""

from __future__ import annotations

import re

from phonelm.text.rules import LETTER_A, Rule, after, before
from phonelm.text.rules.numbers import words
from phonelm.text.rules.stops import final_stop

SHORT = {
    "Hx": "history", "PMHx": "past medical history", "FHx": "family history", "Dx": "diagnosis",
     "Sx": "symptoms", "Rx": "R X", "rxn": "reaction", "f/u": "follow up",
    "F/u": "follow up", "F/U": "follow up", "r/o": "rule out", "R/O": "rule out", "s/p": "status post",
    "h/o": "history of", "d/c": "discontinue", "w/u": "workup", "n/v": "nausea and vomiting",
}  # fmt: skip
RESULTS = {"neg": "negative", "pos": "positive"}
TIMES = {
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "d": "day",
    "wk": "week",
    "wks": "week",
    "mo": "month",
    "min": "minute",
}

_SPANS = {
    "d": "day", "day": "day", "days": "day", "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour",
    "hours": "hour", "wk": "week", "wks": "week", "week": "week", "weeks": "week", "mo": "month", "mos": "month",
    "month": "month", "months": "month", "yr": "year", "yrs": "year", "year": "year", "years": "year",
    "min": "minute", "mins": "minute", "minutes": "minute",
}  # fmt: skip
_SPAN = "|".join(sorted(_SPANS, key=len, reverse=True))
_SIDE_OF = (
    "arm|leg|ear|eye|knee|hip|hand|foot|ankle|wrist|shoulder|elbow|lung|breast|kidney|hemisphere|ventricle|atrium"
)
_DOSE = re.compile(r"(?:\b(?:m?c?g|mL|ml|tabs?|tablets?|caps?|capsules?|puffs?|drops|units|daily|PO|IV|IM)\.?|\d) $")


def _every(m: re.Match[str]) -> str:
    """`q4h` and `q4-6h`."""
    last = f" to {words(int(m[2]))}" if m[2] else ""
    one = m[1] == "1" and not last
    return f"every {'' if one else words(int(m[1])) + last + ' '}{TIMES[m[3]]}{'' if one else 's'}"


def _for(m: re.Match[str]) -> str:
    last = f" to {words(int(m[2]))}" if m[2] else ""
    return f"for {words(int(m[1]))}{last} {_SPANS[m[3]]}{'' if m[1] == '1' and not last else 's'}{final_stop(m)}"


def _frequency(m: re.Match[str]) -> str:
    """`bid` and `po` are spelled after a dose, otherwise they are words."""
    return " ".join(m[0].upper()) if _DOSE.search(before(m)) else m[0]


def _complains(m: re.Match[str]) -> str:
    """`c/o Mrs. Hart` is care of. `Pt c/o pain` is complains of."""
    patient = re.search(r"\b(?:[Pp]ts?\.?|[Pp]atients?|y/?o|[MF]|he|she|[Ww]oman|[Mm]an) $", before(m))
    symptom = re.match(r" (?:[a-z]{3,}|SOB|CP|HA|N/V|LBP)\b", after(m))
    return "complains of" if patient and symptom else m[0]


def _weeks(m: re.Match[str]) -> str:
    """`28w3d`."""
    return f"{words(int(m[1]))} weeks {words(int(m[2]))} day{'' if m[2] == '1' else 's'}"


def _side(m: re.Match[str]) -> str:
    return "left" if m[0] == "L" else "right"


SIGN = re.compile(  # without it no rule matches
    r"[\d/]|x\b|\b(?:[Pp]t|neg|pos|[LR]|IV|tabs?|caps?|drops|units|daily|puffs?|tablets?|capsules?|[A-Z]{2,3})\b|O2\b"
)
RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w/])c/o(?![\w/])"), _complains),
    (
        re.compile(
            r"\b([Pp])t\b\.?(?= (?:c/o|w/|complains|is|was|has|had|denies|denied|reports|reported|presents|presented|"
            r"states|stated|seen|with|admitted|will|advised|tolerated|underwent|given|complained)(?!\w))"
        ),
        lambda m: "Patient" if m[1] == "P" else "patient",
    ),
    (
        re.compile(rf"(?<![\w/])({'|'.join(sorted(SHORT, key=len, reverse=True))})(?![\w/'-]|\.\w)"),
        lambda m: SHORT[m[1]],
    ),
    (
        re.compile(r"\b(\d{1,3})[ -]?(?:y\.?/?o\.?|y/o|Y/?O|yo)(?![\w'])(?= |[,;)]|$)"),
        lambda m: f"{words(int(m[1]))} year old",
    ),
    (re.compile(rf"(?<![\w.])q\.? ?(\d{{1,2}})(?:-(\d{{1,2}}))? ?({'|'.join(TIMES)})\b\.?"), _every),
    (re.compile(r"(?<=[A-Za-z\d)] )[x×] ?(\d{1,3})(?:-(\d{1,3}))? ?(" + _SPAN + r")\b(?![-/])(?:\.(?!\w))?"), _for),
    (re.compile(r"\b(?:[Bb][Ii][Dd]|tid|qid|qd|qod|qhs|prn|po|hs|ac|pc|sc|im|iv)\b(?![.'/-]\w)"), _frequency),
    (re.compile(r"\b(S[ap]|P[av]|Fi|F[iI]|Et)(CO2|O2)\b"), lambda m: " ".join([*m[1].upper(), *m[2][:-1], "two"])),
    (re.compile(r"(?<=[A-Z] |\d )(neg|pos)\b(?:\.(?!\w))?"), lambda m: RESULTS[m[1]] + final_stop(m)),
    (re.compile(r"\b(neg|pos)\.(?=\s*[,;)]|\s+for\b|\s*$)"), lambda m: RESULTS[m[1]] + final_stop(m)),
    (re.compile(rf"\b[LR](?= (?:{_SIDE_OF})s?\b)"), _side),
    (re.compile(r"\bA1[cC]\b"), LETTER_A + " one C"),
    (re.compile(r"\b(\d{1,2})w([0-6])d\b"), _weeks),
    (re.compile(r"(?<=\d) d(?=[.,;)]|$)"), " days"),
    (re.compile(r"(?<=\d) ?K/[uμ]L\b"), " thousand per microliter"),
    (
        re.compile(
            r"\bIV(?=(?:s|'s)?\b)(?= (?:fluids?|drips?|lines?|antibiotics?|push|access|infusions?|bags?|poles?|therapy|"
            r"catheters?|drugs?|bolus|saline|meds|medications?|contrast|treatments?|morphine|iron|hydration|site|q\d)\b)"
        ),
        "I V",
    ),
)
