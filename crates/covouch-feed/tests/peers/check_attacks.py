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
    first, project = (story / "first.json").read_bytes(), (story / "project").read_text()
    kept = tempfile.mkdtemp()
    seen = sorted((story / "seen").glob("*"), key=lambda path: int(path.name))
    for folder in [*seen, story / last]:
        try:
            updater = refreshed(kept, folder, first, datetime.fromisoformat((folder / "now").read_text()))
            if updater.get_targetinfo(project) is None:
                return "believed, and says nothing"
        except (RepositoryError, DownloadError) as error:
            assert folder == story / last, (story.name, folder)
            return type(error).__name__
    return "believed"


stories = sorted(pathlib.Path(sys.argv[1]).iterdir())
print(json.dumps({story.name: [read(story, last) for last in ("attack", "twin")] for story in stories}))
