"""Imports go one way, and importing does nothing."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phonelm.cli import COMMANDS

PACKAGE = Path(__file__).parent.parent / "phonelm"
ORDER = (  # a package imports only from those before it
    "config files checkpoint datasets text audio codec model generation tts evaluation training server ui cli __main__"
).split()
MODULES = sorted(p.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".") for p in PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Names of the modules of the package that a file imports, at any depth of its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name.split(".", 1)[1] for a in node.names if a.name.startswith("phonelm.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "phonelm":
            inside = node.module.partition(".")[2]
            names |= {inside} if inside else {a.name for a in node.names}
    return names


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_imports_go_one_way(module):
    top = module.split(".")[0]
    assert top in ORDER, f"give {top} its place in ORDER"
    for name in imported(PACKAGE / (module.replace(".", "/") + ".py")):
        if name != "__version__" and name.split(".")[0] != top:
            assert ORDER.index(name.split(".")[0]) < ORDER.index(top), f"{module} imports {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_other_packages_are_used_through_their_front_door(module):
    top = module.split(".")[0]
    for name in imported(PACKAGE / (module.replace(".", "/") + ".py")):
        assert name.split(".")[0] == top or "." not in name, f"{module} reaches into {name}"


def without_shortcuts(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows of a graph without cycles that do not follow from others (its transitive reduction)."""

    def reached(start: str) -> set[str]:
        return set().union(*({name} | reached(name) for name in arrows.get(start, ())))

    return {name: targets - set().union(*map(reached, targets)) for name, targets in arrows.items() if targets}


def test_the_picture_of_the_packages_is_true():
    """An arrow of the diagram is an import, and every import is an arrow or follows from arrows."""
    boxes = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} | {"cli"}
    imports = {box: set() for box in boxes}
    for module in MODULES:
        box = module.split(".")[0]
        if box in boxes:
            names = imported(PACKAGE / (module.replace(".", "/") + ".py"))
            imports[box] |= {name.split(".")[0] for name in names} & boxes - {box}
    imports["cli"] |= {path.split(".")[0] for path, _, _ in COMMANDS.values()}  # imported by name
    picture = (PACKAGE.parent / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    [diagram] = re.findall(r"```mermaid\n(.*?)```", picture, re.DOTALL)
    drawn: dict[str, set[str]] = {}
    for source, target in re.findall(r"(\w+) --> (\w+)", diagram):
        drawn.setdefault(source, set()).add(target)
    assert drawn == without_shortcuts(imports)


def test_the_network_knows_tensors_only():
    assert imported(PACKAGE / "model/megabyte.py") == {"model.grid_codes", "config", "model.layers", "model.speaker"}
    assert imported(PACKAGE / "model/speaker.py") == set()
    assert "config" not in imported(PACKAGE / "model/layers.py")


def test_the_app_knows_the_page_and_the_facade_only():
    assert {name.split(".")[0] for name in imported(PACKAGE.parent / "app.py")} <= {"tts", "ui"}


def test_importing_has_no_side_effects():
    """No output, no network, no seed or thread count set, no heavy package for the front door."""
    code = """
import socket, sys, random
def refuse(*a, **k): raise AssertionError("network at import")
socket.socket.connect = refuse
import torch, numpy
torch.manual_seed(3); numpy.random.seed(3); random.seed(3)
before = torch.get_rng_state(), numpy.random.get_state()[1].tolist(), random.getstate(), torch.get_num_threads()
import phonelm.tts, phonelm.cli, phonelm.tts.picture, phonelm.training.train
assert torch.equal(before[0], torch.get_rng_state()), "torch seed"
assert before[1] == numpy.random.get_state()[1].tolist() and before[2] == random.getstate(), "seed"
assert before[3] == torch.get_num_threads(), "threads"
assert "g2p_en" not in sys.modules and "torchaudio" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
