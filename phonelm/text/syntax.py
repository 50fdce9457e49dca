"""Corrects part-of-speech tags by the clause around a word. The tagger itself sees a window of two words.

A tag is changed only if the pronunciation depends on it: `verbs` are the words that sound different as a verb.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import pairwise

from phonelm.text.arpabet import PAUSES

Tagged = tuple[str, str]  # a word or pause, and its Penn Treebank tag

_PAST = frozenset("yesterday ago last".split())
_HAVE = frozenset("have has had".split())
_HABIT = frozenset("every each always often usually sometimes daily generally typically rarely regularly".split())
_BEFORE_VERB = frozenset("will would can could should must might may cannot i we they you please let's".split())
_DETERMINERS = frozenset("the a an your my his her their our its this that these those all each".split())
_OBJECTS = _DETERMINERS | frozenset("it them me us him both any some every no one two both either".split())
_POSSESSIVES = frozenset("your my his her their our its".split())
_LEADS = frozenset("then please now just never always not don't also first next finally simply carefully".split())
_AFTER_COMMAND = frozenset("with up down into".split())
_USE_NOUNS = frozenset("case cases fee fees tax taxes value values permit permits rates by".split())  # use cases
_PLURALS = frozenset(
    "people children men women fish police sheep deer folk cattle majority mice geese bacteria nuclei fungi alumni "
    "data media criteria phenomena".split()
)
_QUANTIFIERS = frozenset("some many most few others several both".split())  # without a noun: `Some live for years`
_PRONOUNS = frozenset("i we you they".split())
_BETWEEN = frozenset("all both always often usually sometimes still also never rarely only now".split())
_COMPOUNDING = frozenset("sales sports news arms goods savings customs earnings operations communications".split())
_CLAUSE = frozenset(
    "that because if when while where since before after until though although as than who which what how why whether "
    "so but and or then".split()
)
_FINITE = ("VBZ", "VBD", "VBP", "MD")


def correct(tagged: Sequence[Tagged], verbs: Container[str] = ()) -> list[Tagged]:
    """The same words with corrected tags.

    A verb after a modal, in a command (`Close the lid`), after a plural subject (`Dogs live here`); the past in
    `I read it long ago`, `have you ever read it`; the present in `They read every day`.
    """
    tagged = _with_nouns(tagged, verbs)
    past = any(tag == "VBD" and word.lower() != "read" or word.lower() in _PAST for word, tag in tagged)
    result: list[Tagged] = []
    perfect = False
    for i, (word, tag) in enumerate(tagged):
        if tag.startswith(("NN", "JJ")) and _is_verb(tagged, i):
            tag = "VB"
        elif word.lower() in verbs and not tag.startswith("V") and (_commands(tagged, i) or _has_subject(tagged, i)):
            tag = "VB"
        if word.lower() in _HAVE:
            perfect = True
        elif perfect and tag in ("VB", "VBP"):
            tag, perfect = "VBN", False
        elif not tag.startswith(("RB", "PRP")):
            perfect = False
        if tag == "VBP" and past:
            tag = "VBD"
        elif word.lower() == "read" and tag == "VBD" and not past and _is_present(tagged, i):
            tag = "VBP"
        result.append((word, tag))
    return result


def _with_nouns(tagged: Sequence[Tagged], verbs: Container[str]) -> list[Tagged]:
    """Tag a form in -s before another verb as a plural: `Storm winds wind down`."""
    result = list(tagged)
    for i, ((word, tag), (after, next_tag)) in enumerate(pairwise(tagged)):
        lower = word.lower()
        if tag == "VBZ" and lower in verbs and (next_tag in _FINITE or lower == after.lower() + "s"):
            result[i] = (word, "NNS")
    return result


def _is_verb(tagged: Sequence[Tagged], i: int) -> bool:
    after = tagged[i + 1][0].lower() if i + 1 < len(tagged) else ""
    if i == 0:
        return after in _DETERMINERS
    return tagged[i][1] in ("NN", "NNP") and tagged[i - 1][0].lower() in _BEFORE_VERB


def _commands(tagged: Sequence[Tagged], i: int) -> bool:
    """Whether it is a verb without a subject: `Use it`, `Save and close all tabs`, `Wind down before bed`."""
    if i + 1 == len(tagged):
        return False
    word, (after, tag) = tagged[i][0].lower(), tagged[i + 1]
    before = tagged[i - 1] if i else (".", ".")
    starts = before[0] in PAUSES or before[0].lower() in _LEADS
    if word == "use" and starts and tag.startswith(("NN", "JJ", "CD")):
        return after.lower() not in _USE_NOUNS
    if starts and (after.lower() in _AFTER_COMMAND or tag == "RB" and after.lower().endswith("ly")):
        return not _verb_after(tagged, i)
    objects = _POSSESSIVES if word == "live" else _OBJECTS
    return (starts or before[1] == "CC" and not _has_noun(tagged[: i - 1])) and after.lower() in objects


def _has_noun(tagged: Sequence[Tagged]) -> bool:
    return any(tag.startswith(("NN", "PRP")) for _, tag in tagged)


def _has_subject(tagged: Sequence[Tagged], i: int) -> bool:
    """Whether a plural is just before the word and the clause has no other verb: `Shops close at five`."""
    if tagged[i][0].lower().endswith("s") and not tagged[i][0].lower().endswith("ss"):  # the verb of a singular
        return False
    at = i - 1
    while at >= 0 and tagged[at][0].lower() in _BETWEEN:
        at -= 1
    if at < 0:
        return False
    word, tag = tagged[at][0].lower(), tagged[at][1]
    if word in _PRONOUNS:
        return True
    if word in _QUANTIFIERS and (at == 0 or tagged[at - 1][0] in PAUSES):
        return i + 1 == len(tagged) or not tagged[i + 1][1].startswith(("NN", "JJ", "V"))
    names = tag == "NNP" and at > 1 and tagged[at - 1][0].lower() == "and" and tagged[at - 2][1] == "NNP"
    plural = tag in ("NNS", "NNPS") and word not in _COMPOUNDING or word in _PLURALS or names
    if not plural:
        return False
    before = at - 2 if names else at
    return not (_verb_before(tagged, before) or _verb_after(tagged, i))


def _verb_before(tagged: Sequence[Tagged], at: int) -> bool:
    """Whether a verb of the same clause is before a word, which is then its object."""
    for word, tag in reversed(tagged[:at]):
        if word in PAUSES or word.lower() in _CLAUSE:
            return False
        if tag.startswith("V") and tag != "VBN" or tag == "MD":
            return True
    return False


def _verb_after(tagged: Sequence[Tagged], i: int) -> bool:
    for word, tag in tagged[i + 1 :]:
        if word in PAUSES or word.lower() in _CLAUSE:
            return False
        if tag in _FINITE:
            return True
    return False


def _is_present(tagged: Sequence[Tagged], i: int) -> bool:
    """Whether `read` is a command, a habit, or about people in general: `Children read better at home`."""
    before = tagged[i - 1] if i else (".", ".")
    if before[0] in PAUSES or before[1] == "CC":
        return not _has_noun(tagged[:i])
    after = tagged[i + 1][1] if i + 1 < len(tagged) else "."
    if before[1] not in ("NNS", "NNPS") and before[0].lower() not in _PRONOUNS | _PLURALS:
        return False
    if any(word.lower() in _HABIT for word, _ in tagged):
        return True
    general = before[0].lower() not in _PRONOUNS and (i == 1 or tagged[i - 2][0] in PAUSES)
    return general and after not in ("DT", "PRP", "PRP$")
