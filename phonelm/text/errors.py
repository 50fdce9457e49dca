"""Errors for text that cannot be spoken."""


class TextError(ValueError):
    """The text cannot be spoken. The message says what is wrong and what to do."""


class NothingToSay(TextError):
    """The text has no word. `unread` has its characters without a reading."""

    def __init__(self, why: str, unread: tuple[str, ...] = ()):
        super().__init__(f"nothing to say: {why}; give at least one word or number")
        self.unread = unread


class PhonemeError(TextError):
    """Phonemes are unknown, or there are none. The message names them and lists the allowed ones."""
