"""Short texts that are rare in prose, for synthetic speech: single words, repetitions, laughs, lists of numbers."""

from __future__ import annotations

import random

DIGITS = "zero one two three four five six seven eight nine".split()
NUMBERS = [*DIGITS, *"ten eleven twelve thirteen fifteen sixteen eighteen twenty thirty forty sixty ninety".split()]
NAMES = (
    "apple table window garden river yellow purple morning coffee ticket station number silver paper doctor island "
    "pepper button lemon rabbit mother father sister brother Monday Tuesday Friday winter summer people water"
).split()
SHORT_WORDS = (
    "that very no yes so well now wait go stop never more really look listen come please oh up down on in it is was "
    "had far long big hot cold"
).split()
SYLLABLES = "ha he ho la na bla".split()
ALONE = "Oh A I Ah Eh Ow Aye Hey You He She We They Why Who How".split()


def odd_text(rng: random.Random) -> str:
    """A text of one of nine kinds."""
    kind = rng.randrange(9)
    if kind == 0:
        text = rng.choice([" ", ", "]).join([rng.choice(SHORT_WORDS)] * rng.randrange(2, 8))
    elif kind == 1:
        text = rng.choice([" ", ", "]).join([rng.choice(SYLLABLES)] * rng.randrange(2, 8))
    elif kind == 2:
        text = rng.choice(ALONE)
    elif kind == 3:
        text = rng.choice([*NAMES, *SHORT_WORDS, *NUMBERS])
    elif kind == 4:
        text = ", ".join(rng.choice(NUMBERS) for _ in range(rng.randrange(3, 10)))
    elif kind == 5:
        text = ", ".join(rng.sample(NAMES, rng.randrange(3, 8)))
    elif kind == 6:
        text = " ".join(rng.sample(NAMES + SHORT_WORDS, rng.randrange(2, 5)))
    elif kind == 7:
        text = ", ".join([f"{rng.choice(NAMES)} {rng.choice(SHORT_WORDS)}"] * 3)
    else:
        text = f"The code is {', '.join(rng.choice(DIGITS) for _ in range(rng.randrange(3, 7)))}"
    return text[0].upper() + text[1:] + rng.choice(".!?" if kind in (2, 3, 6) else "..!")
