"""python-tuf reads the feeds we write, one publication after the other, with what it kept of the one before.

Usage: check_feed.py FOLDER, with FOLDER/STORY/1, 2, … as publications and a file `projects` in each.
"""

import json
import pathlib
import sys
import tempfile
from datetime import datetime, timezone

from from_folder import refreshed

# The stories play in November 2026, whenever they are read.
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)

counts = {}
for story in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    kept = tempfile.mkdtemp()
    first = (story / "1" / "1.root.json").read_bytes()
    for publication in sorted(story.iterdir(), key=lambda path: int(path.name)):
        updater = refreshed(kept, publication, first, NOW)
        found = 0
        for project in (publication / "projects").read_text().split():
            target = updater.get_targetinfo(project)
            assert target is not None, (story.name, publication.name, project)
            assert target.length == 0
            found += len(target.custom["statements"])
        assert updater.get_targetinfo("nobody-knows-it") is None
        counts[f"{story.name}/{publication.name}"] = found
print(json.dumps(counts))
