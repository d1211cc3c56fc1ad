"""What a measurement must tell of its circumstances: the processor, the versions, the day."""
import datetime
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PEERS = "numpy scikit-learn torch jax onnxruntime".split()


def about():
    names = re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return dict(
        date=datetime.date.today().isoformat(), processor=names[0] if names else platform.processor(),
        cores=len(os.sched_getaffinity(0)), system=f"{platform.system()} {platform.machine()}",
        versions=dict(python=platform.python_version(), **{peer: version(peer) for peer in PEERS}))
