"""Output files: checked before the work begins, then written as a whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

OPEN_ALREADY = ("/dev/", "/proc/")  # folders of devices and of what a process has open (/dev/stdout)


def written_in_place(path: str | Path) -> bool:
    """Whether `path` must be written to and not replaced: a device, a pipe, or a name of something open already."""
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        regular = True
    return not regular or os.path.abspath(path).startswith(OPEN_ALREADY)


def check_writable(path: str | Path) -> None:
    """Refuse an output file that cannot be written. Nothing is changed.

    Raises:
        OSError: no name, a folder, no folder to write to, no permission, a loop of symbolic links.
    """
    path = Path(path)
    if not path.name:
        raise OSError(errno.EINVAL, "an output file needs a name", str(path))
    file = Path(os.path.realpath(path))
    if file.is_dir():
        raise OSError(errno.EISDIR, "this is a folder, name a file", str(path))
    if written_in_place(path):
        if not os.access(path, os.W_OK):
            raise OSError(errno.EACCES, "it may not be written to", str(path))
        return
    if not file.parent.is_dir():
        raise OSError(errno.ENOENT, f"there is no folder {file.parent}, make it first", str(path))
    if file.exists() and not os.access(file, os.W_OK):
        raise OSError(errno.EACCES, "the file may not be written to", str(path))
    if not file.exists() and not os.access(file.parent, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, "no file may be made in this folder", str(path))


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` when the block ends without an error.

    Readers see the old file or the new one, never a part of it. After an error nothing is left behind. Symbolic links
    are followed, and the mode of the old file is kept. The finished content is copied to devices and pipes, and to
    files in folders where no file can be made.

    Raises:
        OSError: as for `check_writable`; the disk is full.
    """
    check_writable(path)
    file = Path(os.path.realpath(path))
    if written_in_place(path) or not os.access(file.parent, os.W_OK | os.X_OK):
        with tempfile.TemporaryFile() as temporary:
            yield temporary
            temporary.seek(0)
            with open(path, "wb") as output:
                shutil.copyfileobj(temporary, output)
        return
    temporary_file = file.with_name(f".{file.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary_file, "xb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        if file.exists():
            shutil.copymode(file, temporary_file)
        os.replace(temporary_file, file)
    finally:
        temporary_file.unlink(missing_ok=True)


def file_digest(path: str | Path) -> str:
    """32 hex digits that change with the content of a file; `OSError` if it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_json(path: str | Path, value: Any) -> None:
    """Write plain JSON types as a readable file, whole or not at all; `OSError` as for `atomic_write`."""
    with atomic_write(path) as file:
        file.write((json.dumps(value, indent=1) + "\n").encode())
