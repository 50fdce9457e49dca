"""Files and functions stay short enough to be read at once."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "phonelm"
FILE_LINES, FUNCTION_LINES = 300, 60
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_files_and_functions_are_short(name):
    code = (PACKAGE / name).read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f.name for f in functions if f.end_lineno - f.lineno + 1 > FUNCTION_LINES]
    assert len(code.splitlines()) <= FILE_LINES, "split the file by ideas"
    assert not long, "split these functions by ideas"
