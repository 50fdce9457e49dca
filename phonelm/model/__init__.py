"""Phonemes, prompt codes and past codes in, logits out: the network as it is trained, and its checkpoint."""

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
from phonelm.model.layers import EPS, KVCache, Transformer
from phonelm.model.low_rank import (
    add_low_rank,
    check_low_rank,
    low_rank_tensors,
    merge_low_rank,
    set_low_rank,
)
from phonelm.model.megabyte import CodeInput, LocalModel, PhoneLM, TextEncoder

__all__ = [
    "CodeInput",
    "EPS",
    "KVCache",
    "LocalModel",
    "N_SPECIAL",
    "PhoneLM",
    "TextEncoder",
    "Transformer",
    "add_low_rank",
    "bos_id",
    "check_low_rank",
    "durations_from_pointer",
    "hidden_id",
    "keep_codebooks",
    "low_rank_tensors",
    "merge_low_rank",
    "pointer_from_durations",
    "previous",
    "seen_codes",
    "set_low_rank",
    "to_codec",
]
