"""Make the gallery: `python docs/gallery.py` writes `docs/gallery/index.html` with sound and grid of each sentence.

The sentences, voices and seeds are fixed, so that galleries of two models can be compared.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from html import escape
from pathlib import Path

import numpy as np

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from phonelm.config import SamplingConfig  # noqa: E402
from phonelm.tts import TTS, Speech, identity, save_grid  # noqa: E402

SENTENCES = (
    "Who said that it could not speak? Listen.",
    "The rain has stopped, and we walk home along the river.",
    "She sells sea shells by the sea shore.",
    "I read it yesterday, because I like to read.",
    "Please close the door; it is close to midnight.",
    "Dr. Lee paid $3.50 for 2 kg of apples on 3 March 2024.",
    "Call me at half past nine, or at 10:15.",
    "A quick brown fox jumps over the lazy dog.",
    "No! I never asked for that.",
    "Well, I was thinking... perhaps we could try again?",
    "The temperature will fall to -5 °C tonight, with winds of 40 km/h.",
    "Worcester, Gloucester and Leicester are towns in England.",
    "The wind was so strong that I could not wind the rope.",
    "Numbers: one, two, three, four, five, six, seven.",
    "Slowly, very slowly, the old ship turned to the north.",
    "Do you want tea, coffee, or just a glass of water?",
    "The API returns JSON, and the GPU is idle.",
    "To be, or not to be, that is the question.",
    "He laughed, she cried, and the children went to sleep.",
    "Thank you for listening. Good night.",
)
SEED = 7
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PhoneLM: gallery</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; font-family: system-ui, sans-serif; line-height: 1.5; }}
  article {{ margin: 2.5rem 0; }}
  h2 {{ margin: 0; font-size: 1.15rem; }}
  p {{ margin: .3rem 0; }}
  audio {{ width: 100%; max-width: 32rem; }}
  img {{ max-width: 100%; background: #fff; border-radius: .4rem; }}
</style>
<h1>Gallery</h1>
<p>{count} sentences with seed {seed}. Nothing is chosen: each is the first take. Model {model}, codec {codec}.
Made by <code>python docs/gallery.py</code>.</p>
{articles}
</html>
"""
ARTICLE = """<article>
<h2>{text}</h2>
<p>{facts}</p>
<audio controls preload="none" src="{name}.mp3"></audio>
<p><img src="{name}.png" alt="Waveform, words, phonemes and codes of this sentence" loading="lazy"></p>
</article>
"""


def least_sure(speech: Speech) -> tuple[str, float]:
    """The word whose codes were least likely under the model, and the mean probability of its codes."""
    of_word: dict[tuple[int, int], list[float]] = defaultdict(list)
    for frame, s in zip(speech.frames, speech.sentence, strict=True):
        if (word := speech.phonemes[s].word_index[frame.pointer]) >= 0:
            of_word[s, word] += [pick.probability for pick in frame.picks]
    (s, word), chances = min(of_word.items(), key=lambda item: np.mean(item[1]))
    return speech.phonemes[s].words[word], float(np.mean(chances))


def facts(speech: Speech) -> str:
    """Voice, length, pace and certainty of a speech, in one line."""
    spoken = sum(p.word is not None for p in speech.timeline)
    word, chance = least_sure(speech)
    pace = spoken / speech.duration_s
    return (
        f"{speech.voice.name}; {speech.duration_s:.1f} s; {pace:.1f} phonemes a second; least sure: "
        f"“{word}” (mean probability of its codes {chance:.2f})"
    )


def make(tts: TTS, folder: Path, sentences: tuple[str, ...] = SENTENCES) -> Path:
    """Write the gallery into a folder, which is made if need be; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    names, articles = list(tts.voices), []
    for i, text in enumerate(sentences):
        speech = tts.speak(text, names[i % len(names)], SamplingConfig(seed=SEED))
        name = f"{i + 1:02d}"
        speech.save(folder / f"{name}.mp3")
        save_grid(speech, folder / f"{name}.png")
        articles.append(ARTICLE.format(text=escape(text), facts=escape(facts(speech)), name=name))
    here = identity(tts)
    page = folder / "index.html"
    page.write_text(
        PAGE.format(
            count=len(sentences), seed=SEED, model=here["model"], codec=escape(here["codec"]),
            articles="\n".join(articles),
        ), encoding="utf-8",
    )  # fmt: skip
    return page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python docs/gallery.py", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=DOCS / "gallery", metavar="DIR", help="default %(default)s")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    args = parser.parse_args()
    print(make(TTS.load(args.checkpoint), args.out))


if __name__ == "__main__":
    main()
