"""Text to spoken words: tables of what is written and what is said. The long one is `data/normalization.tsv`."""

import csv
import re
from pathlib import Path

import pytest

from phonelm.text.errors import NothingToSay, TextError
from phonelm.text.normalizer import normalize
from phonelm.text.sentences import split_sentences

with (Path(__file__).parents[1] / "data/normalization.tsv").open(encoding="utf-8") as file:
    CASES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("kind", sorted({case["kind"] for case in CASES}))
def test_normalization(kind):
    cases = {case["written"]: case["spoken"] for case in CASES if case["kind"] == kind}
    assert {written: normalize(written).text for written in cases} == cases


def test_the_table_is_long_enough():
    assert len({case["written"] for case in CASES}) >= 250


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("“Curly” — and… café naïve", '"Curly" - and... cafe naive'),
        ("Straße, Ærø and Łódź", "Strasse, Aero and Lodz"),
        ("Dr. Smith met Mrs. Jones.", "Doctor Smith met Missis Jones."),
        ("in St. Ives at 12 Main St. today", "in Saint Ives at twelve Main Street today"),
        ("He lives on Main St. She does not.", "He lives on Main Street. She does not."),
        ("fruit, e.g. figs, i.e. this, etc. and so on, etc.",
         "fruit, for example figs, that is this, et cetera and so on, et cetera."),
        ("us vs. them", "us versus them"),
        ("No. 5 is #1. No. Never.", "number five is number one. No. Never."),
        ("J. R. Smith and I. He", "J R Smith and I. He"),
        ("on Jan. 5th", "on January fifth"),
    ],
)  # fmt: skip
def test_words(written, spoken):
    assert normalize(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("1,234 apples", "one thousand two hundred and thirty four apples"),
        ("in 1984, 1905, 1900 and 2024.",
         "in nineteen eighty four, nineteen oh five, nineteen hundred and twenty twenty four."),
        ("1999.5", "one thousand nine hundred and ninety nine point five"),
        ("the 1990s and '80s", "the nineteen nineties and eighties"),
        ("1st, 22nd, 103rd", "first, twenty second, one hundred and third"),
        ("3.14 or .5 or -2", "three point one four or zero point five or minus two"),
        ("$3.50, £1.01, €1, $0.99, $2,000",
         "three dollars and fifty cents, one pound and one penny, one euro, ninety nine cents, two thousand dollars"),
        ("$1.5 million, £3bn", "one point five million dollars, three billion pounds"),
        ("5% of 20°C", "five percent of twenty degrees Celsius"),
        ("3:30 pm, 12:05, 3:00 and 5 a.m. today",
         "three thirty P M, twelve oh five, three o'clock and five A M today"),
        ("It ended at 5 p.m. He left.", "It ended at five P M. He left."),
        ("1/2 or ½, 1990–1995, 10-12", "one half or one half, nineteen ninety to nineteen ninety five, ten to twelve"),
        ("call 555-1234, agent 007", "call five five five, one two three four, agent zero zero seven"),
        ("12345678901234567", "one two three four five six seven eight nine zero one two three four five six seven"),
        ("a 3-year-old Boeing-747, version 2.0.1",
         "a three year-old Boeing seven hundred and forty seven, version two point zero point one"),
        ("٣ and 4", "three and four"),
    ],
)  # fmt: skip
def test_numbers(written, spoken):
    assert normalize(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("The FBI, BBC's and PCs at NASA", "The F B I, B B C's and P C's at NASA"),
        ("the U.S. Army in the U.S.A.", "the U S Army in the U S A."),
        ("STOP! TELL IT TO US", "STOP! TELL IT TO US"),
        ("The US hires IT staff", "The U S hires I T staff"),
        ("PhoneLM B2B", "Phone L M B two B"),
        ("R&D: me@here.com + you = 2", "R and D: me at here dot com plus you equals two"),
    ],
)
def test_letters_and_symbols(written, spoken):
    assert normalize(written).text == spoken


