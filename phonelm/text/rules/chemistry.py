"""Chemical formulas: elements are spelled, numbers are read as numbers."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule
from phonelm.text.rules.numbers import words

ELEMENTS = (
    "He Li Be Ne Na Mg Al Si Cl Ar Ca Sc Ti Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Zr Mo Ag Cd Sn Sb Te "
    "Xe Cs Ba Pt Au "
    "Hg Pb Bi Ra Th Pu H B C N O F P S K V I U W Y"
).split()
SALTS = (
    "NaCl NaOH NaF NaI NaBr NaH KCl KOH KBr KI KF HCl HBr HF HCN LiCl LiF LiOH AgCl AgBr CaO MgO ZnO CuO FeO "
    "FeS ZnS PbS CdS "
    "GaAs GaN SiC TiN HgS CuS NiO CoO BaO AlN SnO CsCl TlCl"
).split()

_ELEMENT = "|".join(ELEMENTS)


def _formula(m: re.Match[str]) -> str:
    parts = re.findall(rf"({_ELEMENT}|[()])(\d*)", m[1])
    names = [f"{' '.join(element.upper())} {words(int(n)) if n else ''}" for element, n in parts if element not in "()"]
    charge = {"+": " plus", "-": " minus", "": ""}[m["charge"] or ""]
    return re.sub(" +", " ", " ".join(names)).strip() + charge


RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w.-])({'|'.join(SALTS)})(?P<charge>)(?![\w-])"), _formula),
    (
        re.compile(
            rf"(?<![\w.-])((?=(?:[A-Z][a-z]?)+\d)(?:(?:{_ELEMENT})\d{{0,2}}){{2,8}}|(?:H|N|O|F|Cl|Br|Ca|Mg|Fe|Na|K|Cu|Zn|Al)\d)"
            r"(?P<charge>[+-])?(?![\w-])"
        ),
        _formula,
    ),
)
