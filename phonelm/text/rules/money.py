"""Amounts of money, with a sign or a code before or after the number."""

from __future__ import annotations

import re
from typing import NamedTuple

from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.numbers import NUMBER, SCALES, adjective, number


class Currency(NamedTuple):
    one: str
    many: str
    cent: str = "cent"
    cents: str = "cents"


DOLLAR, POUND, EURO = (
    Currency("dollar", "dollars"),
    Currency("pound", "pounds", "penny", "pence"),
    Currency("euro", "euros"),
)
YEN, RUPEE, YUAN = Currency("yen", "yen"), Currency("rupee", "rupees", "paisa", "paise"), Currency("yuan", "yuan")
FRANC, WON, BITCOIN = Currency("Swiss franc", "Swiss francs"), Currency("won", "won"), Currency("bitcoin", "bitcoins")


def _of(country: str, currency: Currency) -> Currency:
    return currency._replace(one=f"{country} {currency.one}", many=f"{country} {currency.many}")


US, CANADIAN, AUSTRALIAN = _of("U S", DOLLAR), _of("Canadian", DOLLAR), _of("Australian", DOLLAR)
CURRENCIES = {
    "US$": US, "CA$": CANADIAN, "C$": CANADIAN, "AU$": AUSTRALIAN, "A$": AUSTRALIAN, "NZ$": _of("New Zealand", DOLLAR),
    "HK$": _of("Hong Kong", DOLLAR), "S$": _of("Singapore", DOLLAR),
    "R$": Currency("real", "reais", "centavo", "centavos"), "$": DOLLAR, "£": POUND, "€": EURO, "¥": YEN, "₹": RUPEE,
    "₩": WON, "₽": Currency("ruble", "rubles", "kopek", "kopeks"), "₿": BITCOIN, "₪": Currency("shekel", "shekels"),
    "₺": Currency("lira", "lira"), "₴": Currency("hryvnia", "hryvnia"), "USD": US, "CAD": CANADIAN, "AUD": AUSTRALIAN,
    "EUR": EURO, "GBP": POUND, "JPY": YEN, "INR": RUPEE, "CNY": YUAN, "RMB": YUAN, "CHF": FRANC, "KRW": WON,
    "BTC": BITCOIN, "SEK": Currency("Swedish krona", "Swedish kronor"),
    "NOK": Currency("Norwegian krone", "Norwegian kroner"), "DKK": Currency("Danish krone", "Danish kroner"),
    "PLN": Currency("zloty", "zloty"), "MXN": Currency("Mexican peso", "Mexican pesos"),
    "ZAR": Currency("rand", "rand"), "NZD": _of("New Zealand", DOLLAR), "HKD": _of("Hong Kong", DOLLAR),
    "SGD": _of("Singapore", DOLLAR),
}  # fmt: skip
POINT_FOR_DECIMALS = frozenset("$ £ ¥ ₹ US$ CA$ C$ AU$ A$ NZ$ HK$ S$ USD GBP CAD AUD NZD JPY INR".split())
RATES = {
    "h": "hour", "hr": "hour", "hour": "hour", "day": "day", "night": "night", "wk": "week", "week": "week",
    "mo": "month", "month": "month", "yr": "year", "year": "year", "person": "person", "lb": "pound", "kg": "kilogram",
    "oz": "ounce", "gal": "gallon", "gallon": "gallon", "mile": "mile", "mi": "mile", "min": "minute",
    "minute": "minute", "s": "second", "sec": "second", "unit": "unit", "user": "user", "seat": "seat", "head": "head",
    "kWh": "kilowatt hour", "share": "share", "bbl": "barrel", "barrel": "barrel", "ton": "ton", "tonne": "tonne",
    "ounce": "ounce", "pound": "pound", "acre": "acre", "piece": "piece", "serving": "serving", "ea": "each",
    "dozen": "dozen", "doz": "dozen", "pax": "person", "guest": "guest", "ticket": "ticket",
    "gram": "gram", "bottle": "bottle", "class": "class", "lesson": "lesson", "visit": "visit",
    "sq ft": "square foot", "sqft": "square foot", "GB": "gigabyte", "call": "call", "page": "page", "word": "word",
}  # fmt: skip

_NO_NOUN = (
    "and|but|for|from|that|which|who|was|were|are|has|had|have|will|would|can|could|with|per|each|into|than|you|they|she|"
    "this|these|his|her|our|its|not|more|less|over|under|before|after|when|while|because|since|until|off|out|down|the|goes|"
    "went|came|comes|does|did|may|might|must|should|spent|paid|earned|raised|lost|owed|needed|left"
)
_SIGN = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_SCALE = r"(?:thousand|(?:m|b|tr)illion|mm|MM|[kKmMbB]n?|[tT]n?)(?![A-Za-z\d])"
_AMOUNT = rf"(?:\d{{1,3}}(?:\.\d{{3}})+(?:,\d\d)?|\d+,\d\d(?!\d|,\d)|{NUMBER})"  # also 1.234,56 and 1,50
_RATE = rf"(?:\s?/\s?(?P<rate>{'|'.join(sorted(RATES, key=len, reverse=True))})\b(?:\.(?=\s[a-z]))?)?"


