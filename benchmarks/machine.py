"""Say on what kind of machine, with which versions, was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

PACKAGES = 'numpy', 'mxnet', 'safetensors'


def machine(folder: Path) -> dict[str, object]:
    """Return the kind of the machine, without a name or an address."""
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return {
        'cpu': cpu(),
        'cores': os.cpu_count(),
        'memory_gib': round(pages / 2**30),
        'system': platform.system(),
        'kernel': platform.release().split('-')[0],
        'file_system': file_system(folder),
    }


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the versions of what is compared."""
    import d2l_rw

    found = {name: version(name) for name in packages}
    return {
        'python': platform.python_version(),
        **found,
        'd2l_rw': d2l_rw.__version__,
    }


def cpu() -> str:
    """Return the model of the processor, as Linux names it."""
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.machine()


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on."""
    lines = Path('/proc/mounts').read_text().splitlines()
    mounts = [line.split() for line in lines]
    parents = {str(folder.resolve()), *map(str, folder.resolve().parents)}
    under = [fields for fields in mounts if fields[1] in parents]
    return max(under, key=lambda fields: len(fields[1]))[2]
