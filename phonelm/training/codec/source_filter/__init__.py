"""Recordings and a codec's codes in, a trained source-filter decoder out."""
