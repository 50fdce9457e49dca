"""Takes recordings and a codec, trains a source-filter decoder for its codes."""
