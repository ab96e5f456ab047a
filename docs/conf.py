"""The documentation's settings: make docs."""

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parent
sys.path[:0] = [str(HERE / "_ext")]
# Notebooks run in processes of their own, by this environment's kernel.
os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
os.environ["MPLBACKEND"] = "Agg"

import ffnn  # noqa: E402

project = "ffnn"
author = "the ffnn authors"
copyright = f"MIT licence, {author}"
version = release = ffnn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "docstring_fields",
    "reference_pages",
]
# Sphinx reads what lies in its folder: notebooks and README are copied there at each build.
shutil.rmtree(HERE / "notebooks", ignore_errors=True)
shutil.copytree(TREE / "notebooks", HERE / "notebooks", ignore=shutil.ignore_patterns("*.py"))
readme = (TREE / "README.md").read_text(encoding="utf-8")
for folder, beside in ("notebooks/", "/notebooks/"), ("benchmarks/", "../benchmarks/"):
    readme = readme.replace(f"]({folder}", f"]({beside}")
(HERE / "README.txt").write_text(readme, encoding="utf-8")

exclude_patterns = ["_build", "gallery", "auto_gallery/*.ipynb", "**/sg_execution_times.rst"]
nitpicky = True
# Types that annotations name and no page describes.
nitpick_ignore_regex = [("py:.*", r"(?!ffnn\.)[\w.]+"), ("py:class", r"ffnn\._.*")]

myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 3
myst_heading_slug_func = "docstring_fields.slug"  # as Jupyter's, for links within notebooks
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True

autodoc_typehints = "none"  # the tables of the docstrings say shapes and types
autodoc_member_order = "bysource"
add_module_names = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r".*\.py",
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "copyfile_regex": r".*\.rst",
    "abort_on_example_error": True,
    "capture_repr": (),
}

html_theme = "furo"
html_title = f"ffnn {release}"
html_static_path = ["_static"]
html_css_files = ["ffnn.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
suppress_warnings = ["mystnb.unknown_mime_type", "config.cache"]
