"""PhoneLM: text-to-speech with one autoregressive model over audio-codec codes, guided by a phoneme pointer."""

__version__ = "0.1.0"
