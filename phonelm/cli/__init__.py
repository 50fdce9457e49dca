"""The command line: `phonelm COMMAND` or `python -m phonelm COMMAND`; `--help` lists the commands.

Bad input gives one line on standard error and exit code 2. If the reader of the output leaves, the command ends
quietly.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from phonelm.cli.parser import COMMANDS, build_parser
from phonelm.files import check_writable

__all__ = ["COMMANDS", "main"]

STOPPED, READER_LEFT = 130, 141  # exit codes that shells give a process that SIGINT or SIGPIPE ended


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "30")  # seconds; a log needs fewer lines of progress than a terminal
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of few letters is no reason to fail
    try:
        try:
            return _run(argv)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError, ValueError):  # Python flushes once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT


def _run(argv: list[str]) -> int:
    try:
        args = build_parser(argv[:1]).parse_args(argv)
        if isinstance(info := getattr(args, "json", None), Path):  # for every command, before its work begins
            check_writable(info)
        return args.run(args)
    except ModuleNotFoundError as error:
        missing = (error.name or "phonelm").split(".")[0]
        if missing == "phonelm" or argv[0] not in COMMANDS:
            raise
        how = f"pip install 'phonelm[{COMMANDS[argv[0]][1]}]'"
        print(f"phonelm: error: `{argv[0]}` needs the package {missing}: {how}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("phonelm: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        reason = error.strerror + f": {error.filename}" if isinstance(error, OSError) and error.strerror else str(error)
        print(f"phonelm: error: {' '.join(reason.split())}", file=sys.stderr)
        return 2
