"""What is installed is known: requirements, lock file and bill of materials say the same. Nothing is downloaded."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
UNTESTED = {"gradio", "pyworld", "tensorboard"}  # with their oldest versions
PLATFORMS = [("linux", "Linux", "x86_64"), ("darwin", "Darwin", "arm64"), ("win32", "Windows", "AMD64")]


def requirements(text):
    """Those of a requirements file without its hashes."""
    lines = (re.split(r" #|^#| \\$", line)[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("--hash=")]


def name(requirement):
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


@pytest.fixture(scope="module")
def locked():
    return requirements(LOCK.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def declared():
    """What pyproject.toml asks for with a lower bound, by name: always, for the app, and for training."""
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8")).unwrap()["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + extras["app"] + extras["train"]
    return {name(wanted): wanted for wanted in map(Requirement, lines) if ">=" in str(wanted.specifier)}


def test_the_oldest_versions_are_the_lower_bounds(declared):
    oldest = {name(r): r for r in requirements((ROOT / "requirements-oldest.txt").read_text(encoding="utf-8"))}
    for key, wanted in declared.items():
        bound = next(s.version for s in wanted.specifier if s.operator == ">=")
        if key not in UNTESTED:
            assert oldest[key].specifier.contains(bound), f"{wanted}, but tested with {oldest[key]}"


def test_the_pinned_versions_are_within_the_bounds(declared):
    files = (ROOT / "requirements.txt", ROOT / "requirements-eval.txt")
    pinned = [pin for file in files for pin in requirements(file.read_text(encoding="utf-8"))]
    assert set(declared) <= {name(r) for r in pinned}
    for pin in (r for r in pinned if name(r) in declared):
        assert declared[name(pin)].specifier.contains(next(iter(pin.specifier)).version), pin


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p[0])
def test_the_lock_holds_each_requirement_once(locked, platform, python):
    keys = ("sys_platform", "platform_system", "platform_machine")
    here = {**default_environment(), **dict(zip(keys, platform)), "python_version": python}
    here["python_full_version"] = f"{python}.0"
    found = {}
    for entry in (r for r in locked if r.marker is None or r.marker.evaluate(here)):
        assert name(entry) not in found, f"{entry.name} is locked twice"
        found[name(entry)] = next(iter(entry.specifier)).version
    for wanted in requirements((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        if wanted.marker is None or wanted.marker.evaluate(here):
            assert wanted.specifier.contains(found.get(name(wanted), "0")), f"{wanted}: run `make lock`"


def test_every_entry_is_one_version_with_hashes_and_no_place_to_get_it_from():
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", LOCK.read_text(encoding="utf-8"), flags=re.M).strip())
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert len(entries) > 50 and "://" not in "".join(entries)


def test_the_bill_of_materials_lists_what_is_locked(locked, tmp_path):
    recipe = re.search(r"-m (cyclonedx_py .* requirements\.lock)", (ROOT / "Makefile").read_text())[1].split()
    command = [sys.executable, "-m", *recipe, "--no-validate", "--output-file", tmp_path / "sbom.json"]  # to be quick
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    listed = {(c["name"], c["version"], c["purl"]) for c in bill["components"]}
    versions = {(r.name, next(iter(r.specifier)).version) for r in locked}
    assert {(n, v) for n, v, _ in listed} == versions
    assert all(purl == f"pkg:pypi/{n.lower().replace('_', '-')}@{v}" for n, v, purl in listed)
