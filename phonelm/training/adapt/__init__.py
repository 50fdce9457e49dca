"""Recordings of one person in, a voice file with low-rank updates of the model out."""
