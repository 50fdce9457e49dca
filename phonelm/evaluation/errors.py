"""Errors of the measuring tools."""


class JudgeError(ValueError):
    """A package or model for measuring is missing. The message says what to install."""
