"""Recordings in, a trained codec out."""
