"""Recordings in, trained weights out."""
