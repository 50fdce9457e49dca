"""Output files: whole or not at all, devices and pipes written to, links followed, all of it checked beforehand."""

import os
import stat
import threading

import pytest

from phonelm.files import atomic_write, check_writable, written_in_place

posix = pytest.mark.skipif(os.name != "posix", reason="devices, pipes and links as POSIX has them")


def write(path, content=b"new"):
    with atomic_write(path) as file:
        file.write(content)


@posix
def test_a_pipe_is_written_to(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    check_writable(pipe)
    write(pipe, b"x" * 100_000)
    reader.join(10)
    assert got == [b"x" * 100_000] and stat.S_ISFIFO(pipe.stat().st_mode) and list(tmp_path.iterdir()) == [pipe]


@posix
def test_a_device_is_written_to():
    check_writable("/dev/null")
    write("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@posix
def test_what_is_open_already_is_written_to(tmp_path):
    if not os.path.exists("/dev/fd"):
        pytest.skip("no /dev/fd here")
    with open(tmp_path / "a", "wb") as file:
        name = f"/dev/fd/{file.fileno()}"
        check_writable(name)
        write(name)
        assert written_in_place(name) and os.fstat(file.fileno()).st_ino == (tmp_path / "a").stat().st_ino
    assert (tmp_path / "a").read_bytes() == b"new"


@posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(tmp_path, there):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "a", tmp_path / "link"
    if there:
        target.write_bytes(b"old")
    link.symlink_to(target)
    check_writable(link)
    write(link)
    assert link.is_symlink() and target.read_bytes() == b"new" and list(target.parent.iterdir()) == [target]


@posix
def test_the_mode_of_a_file_stays(tmp_path):
    path = tmp_path / "a"
    path.touch(0o600)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_long_name_can_be_written(tmp_path):
    path = tmp_path / ("ä" * 120)
    write(path)
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", ".", "none/a", "file/a", "n" * 300, "loop"])
def test_what_cannot_be_written_is_known_before(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    if os.name == "posix":
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
    elif name == "loop":
        pytest.skip("links need rights")
    before = sorted(tmp_path.iterdir())
    for refuse in (check_writable, write):
        with pytest.raises(OSError):
            refuse(name)
    assert sorted(tmp_path.iterdir()) == before


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_permissions_are_checked(tmp_path):
    (tmp_path / "a").touch(0o400)
    with pytest.raises(PermissionError):
        check_writable(tmp_path / "a")
    (tmp_path / "b").write_bytes(b"old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            check_writable(tmp_path / "c")
        write(tmp_path / "b")  # in place, because no other file can be made there
        assert (tmp_path / "b").read_bytes() == b"new"
    finally:
        tmp_path.chmod(0o700)
