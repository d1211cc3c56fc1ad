"""``clearprop.diagnose()`` as a line in other people's programs says what their saved arrays say."""

import re
from pathlib import Path

import numpy as np
import pytest

import clearprop

FIELD = Path(__file__).parents[3] / "corpus/field"
# Where a program saves all of its variables, the line is put before.
SAVES = re.compile(r"^(\s*)np\.savez\((f?\"[\w{}]+\.npz\"|name \+ \"\.npz\"), \*\*(locals\(\)|\{k: v for k, v in globals)", re.MULTILINE)
PROGRAMS = sorted(path.parent.name for path in FIELD.glob("*/make.py") if SAVES.search(path.read_text(encoding="utf-8")))


# As a person would write it, but that a refusal does not end the program.
LINE = """{indent}try: FOUND = CLEARPROP.diagnose(show=False)
{indent}except ValueError as refusal: FOUND = refusal
{indent}SAID.append(({file}, FOUND))
"""


def said_of(found):
    return ("refused", None) if isinstance(found, ValueError) else (found.verdict, found.first_wrong)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_line_in_a_program_says_what_the_file_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = (FIELD / name / "make.py").read_text(encoding="utf-8")
    program = SAVES.sub(lambda found: "\n" + LINE.format(indent=found[1].strip("\n"), file=found[2]) + found[0].lstrip("\n"), program)
    said = []
    with np.errstate(all="ignore"):
        exec(compile(program, name, "exec"), {"SAID": said, "CLEARPROP": clearprop, "__name__": name})
    assert said
    for file, found in said:
        try:
            there = clearprop.diagnose(tmp_path / file, show=False)
        except ValueError as refusal:
            there = refusal
        assert said_of(found) == said_of(there), (file, found, there)


def test_programs_were_found():
    assert len(PROGRAMS) >= 12
