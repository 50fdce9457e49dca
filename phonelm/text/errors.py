"""What is raised for text that cannot be spoken."""


class TextError(ValueError):
    """Text that cannot be spoken; the message says what is wrong and what to do."""


class NothingToSay(TextError):
    """Text without a word; `unread` holds its characters that have no reading."""

    def __init__(self, why: str, unread: tuple[str, ...] = ()):
        super().__init__(f"nothing to say: {why}; give at least one word or number")
        self.unread = unread


class PhonemeError(TextError):
    """Phonemes that do not exist, or none at all; the message names each of them and says what is allowed."""
