"""Words in real texts are said as a careful reader says them; texts after public bug reports of other systems."""

from pathlib import Path

import pytest

from phonelm.evaluation.reading import Case, evaluate, load_cases
from phonelm.text import Phonemizer

CASES = load_cases(Path(__file__).parents[1] / "data/reading_phonemes.tsv")


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize("case", CASES, ids=[case.text[:30] for case in CASES])
def test_words_of_real_texts(phonemizer, case):
    outcome = evaluate(phonemizer, case)
    assert outcome.missing == (), outcome.reading


@pytest.mark.parametrize(
    ("text", "part"),
    [
        # commands, also after "and", "then" and a comma
        ("Close the lid, then use both hands.", "close = K L OW1 Z; use = Y UW1 Z"),
        ("Save and close the file.", "close = K L OW1 Z"),
        ("Never use bleach.", "use = Y UW1 Z"),
        ("Use cases are listed below.", "use = Y UW1 S"),
        ("Live music is on tonight.", "live = L AY1 V"),
        ("Close friends met.", "close = K L OW1 S"),
        ("Wind the rope around it.", "wind = W AY1 N D"),
        ("Wind speeds rose.", "wind = W IH1 N D"),
        ("Wind down before bed.", "wind = W AY1 N D"),
        ("Deliberate carefully before you vote.", "deliberate = D IH0 L IH1 B ER0 EY2 T"),
        ("Conflict with them was rare.", "conflict = K AA1 N F L IH0 K T"),
        # a plural before it is its subject, unless the clause has another verb
        ("The closet doors close slowly.", "close = K L OW1 Z"),
        ("Flats in towns close to London cost more.", "close = K L OW1 S"),
        ("Prices increase.", "increase = IH2 N K R IY1 S"),
        ("The sales increase was small.", "increase = IH1 N K R IY2 S"),
        ("We watch sports live on Sundays.", "live = L AY1 V"),
        ("I think the dogs live here.", "live = L IH1 V"),
        ("Students present their work.", "present = P R IY0 Z EH1 N T"),
        ("Farms produce food.", "produce = P R AH0 D UW1 S"),
        ("The farmers produce is fresh.", "produce = P R OW1 D UW0 S"),
        ("Storm winds wind through the hills.", "winds = W IH1 N D Z; wind = W AY1 N D"),
        ("Content creators upload content daily.", "content = K AA1 N T EH0 N T; content#2 = K AA1 N T EH0 N T"),
        # read: habit and past
        ("Most people read the headline every morning.", "read = R IY1 D"),
        ("The guests read the menu and left.", "read = R EH1 D"),
        ("Open and read the letter.", "read = R IY1 D"),
        # names
        ("They met in Reading, near the river.", "reading = R EH1 D IH0 NG"),
        ("Reading is fun.", "reading = R IY1 D IH0 NG"),
        ("We drove from Cannes to Nice.", "nice = N IY1 S"),
        ("A Nice surprise.", "nice = N AY1 S"),
        ("A new Polish film.", "polish = P OW1 L IH0 SH"),
        ("Add some herb butter.", "herb = ER1 B"),
        ("Is the Mobile App free?", "mobile = M OW1 B AH0 L"),
    ],
)
def test_words_with_two_pronunciations(phonemizer, text, part):
    case = Case("heteronym", text, tuple(part.split("; ")))
    assert evaluate(phonemizer, case).missing == ()
