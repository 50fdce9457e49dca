"""What the tab "Your voice" is made of: recordings of one person, a text to read, and the adaptation that runs."""
