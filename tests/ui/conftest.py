"""Fixtures of the browser tests."""

from tests.ui.browser import browser, page, unhurried

__all__ = ["browser", "page", "unhurried"]
