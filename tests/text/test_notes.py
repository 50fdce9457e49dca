"""What is said about characters that cannot be read, and about other languages."""

import pytest

from phonelm.text import Phonemizer, left_out
from phonelm.text.language import other_language

GERMAN = "Der Hund ist nicht im Haus, und die Katze sitzt auf dem Dach."


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


def test_a_foreign_letter_is_named_with_its_line_and_the_rest_is_read(phonemizer):
    text = "Chapter one.\n\nIt was late. She said 世 and left.\n\nThe end."
    spoken = phonemizer.sentences(text)
    assert [w for p in spoken for w in p.words][-6:] == "She said and left The end".split()
    note = left_out(spoken, text)
    assert "世" in note and "line 3" in note and "IDEOGRAPH" in note
    assert left_out(phonemizer.sentences("Plain words."), "Plain words.") == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "German"),
        ("Le chat est sur la table et il ne veut pas manger avec nous.", "French"),
        ("El perro está en la casa y no quiere salir con los niños.", "Spanish"),
        ("Il gatto è sul tavolo e non vuole mangiare con gli altri.", "Italian"),
        ("De hond is niet in het huis en de kat zit op het dak.", "Dutch"),
        ("The dog is not in the house, and the cat sits on the roof.", None),
        ("She ate a croissant at the café de la gare in Aix-en-Provence with a friend.", None),
        ("Die, all of you, die!", None),
        ("PhoneLM", None),
        ("", None),
    ],
)
def test_the_language_of_a_text(text, language):
    assert other_language(text) == language


def test_a_text_in_another_language_is_read_with_a_note(phonemizer):
    spoken = phonemizer.sentences(GERMAN)
    assert spoken[0].words[0] == "Der" and "German" in left_out(spoken, GERMAN)
    assert "German" not in left_out(spoken)
