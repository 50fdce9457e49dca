"""Titles, abbreviations, streets and saints, initials."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before, behind
from phonelm.text.rules.stops import final_stop, name_stop

TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Prof": "Professor", "Rev": "Reverend",
    "Gen": "General", "Col": "Colonel", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Hon": "Honorable",
    "Sen": "Senator", "Gov": "Governor", "Messrs": "Messers", "Mt": "Mount", "Cpl": "Corporal", "Maj": "Major",
    "Adm": "Admiral", "Cmdr": "Commander", "Pvt": "Private", "Pres": "President", "Rep": "Representative",
    "Insp": "Inspector", "Det": "Detective", "Supt": "Superintendent", "Amb": "Ambassador", "Ft": "Fort",
    "Fr": "Father", "Mx": "Mix", "Mmes": "Mesdames", "Sgts": "Sergeants", "Drs": "Doctors", "Profs": "Professors",
    "Atty": "Attorney", "Dep": "Deputy", "Treas": "Treasurer", "Bp": "Bishop", "Msgr": "Monsignor",
}  # fmt: skip
ABBREVIATIONS = {
    "e.g": "for example", "i.e": "that is", "etc": "et cetera", "vs": "versus", "cf": "compare", "viz": "namely",
    "approx": "approximately", "dept": "department", "est": "established", "govt": "government", "min": "minimum",
    "max": "maximum", "misc": "miscellaneous", "al": "al", "incl": "including", "excl": "excluding",
    "resp": "respectively", "intl": "international", "natl": "national", "assn": "association", "univ": "university",
    "temp": "temperature", "tel": "telephone", "ext": "extension", "esp": "especially", "orig": "originally",
    "pron": "pronounced", "avg": "average", "cont": "continued", "dist": "district", "hosp": "hospital",
    "inst": "institute", "lab": "laboratory", "mfg": "manufacturing", "mgr": "manager", "asst": "assistant",
    "attn": "attention", "avail": "available", "bldg": "building", "cert": "certificate", "corp": "corporation",
    "co": "company", "dir": "director", "div": "division", "educ": "education", "elev": "elevation", "encl": "enclosed",
    "exec": "executive", "fwd": "forward", "hq": "headquarters", "illus": "illustrated", "lic": "license",
    "mtg": "meeting", "appt": "appointment", "acct": "account", "temps": "temperatures", "vit": "vitamin",
    "neg": "negative", "pos": "positive", "choc": "chocolate", "veg": "vegetables",
    "cmte": "committee",
    "Nr": "Near", "Priv": "Private", "Sta": "Station", "Flt": "Flight", "blks": "blocks", "blk": "block",
    "pkg": "package", "pkgs": "packages", "qty": "quantity", "rec": "recommended", "ref": "reference",
    "refs": "references",
    "req": "required", "sched": "schedule", "std": "standard", "transl": "translated", "ste": "suite", "mi": "miles",
    "lg": "large", "med": "medium", "sm": "small", "env": "environment", "Pl": "Place", "Ct": "Court", "Cir": "Circle",
    "Ter": "Terrace", "Rte": "Route", "Mfrs": "Manufacturers", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road",
    "Ln": "Lane", "Hwy": "Highway",
    "Pkwy": "Parkway", "Sq": "Square", "Jr": "Junior", "Sr": "Senior", "Ltd": "Limited", "Inc": "Incorporated",
    "Co": "Company", "Corp": "Corporation", "Bros": "Brothers", "Esq": "Esquire", "Assoc": "Associates",
}  # fmt: skip
ALWAYS_ABBREVIATIONS = {
    "dept": "department", "depts": "departments", "govt": "government", "govts": "governments",
    "approx": "approximately",
    "mgmt": "management", "intl": "international", "acct": "account", "appt": "appointment", "bldg": "building",
    "hwy": "highway", "pkwy": "parkway", "blvd": "boulevard", "avg": "average", "qty": "quantity",
    "misc": "miscellaneous",
    "hrs": "hours", "mins": "minutes", "yrs": "years", "wks": "weeks", "Cmd": "command", "cmd": "command",
    "mkt": "market", "Mkt": "market", "Ctrl": "control", "ctrl": "control",
    "Esc": "escape", "pls": "please", "plz": "please", "thx": "thanks",
    "omg": "oh my god", "idk": "I D K", "ppl": "people", "cuz": "because", "tho": "though", "thru": "through",
    "u": "you", "ur": "your", "bday": "birthday",
    "tmrw": "tomorrow", "msg": "message", "msgs": "messages", "pic": "pic", "w/out": "without", "btwn": "between",
    "mtg": "meeting", "asst": "assistant",
}  # fmt: skip
STATES = {
    "Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California", "Colo": "Colorado",
    "Conn": "Connecticut", "Del": "Delaware", "Fla": "Florida", "Ga": "Georgia", "Ill": "Illinois", "Ind": "Indiana",
    "Kan": "Kansas", "Ky": "Kentucky", "La": "Louisiana", "Md": "Maryland", "Mass": "Massachusetts", "Mich": "Michigan",
    "Minn": "Minnesota", "Miss": "Mississippi", "Mo": "Missouri", "Mont": "Montana", "Neb": "Nebraska",
    "Nebr": "Nebraska", "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon", "Pa": "Pennsylvania",
    "Penn": "Pennsylvania", "Tenn": "Tennessee", "Tex": "Texas", "Va": "Virginia", "Vt": "Vermont",
    "Wash": "Washington", "Wis": "Wisconsin", "Wisc": "Wisconsin", "Wyo": "Wyoming", "Ont": "Ontario", "Que": "Quebec",
}  # fmt: skip
CLEAR_STATES = "Ariz|Calif|Colo|Conn|Fla|Mich|Minn|Mont|Nebr|Okla|Tenn|Wisc|Wyo|Ky"  # not words or names
STREETS = {
    "St": "Street", "Rd": "Road", "Ln": "Lane", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Dr": "Drive",
    "Ct": "Court", "Pl": "Place", "Sq": "Square", "Pkwy": "Parkway", "Hwy": "Highway", "Ter": "Terrace",
    "Cir": "Circle", "Trl": "Trail", "Expy": "Expressway", "Fwy": "Freeway", "Tpke": "Turnpike", "Aly": "Alley",
    "Terr": "Terrace", "Cres": "Crescent",
    "Gdns": "Gardens", "Hts": "Heights", "Plz": "Plaza", "Pde": "Parade", "Xing": "Crossing", "Cswy": "Causeway",
    "Cl": "Close", "Gr": "Grove",
}  # fmt: skip
COMPANIES = {
    "Inc": "Incorporated", "Corp": "Corporation", "Ltd": "Limited", "Co": "Company", "Bros": "Brothers",
    "Assn": "Association", "Mfg": "Manufacturing",
}  # fmt: skip
ABBREVIATIONS |= {k.capitalize(): v.capitalize() for k, v in ABBREVIATIONS.items() if k.islower()}
BEFORE_NUMBER = {
    "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "sec": "section", "eq": "equation", "art": "article", "para": "paragraph", "apt": "apartment", "ext": "extension",
    "tel": "telephone", "rm": "room", "no": "number", "nos": "numbers", "c": "circa", "ca": "circa", "b": "born",
    "d": "died", "cl": "clause", "tab": "table", "flt": "flight", "plat": "platform", "gm": "game", "wk": "week",
    "cat": "category",
    "ref": "reference", "refs": "references", "eqs": "equations",
    "app": "appendix", "rte": "route", "hwy": "highway", "pg": "page", "pgs": "pages", "chap": "chapter",
    "chaps": "chapters", "secs": "sections", "ste": "suite", "bldg": "building", "ex": "example", "col": "column",
    "fn": "footnote", "par": "paragraph", "sched": "schedule", "amend": "amendment", "bk": "book",
    "ver": "version", "ed": "edition", "pt": "part", "op": "opus",
}  # fmt: skip
SHORTHAND = {
    "w/o": "without", "w/": "with", "b/c": "because", "c/o": "care of", "n/a": "N A", "N/A": "N A", "a/c": "A C",
    "&c.": "et cetera", "vs": "versus", "etc": "et cetera", "eg": "for example", "ie": "that is",
    "approx": "approximately", "and/or": "and or", "I/O": "I O", "s/he": "she or he", "he/she": "he or she",
    "y/o": "year old", "yo/f": "year old female", "Y/Y": "year over year", "y/y": "year over year",
    "Q/Q": "quarter over quarter", "q/q": "quarter over quarter", "m/m": "month over month", "M/M": "month over month",
    "YoY": "year over year", "QoQ": "quarter over quarter", "MoM": "month over month", "t/o": "throughout",
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

_STREET = "|".join(STREETS)
_STATE = "|".join(sorted(STATES, key=len, reverse=True))
_ALWAYS = "|".join(map(re.escape, sorted(ALWAYS_ABBREVIATIONS, key=len, reverse=True)))
_SHORTHAND = "|".join(map(re.escape, sorted(SHORTHAND, key=len, reverse=True)))


def _abbreviation(m: re.Match[str]) -> str:
    if m[1] in _UNITS_TOO and re.search(r"\d[ -]?$", before(m)):
        return m[0]
    return ABBREVIATIONS[m[1]] + (final_stop(m) if m[1] in ("etc", "Etc") else name_stop(m))


_NOT_STREETS = "The|In|At|From|To|Of|Our|Near|For|And|On|By|With|When|As|A"


def _saint_or_street(m: re.Match[str]) -> str:
    """`Main St.` and `St. John's St.` are streets, `in St. Ives` is a saint."""
    named = re.search(rf"(?<![\w'])(?!(?:{_NOT_STREETS}) )(?:[A-Z]|\d+(?:st|nd|rd|th)\b)[\w']*\s$", before(m))
    if named and not (m[0] == "St" and re.match(r" [A-Z][a-z]", after(m))):
        return "Street" + _street_stop(m)
    return "Saint" if m[0] == "St." or re.match(r" [A-Z]", after(m)) else m[0]


def _street_stop(m: re.Match[str]) -> str:
    """A street before a capital ends the sentence, unless the address or its name continues."""
    goes_on = re.match(
        r"\s(?:[NSEW][EW]?\b|Blvd|Station|Apt|Suite|Ste|Unit|Bridge|Market|School|Church|Jr|[A-Z]\b)", after(m)
    )
    return "" if goes_on else final_stop(m)


def _named_street(m: re.Match[str]) -> str:
    return STREETS[m[1]] + _street_stop(m)


def _company(m: re.Match[str]) -> str:
    """After a name. `Co` and `Bros` have no other meaning."""
    return COMPANIES[m[1]] + name_stop(m) if re.search(r"(?<!\w)[A-Z][\w'&]*,? $", before(m)) else m[0]


def _drive(m: re.Match[str]) -> str:
    """`Martin Luther King Dr.`: after a name and not before one."""
    return "Drive" + final_stop(m) if re.search(r"(?<!\w)[A-Z][\w']+ $", before(m)) else m[0]


def _address(m: re.Match[str]) -> str:
    return m[1] + STREETS[m[2]] + _street_stop(m)


def _compass(m: re.Match[str]) -> str:
    name = {"N": "north", "S": "south", "E": "east", "W": "west"}
    return COMPASS.get(m[1]) or " ".join(name[c] for c in m[1])


def _state(m: re.Match[str]) -> str:
    return STATES[m[1]] + name_stop(m)


def _letters(m: re.Match[str]) -> str:
    """Spell `M. A. R. I. A.`."""
    return " ".join(re.findall("[A-Z]", m[0])) + name_stop(m)


def _initial(m: re.Match[str]) -> str:
    """`J. Smith`, `E. coli`. After `Plan B.` or `vitamin C.` a sentence may end."""
    if re.search(
        r"\b(?:[Pp]lan|[Vv]itamin|[Gg]rade|[Tt]eam|[Oo]ption|[Tt]ype|[Gg]roup|[Ss]ection|Exhibit|Hepatitis|"
        r"[Pp]oint|[Cc]lass|Appendix|Avenue|[Bb]uilding|[Gg]ate|[Pp]art|[Ll]evel|[Ss]ide|U S) $",
        before(m),
    ):
        return m[0]
    return m[1] + name_stop(m)


def _initials(m: re.Match[str]) -> str:
    at_end = m[0].endswith(".") and not after(m).strip(" \"')]")
    stop = "" if m[0].lower() in _NO_STOP else name_stop(m) or "." * at_end
    return " ".join(m[0].replace(".", "").upper()) + stop


_UNITS_TOO = frozenset("min Min mi pkg pkgs lg sm med".split())
_NO_STOP = frozenset(("p.o.", "p.s."))


def _numbered(m: re.Match[str]) -> str:
    return BEFORE_NUMBER[m[1].lower()] + " "


SIGN = re.compile(r"[\d/&#]|\b[A-Za-z]\.|\b[NSEW]{1,3}\b")  # without it or one of `KNOWN` no rule matches
KNOWN = frozenset(
    name
    for table in (TITLES, ABBREVIATIONS, ALWAYS_ABBREVIATIONS, STATES, STREETS, COMPANIES, SHORTHAND)
    for key in table
    for name in re.findall("[A-Za-z]+", key)
) | frozenset(
    "svg serv srv yr yrs sat Sat adj Adj PhD PhDs Ph pt pts med Med div Div v DR MR MRS MS App Apt Rm Tab Sec".split()
)
RULES: tuple[Rule, ...] = (
    (re.compile(r"\bSec\.-Gen\."), "Secretary General"),
    (re.compile(r"\bJr\. (?=(?:Blvd|Ave|St|Dr|Way|Hwy|Pkwy|Rd)\b)"), "Junior "),
    (
        re.compile(r"(?<=\d )((?:[NSEW]\.? )?(?:[A-Z][\w']+ ){1,3})Dr\b\.?(?! [A-Z][a-z]+ [A-Z])"),
        lambda m: f"{m[1]}Drive{_street_stop(m)}",
    ),
    (re.compile(r"(?<=[a-z]{3} )(Dr)\b\.?(?=[,;)]|\s*$|\s(?:in|and|is|at|near|on)\b)"), _drive),
    (re.compile(r"(?<=\d )([NSEW]{1,2})\.?(?= (?:[A-Z][a-z]|\d))"), lambda m: COMPASS.get(m[1], m[0])),
    (re.compile(rf"\b({TITLE})\.(?=\s|$)"), lambda m: TITLES[m[1]]),
    (re.compile(r"\b(Dr|Mr|Mrs|Ms|Mx)\b(?=\s+[A-Z])"), lambda m: TITLES[m[1]]),
    (
        re.compile(r"\b(Prof|Sgt|Capt|Lt|Sen|Gov|Rev|Gen|Maj|Cpl|Cmdr|Col|Pvt|Rep)(?=\s(?:[A-Z][a-z]|[A-Z]\. ))"),
        lambda m: TITLES[m[1]],
    ),
    (re.compile(r"\b(DR|MR|MRS|MS)\b\.?(?=\s+[A-Z]{2})"), lambda m: TITLES[m[1].capitalize()].upper()),
    (re.compile(r"\bSt\b\.?"), _saint_or_street),
    (re.compile(rf"(?<=\d(?:st|nd|rd|th) )({_STREET})\b\.?"), _named_street),
    (re.compile(r"(?<=[a-z] )(?<=\w\w\w )(Rd|Ln|Ave|Blvd|Pkwy|Fwy|Tpke|Expy)\b\.?"), _named_street),
    (re.compile(rf"(?<=\d )([A-Z][\w']+ (?:[A-Z][\w']+ )?)({_STREET})\b\.?"), _address),
    (
        re.compile(
            behind("Avenue ", "Street ", "Boulevard ", "Road ", "Drive ", "Lane ") + r"([NS][EW]|[NSEW])\b\.?(?!\w|')"
        ),
        _compass,
    ),
    (
        re.compile(
            r"\b([NS][NS]?[EW]|[EW][NS][EW])(?=[ -](?:winds?|corner|side|coast|of|breeze|gusts?|gale|quadrant|swell)\b)"
        ),
        _compass,
    ),
    (re.compile(behind("heading ", "facing ", "blowing ", "head ") + r"([NS][EW])\b"), _compass),
    (
        re.compile(r"(?<=[A-Za-z\d] )(Inc|Corp|Ltd|Co|Bros|Mfg)\b(?=[,;:)']|\.|\s*$|\s(?!Z)[a-z&])(?:\.(?!\w))?"),
        _company,
    ),
    (re.compile(rf"\b({CLEAR_STATES})\.(?!\w)"), _state),
    (re.compile(behind("[a-z], ", r"\bin ", "from ", "near ", r"\bto ", r"\bof ") + rf"({_STATE})\.(?!\w)"), _state),
    (re.compile(r"(?<=[a-z.A-Z] )v\.(?= [A-Z])"), "versus"),
    (re.compile(r"(?<=[a-z,] )No (?=\d{1,3}\b(?! ?(?:more|less|of|or|and)\b))"), "number "),
    (re.compile(r"(?<=[a-z]-)yrs?\b(?:\.(?=\s[a-z]))?"), "year"),
    (re.compile(r"\b[Aa]dj\.? (?=E|earn|net|oper|diluted|gross|prof|income)"), "adjusted "),
    (re.compile(r"(?<=\d )est\b\.?(?!\s?\d)"), "estimate"),
    (re.compile(r"(?<=GDP )p\.c\."), "per capita"),
    (re.compile(r"\b[Ss]at\.? (?=fats?\b)"), "saturated "),
    (re.compile(r"(?<=[Pp]er )(?:svg|serv|srv)\b\.?"), "serving"),
    (re.compile(r"(?<=\w)-&-(?=\w)"), " and "),
    (re.compile(r"\b[Dd]iv\.? (?=yield|payout|per\b|/)"), "dividend "),
    (re.compile(r"\b[Mm]ed\.?(?=(?:-| to )(?:high|low|rare)\b| heat\b| rare\b)"), "medium"),
    (re.compile(rf"\b([DRI])-({_STATE})\."), lambda m: f"{m[1]}, {STATES[m[2]]}"),
    (re.compile(r"\b([Tt]he|[Tt]his|[Ee]ach) pts?\.(?= [a-z])"), r"\1 patient"),
    (re.compile(r"\b(Hwy|Rte)\b\.?(?= \d)"), lambda m: BEFORE_NUMBER[m[1].lower()].capitalize()),
    (re.compile(r"\b(vol|ch|fig|figs|pg|pgs|eq|apt|ref|refs|chap|[Ss]te|[Rr]m|[Ff]lt)\.?\s(?=\d)"), _numbered),
    (re.compile(r"(?<![\w.])[Ee]st\b\.?(?= ?\d{4})"), "established"),
    (re.compile(r"\b(Fig|Tab|Sec|App|Apt|Rm|Vol|Ch|Bldg|Ste|Ex|Eq|Sched)\.\s?(?=[A-Z]\b)"), _numbered),
    (re.compile(r"\b(Apt|Rm|Bldg|Ste)\s(?=[A-Z]\b)"), _numbered),
    (re.compile(rf"(?<![\d-] )(?<!\d)(?<![A-Z]\.)\b({NUMBERED})\.\s?(?=\(?\d)", re.IGNORECASE), _numbered),
    (re.compile(r"#\s?(?=\d)"), "number "),
    (
        re.compile(r"\bPh\.?\s?D(?!\w)\.?|\bPhDs\b"),
        lambda m: "P H D's" if m[0].endswith("s") else "P H D" + final_stop(m),
    ),
    (re.compile(rf"(?<![\w.])({ABBREVIATION})\.(?![A-Za-z])"), _abbreviation),
    (re.compile(rf"(?<![\w.@/&-])(?<!\d )({_ALWAYS})(?![\w@/'.&-]|\.\w)"), lambda m: ALWAYS_ABBREVIATIONS[m[1]]),
    (re.compile(rf"(?<![\w.@/])({_SHORTHAND})(?![\w@/]|\.\w)"), lambda m: SHORTHAND[m[1]]),
    (
        re.compile(
            r"(?<![A-Za-z]\.)\b(?:(?:[A-Z]\.){2,}(?:[A-Z]\b(?!\.))?|(?:[a-z]\.){2,}(?![A-Za-z])|[A-Z]\.[A-Z]\b(?!\.))"
        ),
        _initials,
    ),
    (re.compile(r"(?<!\w\. )\b[A-Z]\.(?: [A-Z]\.){2,}(?!\w)"), _letters),
    (re.compile(r"(?<!')\b((?!I\b|(?<=[AP] )M)[A-Z])\.(?=\s+[A-Z][\w'.])"), _initial),
    (re.compile(r"(?<!')(?<!\b[A-Z] )\b((?!I\b|A\b)[A-Z])\.(?=\s[a-z]{3})"), r"\1"),
    (re.compile(r"\b(?!A/B)([A-Z])/([A-Z])\b(?!/)"), r"\1 \2"),
    (re.compile(r"\b([A-Z]{1,4})&([A-Z]{1,4})\b"), lambda m: f"{' '.join(m[1])} and {' '.join(m[2])}"),
)
