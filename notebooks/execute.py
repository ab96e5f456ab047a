"""Executes the notebooks of this folder and stores their outputs: make notebooks.

python notebooks/execute.py [name ...] does those named, or all. Stored are the texts and pictures,
nothing that changes without them: no times of execution, no version of Python.
"""

import base64
import io
import os
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SECONDS_A_CELL = 300
COLOURS = 256  # of a stored picture, one byte for each pixel: enough for drawings


def execute(notebook, folder):
    """Run all cells in `folder` by this environment's kernel; a cell that fails raises."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    nbformat.validate(notebook)
    nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS_A_CELL,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def smaller(png):
    """A picture, base64 in and out, in a palette."""
    file = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    image.quantize(COLOURS).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main(names):
    for path in [FOLDER / f"{name}.ipynb" for name in names] or sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            execute(notebook, folder)
        notebook.metadata["language_info"] = {"name": "python"}
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                output.get("metadata", {}).clear()
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
