"""Tags that say where an audio file comes from: the speech is synthetic, and how it was made.

In WAV files that is the standard LIST/INFO chunk (INAM, ISFT, ICMT), in MP3 an ID3 tag, in Opus a comment header.
"""

from __future__ import annotations

import json
from typing import Any

from phonelm import __version__

STATEMENT = "Synthetic speech: computed by a program, spoken by nobody. Recipe:"
MAX_BYTES = 2_000  # of a comment; libsndfile reads less than 2,048 of it in a WAV file
LEFT_OUT_FIRST = ("phonemes", "edits", "text")


def tags(recipe: dict[str, Any]) -> dict[str, str]:
    """The tags of a file, for `audio.audio_bytes`; the same recipe gives the same tags.

    Args:
        recipe: plain JSON types. What does not fit into the comment is left out in the order of `LEFT_OUT_FIRST`, and
            named under "left_out".
    """
    for n in range(len(LEFT_OUT_FIRST) + 1):
        left_out = LEFT_OUT_FIRST[:n]
        kept = {k: v for k, v in recipe.items() if k not in left_out} | ({"left_out": left_out} if n else {})
        comment = f"{STATEMENT} {json.dumps(kept, separators=(',', ':'))}"  # ASCII: MP3 tags hold Latin-1
        if len(comment) <= MAX_BYTES:
            break
    return {"title": "Synthetic speech", "software": f"PhoneLM {__version__}", "comment": comment}
