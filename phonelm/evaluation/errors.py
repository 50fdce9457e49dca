"""What goes wrong in measuring."""


class JudgeError(ValueError):
    """An instrument that is not installed; the message says what to install."""