def _amount(written: str, m: re.Match[str]) -> str:
    """1,234.56 and 1.234,56 as 1234.56.

    One point and three digits are decimals before a scale, and in an English sentence about dollars. The country of an
    amount without context is unknown, and thousands are more common.
    """
    english = m["sign"] in POINT_FOR_DECIMALS and re.search(r"[A-Za-z]{2}", before(m) + after(m))
    if re.fullmatch(r"\d{1,3}\.\d{3}", written) and (m["scale"] or english):
        return written
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d\d)?|\d+,\d\d", written):
        return written.replace(".", "").replace(",", ".")
    return written.replace(",", "")


def _attribute(m: re.Match[str]) -> bool:
    """Whether the amount is before what it measures: `a $5 bill`, `the bill's $1.9tn price tag`."""
    if adjective(m):
        return True
    owned = re.search(
        r"(?:'s|\b(?:[Tt]he|[Ii]ts|[Tt]heir|[Hh]is|[Hh]er|[Oo]ur|[Mm]y|[Yy]our|[Tt]his|[Tt]hat)) $", before(m)
    )
    return bool(owned and re.match(r" (?!(?:" + _NO_NOUN + r")\b)[a-z]{3,}| [A-Z]{3,}\b", after(m)))


def _money(m: re.Match[str]) -> str:
    currency, scale = CURRENCIES[m["sign"]], m["scale"]
    low = f"{number(_amount(m['low'], m))} to " if m["low"] else ""
    spoken = low + _said(
        currency, _amount(m["amount"], m), scale and SCALES.get(scale.lower(), scale), _attribute(m), bool(low)
    )
    return f" {spoken} per {RATES[m['rate']]}" if m["rate"] else f" {spoken} "


def _said(currency: Currency, amount: str, scale: str | None, singular: bool, plural: bool) -> str:
    whole, _, fraction = amount.partition(".")
    whole = whole.lstrip("0") or "0"
    cents = int(fraction) if len(fraction) == 2 else 0
    if scale or (fraction and len(fraction) != 2):
        amount = amount.rstrip("0") if len(fraction) > 2 and int(fraction[:9]) else amount
        return f"{number(amount)} {scale or ''} {currency.one if singular else currency.many}"
    if singular and not cents:
        return f"{number(whole)} {currency.one}"
    one = whole == "1" and not plural
    parts = [f"{number(whole)} {currency.one if one else currency.many}"] if whole != "0" or not cents else []
    if cents:
        parts.append(f"{number(str(cents))} {currency.cent if fraction == '01' else currency.cents}")
    return " and ".join(parts)


def _cents(m: re.Match[str]) -> str:
    """`5c` is an amount. `Table 2c` and `room 3c` are names."""
    named = re.search(r"(?:^|[^\w])(?:[A-Z][a-z]+|room|seat|flat|type|class)\.? $", before(m))
    return m[0] if named else f"{number(m[1])} cent{'' if m[1] == '1' else 's'}"


_FIRST = rf"(?P<low>{_AMOUNT})\s?(?:-|to|–)\s?(?:(?P=sign)\s?)?(?=\d)"
SIGNS: tuple[Rule, ...] = (  # signs without an amount
    (re.compile(r"(?:^|(?<=[:.] ))\$ (?=[a-z~./]{2})"), ""),  # shell prompt
    (re.compile(r"(?<!\w)\$([A-Z]{1,5})\b(?!\s?\d)"), lambda m: " ".join(m[1])),
    (re.compile(r"(?<![\w$£€¥])([$£€¥])/([$£€¥])(?!\w)"), lambda m: f"{CURRENCIES[m[1]].one} {CURRENCIES[m[2]].one}"),
)
RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.,/])(\d{1,2})c\b(?!\.)(?= |[,;]|$)"), _cents),
    (
        re.compile(
            rf"(?<![A-Za-z])(?P<sign>{_SIGN})\s?(?:{_FIRST})?(?P<amount>{_AMOUNT})(?:\s?(?P<scale>{_SCALE}))?{_RATE}(?![A-Za-z\d])"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?<![\w.,])(?:(?P<low>{_AMOUNT})\s?(?:-|to)\s?)?(?P<amount>{_AMOUNT})\s?(?:(?P<scale>{_SCALE})\s?)?(?P<sign>{_SIGN})(?![A-Za-z\d]){_RATE}"
        ),
        _money,
    ),
    (
        re.compile(r"(?<![\w.,])(?P<amount>\d+)\s?(?:¢|ct)(?!\w)"),
        lambda m: f" {number(m['amount'])} cent{'' if m['amount'] == '1' else 's'} ",
    ),
)
