"""Titles, abbreviations, streets and saints, initials."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.times import final_stop

TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Prof": "Professor", "Rev": "Reverend",
    "Gen": "General", "Col": "Colonel", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Hon": "Honorable",
    "Sen": "Senator", "Gov": "Governor", "Messrs": "Messers", "Mt": "Mount", "Cpl": "Corporal", "Maj": "Major",
    "Adm": "Admiral", "Cmdr": "Commander", "Pvt": "Private", "Pres": "President", "Rep": "Representative",
    "Insp": "Inspector", "Det": "Detective", "Supt": "Superintendent", "Amb": "Ambassador", "Ft": "Fort",
    "Fr": "Father",
}  # fmt: skip
ABBREVIATIONS = {
    "e.g": "for example", "i.e": "that is", "etc": "et cetera", "vs": "versus", "cf": "compare", "viz": "namely",
    "approx": "approximately", "dept": "department", "est": "established", "govt": "government", "min": "minimum",
    "max": "maximum", "misc": "miscellaneous", "al": "al", "incl": "including", "excl": "excluding",
    "resp": "respectively", "intl": "international", "natl": "national", "assn": "association", "univ": "university",
    "temp": "temperature", "tel": "telephone", "ext": "extension", "esp": "especially", "orig": "originally",
    "pron": "pronounced", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Hwy": "Highway",
    "Pkwy": "Parkway", "Sq": "Square", "Jr": "Junior", "Sr": "Senior", "Ltd": "Limited", "Inc": "Incorporated",
    "Co": "Company", "Corp": "Corporation", "Bros": "Brothers", "Esq": "Esquire", "Assoc": "Associates",
}  # fmt: skip
ABBREVIATIONS |= {k.capitalize(): v.capitalize() for k, v in ABBREVIATIONS.items() if k.islower()}
BEFORE_NUMBER = {
    "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "sec": "section", "eq": "equation", "art": "article", "para": "paragraph", "apt": "apartment", "ext": "extension",
    "tel": "telephone", "rm": "room", "no": "number", "nos": "numbers", "c": "circa", "ca": "circa", "b": "born",
    "d": "died", "ver": "version", "ed": "edition", "pt": "part", "op": "opus",
}  # fmt: skip
SHORTHAND = {
    "w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of", "n/a": "N A", "N/A": "N A", "a/c": "A C",
    "&c.": "et cetera", "vs": "versus", "etc": "et cetera", "eg": "for example", "ie": "that is",
    "approx": "approximately", "and/or": "and or", "I/O": "I O", "s/he": "she or he", "he/she": "he or she",
    "his/her": "his or her", "him/her": "him or her", "she/her": "she her", "he/him": "he him",
    "they/them": "they them",
}  # fmt: skip
COMPASS = {
    "N": "North",
    "S": "South",
    "E": "East",
    "W": "West",
    "NE": "Northeast",
    "NW": "Northwest",
    "SE": "Southeast",
    "SW": "Southwest",
}

TITLE = "|".join(TITLES)
ABBREVIATION = "|".join(map(re.escape, sorted(ABBREVIATIONS, key=len, reverse=True)))
NUMBERED = "|".join(sorted(BEFORE_NUMBER, key=len, reverse=True))

_SHORTHAND = "|".join(map(re.escape, sorted(SHORTHAND, key=len, reverse=True)))


def _abbreviation(m: re.Match[str]) -> str:
    return ABBREVIATIONS[m[1]] + final_stop(m)


def _street(m: re.Match[str]) -> str:
    """`Main St.` is a street, `in St. Ives` a saint."""
    named = re.search(r"(?<!\w)[A-Z0-9]\w*\s$", before(m))
    return "Street" + final_stop(m) if named else "Saint"


def _initials(m: re.Match[str]) -> str:
    at_end = m[0].endswith(".") and not after(m).strip(" \"')]")
    return " ".join(m[0].replace(".", "").upper()) + ("." if at_end else "")


def _numbered(m: re.Match[str]) -> str:
    return BEFORE_NUMBER[m[1].lower()] + " "


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d )((?:[NSEW]\.? )?(?:[A-Z][\w']+ ){1,3})Dr\."), lambda m: f"{m[1]}Drive{final_stop(m)}"),
    (re.compile(r"(?<=\d )([NSEW]{1,2})\.?(?= (?:[A-Z][a-z]|\d))"), lambda m: COMPASS.get(m[1], m[0])),
    (re.compile(rf"\b({TITLE})\.(?=\s|$)"), lambda m: TITLES[m[1]]),
    (re.compile(r"\b(Dr|Mr|Mrs|Ms)\b(?=\s+[A-Z])"), lambda m: TITLES[m[1]]),
    (re.compile(r"\b(DR|MR|MRS|MS)\b\.?(?=\s+[A-Z]{2})"), lambda m: TITLES[m[1].capitalize()].upper()),
    (re.compile(r"\bSt\."), _street),
    (re.compile(r"\bSt\b(?= [A-Z])"), "Saint"),
    (re.compile(rf"\b({NUMBERED})\.\s?(?=\d)", re.IGNORECASE), _numbered),
    (re.compile(r"#\s?(?=\d)"), "number "),
    (
        re.compile(r"\bPh\.?\s?D(?!\w)\.?|\bPhDs\b"),
        lambda m: "P H D's" if m[0].endswith("s") else "P H D" + final_stop(m),
    ),
    (re.compile(rf"(?<![\w.])({ABBREVIATION})\.(?![A-Za-z])"), _abbreviation),
    (re.compile(rf"(?<![\w.@/])({_SHORTHAND})(?![\w@/]|\.\w)"), lambda m: SHORTHAND[m[1]]),
    (
        re.compile(
            r"(?<![A-Za-z]\.)\b(?:(?:[A-Z]\.){2,}(?:[A-Z]\b(?!\.))?|(?:[a-z]\.){2,}(?![A-Za-z])|[A-Z]\.[A-Z]\b(?!\.))"
        ),
        _initials,
    ),
    (re.compile(r"\b((?!I\b|(?<=[AP] )M)[A-Z])\.(?=\s+[A-Z])"), r"\1"),
)
