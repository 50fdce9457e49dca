"""The picture of a speech: lanes on one time axis, labels that can be read, cells that say what the model said."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.tts import picture
from phonelm.tts.picture import draw_grid, save_grid


@pytest.fixture(scope="module")
def speech(app_tts):
    return app_tts.speak("Wait, I read the book!", settings=SamplingConfig(clamp="prompt", seed=2))


def repeated(speech, n):
    """The same sentence n times."""
    return replace(
        speech, phonemes=speech.phonemes * n, frames=speech.frames * n, wav=np.tile(speech.wav, n),
        sentence=[s for i in range(n) for s in [i] * len(speech.frames)], f0_hz=np.tile(speech.f0_hz, n),
    )  # fmt: skip


def lanes(figure):
    """(rows, 5) axes: wave, pitch, words, phonemes, codes."""
    return np.array(figure.axes, dtype=object).reshape(-1, 5)


def test_lanes_share_the_time_axis(speech):
    [row] = lanes(draw_grid(speech))
    for lane in row:
        assert lane.get_xlim() == (0, pytest.approx(speech.duration_s))
        assert lane.get_position().intervalx == pytest.approx(row[0].get_position().intervalx)
    [image] = row[4].images
    assert tuple(image.get_extent()[:2]) == (0, pytest.approx(speech.duration_s))


def test_words_and_phonemes_where_they_are_spoken(speech):
    _, _, words, phonemes, _ = lanes(draw_grid(speech))[0]
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in phonemes.patches]
    assert np.allclose(spans, [(p.start_s, p.end_s) for p in speech.timeline])
    said = [t.get_text() for t in words.texts if t.get_text()]
    assert said == [w for w in ("Wait", "I", "read", "the", "book") if w in said] and len(said) >= 3


def test_labels_stay_in_their_boxes(speech):
    figure = draw_grid(repeated(speech, 3))
    renderer = FigureCanvasAgg(figure).get_renderer()
    for lane in lanes(figure)[:, 2:4].ravel():
        boxes = [p.get_window_extent(renderer) for p in lane.patches]
        for text in filter(lambda t: t.get_text(), lane.texts):
            extent = text.get_window_extent(renderer)
            x = (extent.x0 + extent.x1) / 2
            [box] = [b for b in boxes if b.x0 <= x < b.x1]
            inside = extent.x0 > box.x0 - 1.5 and extent.x1 < box.x1 + 1.5  # extents of text are rounded outwards
            assert inside, (text.get_text(), extent.extents, box.extents)
            assert text.get_fontsize() >= picture.SMALLEST


def test_cells_show_probability_and_clamping(speech):
    codes = lanes(draw_grid(speech))[0, 4]
    shown = np.array([[p.probability for p in f.picks] for f in speech.frames]).T
    assert np.array_equal(codes.images[0].get_array(), shown)
    assert speech.clamped.any()
    crosses = next(line for line in codes.lines if line.get_marker() == "x")
    frames = np.rint(crosses.get_xdata() * FRAME_RATE - 0.5).astype(int)
    marked = np.zeros_like(speech.clamped)
    marked[crosses.get_ydata().astype(int) - 1, frames] = True
    assert np.array_equal(marked, speech.clamped)


@pytest.mark.parametrize("colour_by", picture.COLOUR_BY)
def test_colour_by(speech, colour_by):
    values = lanes(draw_grid(speech, colour_by))[0, 4].images[0].get_array()
    assert values.shape == speech.clamped.shape
    if colour_by == "code":
        assert np.array_equal(values, speech.codes[0].numpy())


def test_long_speech_wraps_at_words(speech):
    long = repeated(speech, 8)
    figure = draw_grid(long)
    rows = [row[0].get_xlim() for row in lanes(figure)]
    assert len(rows) > 1 and rows[0][0] == 0 and rows[-1][1] == pytest.approx(long.duration_s)
    assert all(a[1] == b[0] for a, b in pairwise(rows))
    assert all(end - start <= picture.ROW_S + 1e-9 for start, end in rows)
    edges = {p.end_s for p in long.timeline}
    assert all(end in edges for _, end in rows)
    assert figure.get_figwidth() == draw_grid(speech).get_figwidth() < 20


def test_very_long_speech_is_cut_and_says_so(speech):
    figure = draw_grid(speech, row_s=0.03)
    assert len(lanes(figure)) == picture.MAX_ROWS
    assert "only the first" in figure.texts[-1].get_text()


def test_saved_whole(speech, tmp_path):
    save_grid(speech, tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as image:
        assert image.width > 1000 and len(np.unique(np.asarray(image.convert("L")))) > 50
    save_grid(speech, tmp_path / "grid.svg")
    assert "</svg>" in (tmp_path / "grid.svg").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"\.png or \.svg, not 'grid.bmp'"):
        save_grid(speech, tmp_path / "grid.bmp")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["grid.png", "grid.svg"]


def test_what_cannot_be_drawn(speech):
    with pytest.raises(ValueError, match="nothing was spoken"):
        draw_grid(replace(speech, frames=[], sentence=[]))
    with pytest.raises(ValueError, match="probability, code, entropy"):
        draw_grid(speech, "mood")


def test_a_caption_says_what_is_seen_and_takes_its_own_room(speech):
    caption = picture.describe(speech, "entropy")
    assert speech.text in caption and f"seed {speech.settings.seed}" in caption and "unsure" in caption
    plain, figure = draw_grid(speech), draw_grid(speech, caption=caption)
    assert figure.get_size_inches()[1] > plain.get_size_inches()[1]
    written = [text for text in figure.texts if text.get_text().replace("\n", " ") == caption]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in (*written, *figure.texts[:1])]
    assert len(written) == 1 and not boxes[0].overlaps(boxes[1])
    assert 0 <= boxes[0].x0 and boxes[0].x1 <= canvas.get_width_height()[0]
