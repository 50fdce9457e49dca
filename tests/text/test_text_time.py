"""Time of the normaliser and the splitter: linear for each rule and for all of them together, on runs."""

import importlib
import pkgutil
import re

import pytest

from phonelm.text import errors, normalizer, overrides, rules, sentences
from tests.text.rule_runs import runs, seconds, units

SIZES = (1000, 2000, 4000)
GROWTH = 1.3  # times linear
SHORT, SHORT_S = 600, 0.05  # the page's limit in characters
FLOOR_S = 0.0005  # 4,000 characters in less: no power of the length but the first fits in
TABLES = ("RULES", "EARLY", "LATE")
MODULES = (
    normalizer, overrides, sentences,
    *(importlib.import_module(f"{rules.__name__}.{m.name}") for m in pkgutil.iter_modules(rules.__path__)),
)  # fmt: skip


def all_rules() -> dict[str, tuple]:
    """Every rule of every table, and every pattern that a module compiles for itself."""
    found = {}
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found[f"{module.__name__}.{name}"] = (value, "")
            elif name in TABLES:
                found |= {f"{module.__name__}.{name}[{i}]": rule for i, rule in enumerate(value)}
    return found


RULES = all_rules()


def growth(work, texts) -> float:
    """The worst growth from one size to the next, over linear; 1.0 where the longest text takes hardly any time.

    A try that was disturbed looks like growth: before it counts, it is measured again, with more repeats.
    """
    for repeats in (1, 3, 10, 30):
        times = [seconds(lambda text=text: work(text), repeats) for text in texts]
        if times[-1] < FLOOR_S:
            return 1.0
        worst = max(b / a / (len(y) / len(x)) for (a, x), (b, y) in zip(zip(times, texts), list(zip(times, texts))[1:]))
        if worst <= GROWTH:
            break
    return worst


def normalised(text: str) -> None:
    try:
        normalizer.normalize(text)
    except errors.TextError:
        pass


def split(text: str) -> None:
    sentences.split_paragraphs(text)
    sentences.split_sentences(text)


def check(work, alphabet, sizes=SIZES) -> dict:
    """What grows too fast or takes too long, of runs of these units."""
    bad = {}
    for unit in alphabet:
        for kind, texts in enumerate(zip(*(runs(unit, size) for size in sizes))):
            if (worst := growth(work, texts)) > GROWTH:
                bad[unit, kind] = f"{worst:.2f} times linear"
        for kind, text in enumerate(runs(unit, SHORT)):
            if (took := min(seconds(lambda text=text: work(text), n) for n in (1, 5))) > SHORT_S:
                bad[unit, kind, SHORT] = f"{took:.3f} s"
    return bad


@pytest.mark.parametrize("name", RULES)
def test_every_rule_takes_linear_time(name):
    pattern, spoken = RULES[name]
    assert not check(lambda text: pattern.sub(spoken, text), units(pattern))


ALPHABET = sorted({unit for pattern, _ in RULES.values() for unit in units(pattern)})


def test_the_alphabet_holds_what_the_rules_look_for():
    assert set("aA1 .,-_`@#$&/'\"<>()[]") < set(ALPHABET) and len(RULES) > 60
    assert any(len(set(unit)) > 1 for unit in ALPHABET)


@pytest.mark.parametrize("unit", [".", "\n", "`", "1", "a.", "1,", "A", " ", "1 ", "a-", "🤷 ", "é"])
@pytest.mark.parametrize("work", [normalised, split])
def test_runs_take_linear_time(unit, work):
    assert not check(work, [unit])


@pytest.mark.slow
@pytest.mark.parametrize("work", [normalised, split])
def test_every_run_takes_linear_time(work):
    assert not check(work, ALPHABET, (300, 600, 1200))  # each rule alone is tried with longer ones, above
