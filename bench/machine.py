"""What a measurement must tell of its circumstances: the processor, the versions, the day."""
import datetime
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PEERS = "numpy scikit-learn torch jax onnxruntime".split()


def installed():
    """{peer: version} of those that are there."""
    versions = {}
    for peer in PEERS:
        try:
            versions[peer] = version(peer)
        except PackageNotFoundError:
            pass
    return versions


def about():
    names = re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return dict(
        date=datetime.date.today().isoformat(), processor=names[0] if names else platform.processor(),
        cores=len(os.sched_getaffinity(0)), system=f"{platform.system()} {platform.machine()}",
        versions=dict(python=platform.python_version(), **installed()))
