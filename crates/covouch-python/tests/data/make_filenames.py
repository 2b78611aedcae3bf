"""Records what `packaging` says of file names, into `filenames.jsonl` beside this script.

Run with `packaging` installed:  python make_filenames.py
The names are invented, after the shapes found on indexes and in the specification, plus one broken copy per way
to break them.
"""

import itertools
import json
import pathlib

import packaging
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

PROJECTS = ["ctx", "Flask_SQLAlchemy", "zope.interface", "ruamel.yaml.clib", "A", "torch", "x_1", "Foo__Bar", "_lead", "trail_"]
VERSIONS = ["0.1.2", "1.0", "2004b", "1.0.post1", "1!2.0", "1.0rc1", "1.0.dev3", "2.1.0+cu118", "2.1.0+cu.118_1", "v1.0",
            "1.0_1", "1.0.", "", "one", "1.0-1", "1.0.0.0.0.0.0.0.0.1", "0", "2024.1.1a0.post2.dev3", "1.0+", "1_0"]
BUILDS = [None, "1", "2abc", "0_x", "a1", "", "007"]
TAGS = ["py3-none-any", "py2.py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", "CP39-ABI3-Win_AMD64",
        "pp39-pypy39_pp73-macosx_10_9_x86_64", "py3-none", "py3-none-any-more", "-none-any", "py3--any", "py3-none-",
        "py3.-none-any", "3py-none-any", "py3-none.-any", "cp310-cp310-linux_armv7l", "py3+-none-any"]
ENDS = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".egg", ".exe", ".whl", ".TAR.GZ", "", ".tar", ".gz"]


def names():
    for project, version in itertools.product(PROJECTS[:6], VERSIONS):
        yield f"{project}-{version}-py3-none-any.whl"
    for project, build, tags in itertools.product(PROJECTS[:2] + PROJECTS[7:], BUILDS, TAGS[:4]):
        yield "-".join(part for part in (project, "1.0", build, tags) if part is not None) + ".whl"
    for tags in TAGS:
        yield f"ctx-0.1.2-{tags}.whl"
        yield f"ctx-0.1.2-1-{tags}.whl"
    for project, version, end in itertools.product(PROJECTS, VERSIONS, ENDS[:2]):
        yield f"{project}-{version}{end}"
    for end in ENDS:
        yield f"ctx-0.1.2{end}"
        yield f"ctx{end}"
        yield f"ctx-{end}"
        yield f"python-dateutil-2.8.2{end}"
        yield f"foo-1.0-1{end}"


def verdict(name):
    try:
        project, version, build, tags = parse_wheel_filename(name)
        return {"kind": "wheel", "project": project, "version": str(version),
                "build": "".join(map(str, build)), "tags": sorted(map(str, tags))}
    except InvalidWheelFilename:
        pass
    try:
        project, version = parse_sdist_filename(name)
        return {"kind": "sdist", "project": project, "version": str(version)}
    except InvalidSdistFilename:
        return {"kind": None}


def main():
    path = pathlib.Path(__file__).with_name("filenames.jsonl")
    with path.open("w", encoding="ascii") as out:
        print(json.dumps({"made-by": f"packaging {packaging.__version__}"}), file=out)
        for name in dict.fromkeys(names()):
            print(json.dumps({"name": name, **verdict(name)}), file=out)


main()
