import torch

from phonelm.model.grid_codes import (
    N_SPECIAL,
    bos_id,
    durations_from_pointer,
    hidden_id,
    keep_codebooks,
    pointer_from_durations,
    previous,
    seen_codes,
    to_codec,
)


def test_the_codec_has_frames_last():
    codes = torch.randint(0, 1024, (2, 11, 8))
    assert to_codec(codes).shape == (2, 8, 11) and to_codec(codes)[1, 3, 5] == codes[1, 5, 3]


def test_special_ids_lie_outside_the_codebook():
    ids = {bos_id(1024), hidden_id(1024)}
    assert len(ids) == N_SPECIAL and min(ids) == 1024 and max(ids) == 1024 + N_SPECIAL - 1


def test_previous_is_the_frame_before_and_bos_where_speech_begins():
    codes = torch.arange(12).view(1, 6, 2)
    pointer = torch.tensor([[-1, -1, -1, 0, 0, 1]])
    prev = previous(codes, pointer, 100)
    assert prev[0, [0, 3]].eq(100).all()
    assert torch.equal(prev[0, [1, 2, 4, 5]], codes[0, [0, 1, 3, 4]])


def test_keep_codebooks_hides_the_rest():
    codes = torch.zeros(2, 4, 3, dtype=torch.long)
    kept = keep_codebooks(codes, torch.tensor([1, 3]), 9)
    assert kept[0].tolist() == [[0, 10, 10]] * 4 and kept[1].tolist() == [[0, 0, 0]] * 4


def test_pointer_and_durations_round_trip():
    durations = torch.tensor([3, 1, 4, 2])
    pointer, hold = pointer_from_durations(durations)
    assert pointer.tolist() == [0, 0, 0, 1, 2, 2, 2, 2, 3, 3]
    assert hold.tolist() == [0, 1, 2, 0, 0, 1, 2, 3, 0, 1]
    assert torch.equal(durations_from_pointer(torch.cat([torch.tensor([-1, -1]), pointer]), 4), durations)


def test_seen_codes():
    seen = seen_codes(torch.tensor([[[1, 1, 4], [0, 2, 2]]]), 5)
    assert seen.int().tolist() == [[0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]
