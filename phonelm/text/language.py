"""Detects text in another language with Latin letters, by the most common words of each language."""

from __future__ import annotations

import re
from collections import Counter

COMMONEST = {
    "English": "the of and to in a is that it was for on with he as at by she they this have from or had are not but "
    "his her you we be i my me your so what there their one all will do if no has been who which when up "
    "out our",
    "German": "der die das und ist nicht ein eine einen zu den mit von für auf sich auch es dem wie im sie ich wir "
    "aber werden wird sind war bei oder nach noch nur über haben hat ihr",
    "French": "le la les et est une un des du que qui dans pour pas sur il elle ce cette nous vous ne se au aux "
    "avec son sont mais je être plus par ou c'est d'une",
    "Spanish": "el la los las y es una un de del que en por para con no se su al lo como más pero está son mi yo muy "
    "este esta hay fue",
    "Italian": "il lo la gli e è una un di del della che in per con non si nel sono al ma come più anche questo "
    "questa ha mi ci dei alla",
    "Portuguese": "o os a as e é uma um de do da dos que em no na por para com não se mais como mas foi ao são eu está "
    "isso",
    "Dutch": "de het een en van is dat niet in op te zijn met voor er aan ook als maar om hij ik bij wordt naar "
    "dit was ze nog",
    "Swedish": "och att det är en ett som på för med av inte den till jag har de om var vi men så från kan",
    "Danish": "og at det er en et som på for med af ikke den til jeg har de om var vi men så fra kan",
    "Polish": "i w na z się nie to jest że do o jak ale po co za od są był czy przez tak tym dla",
}
MIN_WORDS = 4  # fewest words of another language for a detection

_WORDS = {language: frozenset(words.split()) for language, words in COMMONEST.items()}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def other_language(text: str) -> str | None:
    """The language of the text if it is one of `COMMONEST`. None if it is English or unknown."""
    counts: Counter[str] = Counter()
    words = Counter(_WORD.findall(text.lower()))
    for language, common in _WORDS.items():
        counts[language] = sum(n for word, n in words.items() if word in common)
    language, most = counts.most_common(1)[0]
    others = most >= MIN_WORDS and most > 2 * counts["English"] and most >= 0.15 * words.total()
    return language if others and language != "English" else None
