"""The notebooks, each from a fresh kernel, and the magic of a cell."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(notebook):
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def pages(outputs):
    found = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    return [page for page in found if 'class="clearprop"' in page]


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.ipynb")))
def test_a_notebook_runs_from_a_fresh_kernel(name):
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
    shown = pages(run(notebook))
    assert shown and all("http" not in page for page in shown)
    # The last expression of a cell is not shown twice.
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(pages(cell.outputs)) <= 1


def test_a_cell_is_diagnosed_by_its_magic():
    cells = ["%load_ext clearprop", "%%diagnose X y W1 W2 h11\nimport clearprop\nlocals().update(clearprop.probe())\nh11 = X @ W1 + 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in [*cells, "%%diagnose nothing\n1"]])
    with pytest.raises(Exception, match="there is no variable nothing"):
        run(notebook)
    texts = [str(output) for cell in notebook.cells[:2] for output in cell.outputs]
    assert any("h11" in text for text in texts), texts