def test_nothing_is_dropped_in_silence():
    assert normalize("I ⌬ you ⛶ and ⌬ \ue000").unread == ("\ue000", "⌬", "⛶")
    assert normalize("Plain text 😀.").unread == ()
    with pytest.raises(NothingToSay) as error:
        normalize("⌬!")
    assert error.value.unread == ("⌬",)


@pytest.mark.parametrize("text", ["", " \n\t", "...", "⌬", "--", "***"])
def test_nothing_to_say(text):
    with pytest.raises(TextError, match="^nothing to say: .*; give at least one word or number$"):
        normalize(text)


def test_letters_of_another_script_are_left_out_and_reported():
    spoken = normalize("Say Привет to 한국, हिन्दी and 世, naïve Łukasz.")
    assert spoken.text == "Say to, and, naive Lukasz." and "".join(spoken.unread) == "Привет한국हनद世"
    assert normalize("Hi \x1b there").unread == ("\x1b",)


def test_a_text_of_another_script_only_is_refused_and_a_letter_named():
    with pytest.raises(NothingToSay, match="'П' .CYRILLIC CAPITAL LETTER PE"):
        normalize("Привет 日本")


@pytest.mark.parametrize(
    "face", ["¯\\_(ツ)_/¯", "¯\\\\_(ツ)_/¯", "(╯°□°)╯︵ ┻━┻", "( ͡° ͜ʖ ͡°)",
             "ʕ•ᴥ•ʔ", "(◕‿◕)", "(ಠ_ಠ)", "(^_^)", "-_-", "T_T", ":-)",
             ":)", ":D", ";-P", ":'(", "<3", "xD", "^^"]
)  # fmt: skip
def test_faces_are_left_out(face):
    spoken = normalize(f"It is a no-go {face} friend.")
    assert (spoken.text, spoken.unread) == ("It is a no-go friend.", ())


def test_what_only_looks_like_a_face_is_kept():
    written = "Ratio: (a) is 5 and x < 3 or (°C); see B: (c)"
    assert normalize(written).text == "Ratio: (a) is five and x less than three or (degrees C); see B: (c)"


@pytest.mark.parametrize(
    "text",
    ["a 1 2:3 4/5 $ $x €€ 1e5 1.2.3 9:99 -- 1,2,3 1,23 $1.234 10-10-10 $5m", "0 00 -0 0.0 0% 1st0 20:61 99th's ₂"],
)
def test_only_words_and_punctuation_come_out(text):
    assert re.fullmatch(r"[A-Za-z'\".,?!;:()\[\]{} -]+", normalize(text).text)


def test_normalising_twice_changes_nothing():
    once = normalize('Dr. Who paid $3.50 (5%) at 3:30 p.m. in the U.S.A. "Well..."').text
    assert normalize(once).text == once


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Smith came.", "He left at 5 a.m. on Monday."],
        ['"Ah!" he said.', '"Come."', "So he came."],
        ["Then J. R. Tolkien, e.g. wrote 3.5 books... and more.", "Really?!", "Yes"],
        ["He ran at 5 p.m.", "Then he... left.", "So am I.", "No.", "Never."],
        ["See [St. Ives? No. Yes](S EY1 N T), p. 5.", "[Go](G OW1)!", "Now."],
        ["See No. 5 in the U.S. Army museum on St. Paul's Road, Jan. 5th.", "lower case starts too."],
    ],
)
def test_sentences(sentences):
    assert split_sentences(" ".join(sentences)) == sentences


def test_lines_end_sentences():
    assert split_sentences("Title\n\nFirst line\r\nSecond. Third ") == ["Title", "First line", "Second.", "Third"]
    assert split_sentences("1. First\n2. Second") == ["1. First", "2. Second"]
    assert split_sentences(" \n ") == []


@pytest.mark.parametrize(
    "written",
    ["${}", "€{}.50", "${}bn", "{}%", "1/{}", "{}th", "{} km", "in {}", "{}:{}", "v{}.1", "#{}", "${}-{}", "x^{}"],
)
def test_thousands_of_digits_are_read_one_by_one(written):
    spoken = normalize(written.replace("{}", "7" * 5000)).text
    assert spoken.count("seven") >= 5000
