"""Streamed decoding: the joined chunks equal the decode of everything at once."""

import pytest
import torch

from phonelm.codec.decoder import SourceFilterDecoder
from phonelm.config import CARD, HOP_LENGTH, CodecConfig
from tests.codec_cases import CODECS, bundled, istft, random_codes, source_filter


@pytest.mark.parametrize("frames", [1, 2, 6, 7, 23, 24, 90])
@pytest.mark.parametrize("sizes, chunk_frames", [([1], 1), ([1], 12), ([5, 1, 30], 4), ([1000], 12)])
@pytest.mark.parametrize("name", CODECS)
def test_streaming_equals_batch(name, frames, sizes, chunk_frames):
    if name == "encodec" and frames == 90:
        frames = 30  # the larger decoder
    codec = CODECS[name]()
    codes = random_codes(frames, n_q=4, batch=2)
    stream, chunks, start = codec.decode_stream(chunk_frames), [], 0
    while start < frames:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(stream.push(codes[..., start : start + size]))
        start += size
    chunks.append(stream.flush())
    whole = codec.decode(codes)
    joined = torch.cat(chunks, dim=2)
    assert joined.shape == whole.shape
    assert (joined - whole).abs().max() <= 1e-4 * max(1.0, whole.abs().max().item())


def test_stream_lag_is_the_decoders_context():
    frames, context = 40, bundled().model.decoder.context
    assert context == 23
    stream = bundled().decode_stream(chunk_frames=1)
    assert sum(stream.push(c).shape[2] for c in random_codes(frames).split(1, 2)) >= (frames - context) * HOP_LENGTH


def test_a_frame_of_an_inverse_stft_reaches_as_far_as_its_decoder_says():
    context = istft().model.decoder.context
    codes, other = random_codes(60), random_codes(60)
    other[..., 30] = (other[..., 30] + 1) % CARD
    changed = (istft().decode(codes) != istft().decode(other))[0, 0].nonzero()
    assert changed.min() >= (30 - context) * HOP_LENGTH and changed.max() < (30 + context + 1) * HOP_LENGTH


def test_the_source_filter_decoder_looks_ahead_as_far_as_it_says():
    codec, frames = source_filter(), 60
    context = codec.model.decoder.context
    assert context == SourceFilterDecoder(CodecConfig(decoder_width=8)).context - 9 == 14  # 6 blocks look 23 ahead
    stream = codec.decode_stream(chunk_frames=1)
    assert sum(stream.push(c).shape[2] for c in random_codes(frames).split(1, 2)) >= (frames - context) * HOP_LENGTH
    codes, other = random_codes(frames), random_codes(frames)
    other[..., 30] = (other[..., 30] + 1) % CARD
    changed = (codec.decode(codes) != codec.decode(other))[0, 0].nonzero()
    assert changed.min() >= (30 - context) * HOP_LENGTH


def test_a_batch_equals_its_rows_and_a_decode_repeats_bit_for_bit():
    codec, codes = source_filter(), random_codes(50, batch=3)
    batch = codec.decode(codes)
    assert torch.equal(codec.decode(codes), batch)
    for row, wav in zip(codes, batch):
        assert (codec.decode(row[None])[0] - wav).abs().max() < 1e-5 * batch.abs().max()


def test_streams_are_independent():
    ones, twos = random_codes(50, seed=1), random_codes(50, seed=2)
    first, second, heard = bundled().decode_stream(), bundled().decode_stream(), []
    for a, b in zip(ones.split(10, 2), twos.split(10, 2)):
        heard.append(first.push(a))
        second.push(b)
    assert torch.allclose(torch.cat([*heard, first.flush()], 2), bundled().decode(ones), atol=1e-4)


def test_stream_misuse():
    stream = bundled().decode_stream()
    stream.push(random_codes(3, n_q=4))
    with pytest.raises(ValueError, match="changed"):
        stream.push(random_codes(3, n_q=5))
    stream.flush()
    assert stream.flush().shape == (1, 1, 0)
    with pytest.raises(ValueError, match="flushed"):
        stream.push(random_codes(3, n_q=4))
    assert bundled().decode_stream().flush().shape == (1, 1, 0)
    with pytest.raises(ValueError, match="chunk_frames"):
        bundled().decode_stream(0)
