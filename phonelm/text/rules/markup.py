"""Removes the markup of Markdown and HTML."""

from __future__ import annotations

import html
import re

from phonelm.text.rules import Rule

TAGS = "a b i u s p em strong br hr h[1-6] ul ol li code pre span div sub sup img table tr td th blockquote small mark"
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});")

_TAG = "|".join(TAGS.split())
_ATTRIBUTE = r"\s+[\w:-]+=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s<>\"']+)"


def unescape(text: str) -> str:
    """Replace HTML character references by their characters."""
    return ENTITY.sub(lambda m: html.unescape(m[0]), text)


def _row(m: re.Match[str]) -> str:
    cells = [cell.strip() for cell in m[1].split("|")]
    return "" if all(re.fullmatch(r":?-+:?", cell) for cell in cells) else ", ".join(cells)


def _box(m: re.Match[str]) -> str:
    return "to do: " if m[1] == " " else "done: "


def _heading(m: re.Match[str]) -> str:
    """The text of a heading without closing signs."""
    title = m[1].rstrip(" \t")
    bare = title.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else title


def _emphasis(m: re.Match[str]) -> str:
    """A line without pairs of `**`, `***` or `__` around words. A single sign is kept."""
    line, cut = m[0], set()
    opened: dict[str, re.Match[str]] = {}
    for sign in re.finditer(r"(?<!\*)\*{2,3}(?!\*)|(?<!_)__(?!_)", line):
        before, after = line[max(0, sign.start() - 1) : sign.start()], line[sign.end() : sign.end() + 1]
        if sign[0] in opened and before.strip(" \t*_"):
            cut |= {opened.pop(sign[0]).span(), sign.span()}
        elif after.strip(" \t*_"):
            opened[sign[0]] = sign
    parts, start = [], 0
    for begin, end in sorted(cut):
        parts.append(line[start:begin])
        start = end
    return "".join([*parts, line[start:]])


def _lines(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


SIGN = re.compile(r"[<>`~*_=|#+•‣◦▪●\[\\→-]|^[ \t]*\d{1,2}[.)]", re.MULTILINE)  # without these signs no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(rf"</?(?:{_TAG})(?:{_ATTRIBUTE})*\s*/?>"), " "),
    (re.compile(rf"</[A-Za-z][\w:-]{{0,30}}\s*>|(?<!\w)<[A-Za-z][\w:-]{{0,30}}(?:{_ATTRIBUTE})*\s*/?>"), " "),
    (re.compile(r"<!--[^<>\n]{0,500}-->|<[?!][A-Za-z][^<>\n]{0,200}>"), " "),
    (_lines(r"^[ \t]*(?:```|~~~)[ \t]*(?:[\w+-]+[ \t]*)?$"), ""),
    (_lines(r"^[ \t]*(?:([-*_])[ \t]*)(?:\1[ \t]*){2,}$|^[ \t]*=+[ \t]*$"), ""),
    (_lines(r"^[ \t]*\|(.*)\|[ \t]*$"), _row),
    (_lines(r"^[ \t]*(?:>[ \t]?)+(?=\s*\S)"), ""),
    (_lines(r"^[ \t]*#{1,6}[ \t]+(.*)$"), _heading),
    (_lines(r"^[ \t]*(?:[-*+][ \t]+)?\[([ xX])\][ \t]+"), _box),
    (_lines(r"^[ \t]*[-*+•‣◦▪●][ \t]+(?=\S)"), ""),
    (_lines(r"^[ \t]*(\d{1,2})[.)][ \t]+(?=\S)"), r"\1, "),
    (re.compile(r"!?\[([^\[\]\n]*)\]\(\s*[^\s()]+(?:\s+\"[^\"\n]*\")?\s*\)"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>"), r"\1"),
    (re.compile(r"(?<!`)`+(?:\$ )?([^`\n]+)`+"), r"\1"),
    (_lines(r"^.*(?:\*\*|__).*$"), _emphasis),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w@/.])_(?=[^\s_])([^_\n]*?[^\s_])_(?!\w)"), r"\1"),
    (re.compile(r"(?<!=)==(?=[^\s=])([^=\n]+)==(?!=)"), r"\1"),
    (re.compile(r"(?<=\s)(?:-{1,2}|=)>(?=\s)"), "to"),
    (re.compile(r"(?<=[\w)\]])\s?→\s?(?=[\w(\[])"), " to "),
    (re.compile(r"~~(?=\S)([^~\n]+)~~"), r"\1"),
    (re.compile(r"\\([*_#`\[\]()~>!.{}-])"), r"\1"),
)
