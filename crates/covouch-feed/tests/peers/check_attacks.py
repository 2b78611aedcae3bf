"""python-tuf reads the repositories of each attack, and those of its honest twin.

Usage: check_attacks.py FOLDER, with folders as tests/it/attacks/on_disk.rs describes them.
"""

import json
import pathlib
import sys
import tempfile
from datetime import datetime

from from_folder import refreshed
from tuf.api.exceptions import DownloadError, RepositoryError


def read(story, last):
    first = (story / "first.json").read_bytes()
    kept = tempfile.mkdtemp()
    seen = sorted((story / "seen").glob("*"), key=lambda path: int(path.name))
    for folder in seen:
        refreshed(kept, folder, first, datetime.fromisoformat((folder / "now").read_text()))
    folder = story / last
    try:
        refreshed(kept, folder, first, datetime.fromisoformat((folder / "now").read_text()))
    except (RepositoryError, DownloadError) as error:
        return type(error).__name__
    return "believed"


stories = sorted(pathlib.Path(sys.argv[1]).iterdir())
print(json.dumps({story.name: [read(story, last) for last in ("attack", "twin")] for story in stories}))
