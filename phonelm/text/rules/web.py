"""Web and e-mail addresses, hashtags and handles."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule
from phonelm.text.rules.numbers import digits

SIGNS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", ",": "comma", ";": "semicolon",
    "!": "exclamation mark",
}  # fmt: skip
DOMAINS = (
    "com org net edu gov mil int info biz io ai co dev app me tv fm ly uk us eu de fr es it nl ch at be se no "
    "dk fi pl ru cn jp kr in au nz ca br mx za ie"
).split()
READ_AS_WORDS = frozenset("com org net edu gov info biz dev app me co int mil".split())

_DOMAIN = "|".join(DOMAINS)
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # RFC 1035: 63 characters
_HOST = rf"(?:{_NAME}\.){{1,8}}(?:{_DOMAIN})(?![\w-]|\.\w)"


def _address(m: re.Match[str]) -> str:
    """Name every sign except those of the scheme and a final slash."""
    text = re.sub(r"^(?:https?|ftp)://|^mailto:|/$", "", m[0])
    return f" {' '.join(_part(part) for part in re.findall(r'[A-Za-z]+|.', text))} "


def _part(part: str) -> str:
    if part in SIGNS:
        return SIGNS[part]
    spell = part.isalpha() and part.isascii() and len(part) > 1 and part not in READ_AS_WORDS
    if spell and (part in DOMAINS or not re.search("[aeiouyAEIOUY]", part)):
        return " ".join(part.upper())
    return part


SUFFIXES = (
    "pdf txt html htm css js ts py rb rs go java cpp hpp json yaml yml toml xml csv tsv md png jpg jpeg gif svg "
    "webp mp3 mp4 wav "
    "flac ogg avi mov mkv zip tar gz rar exe dll iso doc docx xls xlsx ppt pptx sh bat ini cfg conf log sql db env lock"
).split()
_SUFFIX = "|".join(sorted(SUFFIXES, key=len, reverse=True))
_SAID_SUFFIXES = frozenset("zip tar log lock java go env doc conf bat mov iso".split())


def _file_suffix(m: re.Match[str]) -> str:
    if m[1] in _SAID_SUFFIXES:
        return f" dot {m[1]}"
    return " dot " + " ".join(digits(c) if c.isdigit() else c for c in m[1].upper())


def _hashtag(m: re.Match[str]) -> str:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^A-Za-z\d_]+", m[1])
    return f" hashtag {' '.join(words)}"


def _handle(m: re.Match[str]) -> str:
    return " at " + re.sub("_+", " underscore ", m[1])


SIGN = re.compile(r"\.\w|[/@#~]|://")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w&/])#(?=[A-Z]{1,5}-?\d)"), "number "),
    (re.compile(r"(?<!\S)\.{1,2}/(?=\w)"), "dot slash "),
    (re.compile(r"(?:(?<=-beta)|(?<=-alpha)|(?<=-rc))\.(?=\d)"), " dot "),
    (re.compile(r"\b(?:https?|ftp)://[^\s<>\"]*[\w/]"), _address),
    (re.compile(r"\b(?:mailto:)?[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}\b"), _address),
    (re.compile(rf"(?<![\w@.-])(?:www\.[\w-][^\s<>\"]*[\w/]|{_HOST}(?::\d+)?(?:/[^\s<>\"]*[\w/]|/)?)"), _address),
    (re.compile(r"(?<!\w)~/"), " tilde slash "),
    (re.compile(r"(?<=[\s/])\.(?=[a-z]{2})(?!NET)"), " dot "),
    (re.compile(r"(?<=/)\.(?=[A-Za-z_])"), "dot "),
    (re.compile(rf"(?<=\w)\.({_SUFFIX})(?![\w-]|\.\w)"), _file_suffix),
    (re.compile(r"(?<=\d)\.(?=[a-z]\b|[A-Za-z]{2,})(?![A-Z][a-z]+ )"), " dot "),
    (re.compile(r"(?<![\w&#/])#((?=\w*[A-Za-z])\w+)"), _hashtag),
    (re.compile(r"(?<![\w@/])@(\w+)"), _handle),
)
