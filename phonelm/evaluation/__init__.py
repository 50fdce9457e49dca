"""Speech in, figures out: word errors, DNSMOS, similarity, speed."""

from phonelm.evaluation.judges import JudgeError, Judges, word_errors

__all__ = [
    "JudgeError",
    "Judges",
    "word_errors",
]
