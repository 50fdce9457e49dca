"""Small runs that show what matters: over-fitting ladder, plain baseline."""
