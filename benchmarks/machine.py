"""What a figure depends on: processor, instruction set, libraries and their threads."""

import os
import platform
import re
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
    """Name, version and threads of each BLAS in the process."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        import numpy as np

        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found['name']} {found.get('version', '')} (threads by environment)"
    found = {
        f"{pool['internal_api']} {pool['version']}, {pool['num_threads']} thread(s)"
        + (f", {pool['architecture']}" if pool.get("architecture") else "")
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) or "none found"


def describe(threads):
    """{what: value}, in the order of printing."""
    import numpy as np

    import ffnn

    config = ffnn._ffnn.config()
    facts = {
        "processor": f"{processor()}, {os.cpu_count()} of them",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "ffnn": f"{ffnn.__version__}, {config['isa']}, {config['compiler']}",
        "NumPy": f"{np.__version__}, {blas()}",
    }
    for package in ("torch", "jax", "scikit-learn"):
        facts[package] = version(package) or "not installed"
    facts["threads"] = str(threads)
    if threads > 1 and not hasattr(ffnn, "set_num_threads"):
        facts["threads"] += " (this ffnn computes on one)"
    if hasattr(os, "getloadavg"):
        facts["load before"] = f"{os.getloadavg()[0]:.1f}"
    return facts
