"""PhoneLM in a browser: `python app.py`, then open the address that it prints. Hugging Face Spaces start it, too."""

from phonelm.ui.app import SESSIONS, build_demo, launch, main

__all__ = ["SESSIONS", "build_demo", "launch", "main"]

if __name__ == "__main__":
    main()
