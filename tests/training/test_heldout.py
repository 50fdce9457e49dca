"""People whom no training hears are left out by name, whatever the folder is called."""

import numpy as np
import pytest
import soundfile

from phonelm.config import SAMPLE_RATE
from phonelm.datasets import read_dataset
from phonelm.training.codec.crops import read_rows
from phonelm.training.data.heldout import PARTS, REASON, leave_out, names, pick


def dataset(folder, rows):
    """A dataset of rows (id, speaker), each with a tenth of a second of noise."""
    (folder / "audio").mkdir(parents=True)
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 10)
    for key, _ in rows:
        soundfile.write(folder / "audio" / f"{key}.wav", noise, SAMPLE_RATE)
    (folder / "metadata.csv").write_text("".join(f"{key}|{speaker}|Some text.\n" for key, speaker in rows))
    return folder


def test_the_parts_share_nobody_and_are_large_enough():
    evaluation, development = (names(part) for part in PARTS)
    assert not evaluation.speakers & development.speakers and not evaluation.utterances & development.utterances
    assert len(evaluation.speakers) >= 40 and len(development.speakers) >= 20
    both = names()
    assert both.speakers == evaluation.speakers | development.speakers
    with pytest.raises(ValueError, match="dev"):
        names("dev")


def test_speakers_are_left_out_of_any_folder_and_utterances_of_their_own(tmp_path):
    speaker, other = min(names("evaluation").speakers), min(names("development").speakers)
    utterance = min(u for u in names("evaluation").utterances if u.startswith("voices/")).split("/")[1]
    people = dataset(tmp_path / "renamed", [("1", speaker), ("2", other), ("3", "someone"), (utterance, "someone")])
    voices = dataset(tmp_path / "voices", [(utterance, "af_heart"), ("x1", "af_heart")])
    rows = read_dataset(people)[0] + read_dataset(voices)[0]
    kept, problems = leave_out(rows)
    assert [row.id for row in kept] == ["renamed/3", f"renamed/{utterance}", "voices/x1"]
    assert {p.reason for p in problems} == {REASON} and len(problems) == 3
    assert [row.id for row in pick(rows, "evaluation")] == ["renamed/1", f"voices/{utterance}"]
    assert [row.id for row in pick(rows, "development")] == ["renamed/2"]
    trained, left = read_rows([people, voices])
    assert [row.id for row in trained] == [row.id for row in kept] and left == problems
