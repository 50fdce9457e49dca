"""Dataset folders in, a training cache of codes, phonemes and alignment out."""
