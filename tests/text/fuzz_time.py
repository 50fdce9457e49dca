"""Times the normaliser and the splitter on random texts: how many, the slowest, and what was slower than the deadline.

    python -m tests.text.fuzz_time 100000

Half of the texts are runs of one character or of one of the rules' own units, up to 600 characters; half are fragments
in any order. Ends with exit code 1 if one was slow or ended in something else than a `TextError`.
"""

import random
import sys
import unicodedata
from functools import partial

from tests.text.rule_runs import seconds
from tests.text.test_text_fuzz import DEADLINE_S, FRAGMENTS, LONGEST
from tests.text.test_text_time import ALPHABET, normalised, split

SEED = 1
LETTERS = [chr(c) for c in range(0x3000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]


def a_text(rng: random.Random) -> str:
    if rng.random() < 0.5:
        unit = rng.choice(
            (rng.choice(ALPHABET), rng.choice(LETTERS), rng.choice(FRAGMENTS), rng.choice(ALPHABET) + " ")
        )
        length = rng.randint(20, LONGEST)
        before, after = rng.choice(("", "Wait", "Wait ", "7")), rng.choice(("", " x", " End."))
        return before + (unit * length)[:length] + after
    between = rng.choice(("", " ", "\n", " "))
    parts = (rng.choice(rng.choice((FRAGMENTS, ALPHABET, LETTERS))) for _ in range(rng.randint(1, 120)))
    return between.join(parts)[:LONGEST]


def main() -> None:
    rng, slow, worst = random.Random(SEED), 0, (0.0, "")
    tries = int(sys.argv[1])
    for _ in range(tries):
        text = a_text(rng)
        for work in (normalised, split):
            took = seconds(partial(work, text), 1)
            if took > worst[0] or took > DEADLINE_S:
                took = seconds(partial(work, text), 5)
            worst = max(worst, (took, text[:60]))
            if took > DEADLINE_S:
                slow += 1
                print(f"slow: {took:.3f} s: {text!r}", flush=True)
    print(f"{tries} texts, {slow} over {DEADLINE_S} s; the slowest took {worst[0]:.4f} s: {worst[1]!r}")
    sys.exit(slow > 0)


if __name__ == "__main__":
    main()
