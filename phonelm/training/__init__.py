"""Data preparation, alignment and training; uses the same modules as synthesis."""
