"""Chemical formulas: elements are spelled, numbers are read as numbers."""

from __future__ import annotations

import re

from phonelm.text.guesses import can_be_said
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

IONS = "Na|Li|Ag|Cl|Br|Rb|Cs|Cu|K|H"

_ELEMENT = "|".join(ELEMENTS)


def _formula(m: re.Match[str]) -> str:
    name = re.fullmatch(r"([A-Z]{3,})\d\d", m[1])
    if name and can_be_said(name[1].lower()):  # COP28
        return m[0]
    parts = re.findall(rf"({_ELEMENT}|[()])(\d*)", m[1])
    names = [f"{' '.join(element.upper())} {words(int(n)) if n else ''}" for element, n in parts if element not in "()"]
    charge = {"+": " plus", "-": " minus", "": ""}[m["charge"] or ""]
    return re.sub(" +", " ", " ".join(names)).strip() + charge


def _ion(m: re.Match[str]) -> str:
    """`Na+` and `Cl-`. `B-` and `K-` are grades or parts of words."""
    if m[2] == "-" and len(m[1]) == 1:
        return m[0]
    return f"{' '.join(m[1].upper())} {'plus' if m[2] == '+' else 'minus'}"


SIGN = re.compile(r"H2O|[A-Z][a-z]?[A-Z\d+-]")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(r"\bdd?(?=H2O\b)"), lambda m: "D " * len(m[0])),
    (re.compile(rf"(?<![\w.+-])({IONS})([+-])(?=[\s,.;:)/]|$)"), _ion),
    (re.compile(rf"(?<![\w.-])({'|'.join(SALTS)})(?P<charge>)(?![\w-])"), _formula),
    (
        re.compile(
            rf"(?<![\w.-])(?!WW\d)((?=(?:[A-Z][a-z]?)+\d)(?:(?:{_ELEMENT})\d{{0,2}}){{2,8}}|(?:H|N|O|F|Cl|Br|Ca|Mg|Fe|Na|K|Cu|Zn|Al)\d)"
            r"(?P<charge>[+-])?(?![\w-])"
        ),
        _formula,
    ),
)
