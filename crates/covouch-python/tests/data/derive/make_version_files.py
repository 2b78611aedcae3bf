"""Records what version-writing build backends write, each in a virtual environment of its own.

    python make_version_files.py

The digests in `src/derive/version_file.rs` are those of the recorded files without their values; the tests compare
the two. setuptools-scm and vcs-versioning are published under the MIT licence.
"""

import pathlib
import subprocess
import sys
import tempfile
import venv

PLAIN = "1.2.3"
FULL = "1!2.3rc1.post4.dev5+gabcdef0.d20260101"

# Before 8.1 the tuple left some parts of a version out.
TOOLS = [
    ("7.0.5", PLAIN),
    ("7.1.0", PLAIN),
    ("8.0.4", PLAIN),
    ("8.3.1", FULL),
    ("9.2.2", FULL),
    ("10.3.4", FULL),
]

# The name of the writer has moved twice.
WRITE = """
import sys
try:
    from vcs_versioning import dump_version
except ImportError:
    from setuptools_scm import dump_version
dump_version(sys.argv[1], sys.argv[2], "version.py")
"""


def main() -> None:
    out = pathlib.Path(__file__).parent / "version_files"
    for tool, version in TOOLS:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(f"{folder}/venv", with_pip=True)
            python = f"{folder}/venv/bin/python"
            pip = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
            subprocess.run([*pip, f"setuptools-scm=={tool}", "setuptools"], check=True)
            subprocess.run([python, "-W", "ignore", "-c", WRITE, folder, version], check=True)
            written = pathlib.Path(folder, "version.py").read_bytes()
            (out / f"setuptools-scm-{tool}.py").write_bytes(written)


if __name__ == "__main__":
    sys.exit(main())
