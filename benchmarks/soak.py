"""`python -m benchmarks.soak`: a thousand utterances one after the other; what went wrong, and what memory grew."""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice, product
from pathlib import Path

import psutil
import torch
from tqdm import tqdm

from phonelm.config import SamplingConfig
from phonelm.files import write_json
from phonelm.text import PAUSES, SILENCE
from phonelm.tts import TTS, Speech
from phonelm.ui.html import LONG_SILENCE_S, long_silences

SLOW_S = 0.25  # seconds for each phoneme, on average, of an utterance that runs on; usual are 0.09 to 0.11
WARM = 50  # utterances before memory is looked at: caches fill, kernels are compiled


def faults(speech: Speech) -> list[str]:
    """What is wrong with an utterance, by what anybody could hear or count."""
    found = []
    if speech.stop_reason != "end of text" or len(speech.timeline) != sum(map(len, speech.phonemes)):
        found.append("stopped early")
    if speech.duration_s > SLOW_S * len(speech.timeline):
        found.append("ran on")
    if unasked_silence(speech) >= LONG_SILENCE_S:
        found.append("silence of over a second")
    if any(f.forced for f in speech.frames):
        found.append("a phoneme cut off at 1.2 s")
    return found


def unasked_silence(speech: Speech) -> float:
    """Seconds of the longest silence of a second or more, without what punctuation and ends of sentences ask for."""
    asked = [span for span in speech.timeline if span.symbol in (*PAUSES, SILENCE)]
    return max(
        (
            end - start - sum(max(0.0, min(end, p.end_s) - max(start, p.start_s)) for p in asked)
            for start, end in long_silences(speech.wav)
        ),
        default=0.0,
    )


def soak(tts: TTS, texts: list[str], prompts: list[str], count: int) -> dict:
    """Speak `count` utterances, every text in every voice before the seed changes.

    Returns:
        the number of utterances with each fault, those utterances, seconds of audio, MiB of memory along the way.
    """
    process, memory, bad, audio_s = psutil.Process(), [], [], 0.0
    jobs = islice(product(range(count), texts, prompts), count)
    voices = {name: tts.voice(name) for name in prompts}
    for i, (seed, text, name) in enumerate(tqdm(jobs, total=count)):
        speech = tts.speak(text, voices[name], SamplingConfig(seed=seed))
        audio_s += speech.duration_s
        if found := faults(speech):
            bad.append({"seed": seed, "text": text, "voice": name, "faults": found})
        if (i + 1) % WARM == 0:
            memory.append(process.memory_info().rss / 2**20)
    counts = Counter(fault for b in bad for fault in b["faults"])
    return {"utterances": count, "audio_s": audio_s, "faults": counts, "memory_mib": memory, "bad": bad}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="utterances (default 1000)")
    parser.add_argument("--sentences", type=Path, default=Path("tests/data/sentences.txt"), metavar="FILE")
    parser.add_argument("--prompts", type=Path, nargs="*", metavar="CLIP", help="default: the bundled voices")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tts = TTS.load(args.checkpoint, device="cpu")
    texts = [line for line in args.sentences.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = soak(tts, texts, [str(clip) for clip in args.prompts or tts.voices], args.count)
    print(f"{found['utterances']} utterances, {found['audio_s'] / 60:.0f} minutes of speech")
    for fault, n in found["faults"].items():
        print(f"{n} with {fault}")
    if memory := found["memory_mib"]:
        print(f"memory after {WARM}: {memory[0]:.0f} MiB, at the end {memory[-1] / memory[0] - 1:+.1%}")
    if args.json:
        write_json(args.json, found)


if __name__ == "__main__":
    main()
