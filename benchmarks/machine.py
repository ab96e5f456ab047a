"""What a figure depends on: processor, instruction set, libraries and their threads."""

import os
import platform
import re
import time
from importlib import metadata
from pathlib import Path


def processor():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def blas():
    """Name and version of each BLAS in the process."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        import numpy as np

        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found['name']} {found.get('version', '')} (threads by environment)"
    found = {
        f"{pool['internal_api']} {pool['version']}"
        + (f", {pool['architecture']}" if pool.get("architecture") else "")
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) or "none found"


def kind():
    """A name for machines like this one, to name files by."""
    words = re.sub(r"\((R|TM|tm|r)\)|\bCPU\b|@.*", " ", processor())
    words = f"{platform.machine()} {words} {os.cpu_count()} cores"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def describe(threads, blas_of_numpy):
    """{what: value}, in the order of printing; measures nothing and imports no rival."""
    import ffnn

    config = ffnn._ffnn.config()
    facts = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": f"{processor()}, {os.cpu_count()} of them",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "ffnn": f"{ffnn.__version__}, {config['isa']}, {config['compiler']}",
        "NumPy": f"{version('numpy')}, {blas_of_numpy}",
    }
    for package in ("torch", "jax", "scikit-learn"):
        facts[package] = version(package) or "not installed"
    facts["threads"] = ", ".join(map(str, threads))
    if hasattr(os, "getloadavg"):
        facts["load before"] = f"{os.getloadavg()[0]:.1f}"
    return facts
