"""PhoneLM in a browser: `python app.py`, then open the address that it prints. Hugging Face Spaces start it, too."""

import gc

gc.disable()  # imports leave no garbage, and looking for it takes a quarter of their time
from phonelm.ui.app import SESSIONS, build_demo, launch, main  # noqa: E402

gc.enable()

__all__ = ["SESSIONS", "build_demo", "launch", "main"]

if __name__ == "__main__":
    main()
