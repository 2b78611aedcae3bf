"""python-tuf reads the feed that covouch reads, and prints how many milliseconds that took.

Usage: reader.py URL FOLDER NOW PROJECT…
"""

import pathlib
import sys
import time
from datetime import datetime
from urllib.request import urlopen

from tuf.ngclient import Updater, UpdaterConfig

url, folder, now, *projects = sys.argv[1:]
pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
# Its snapshots have 2 MB at most otherwise, and those of a million projects have more.
config = UpdaterConfig(snapshot_max_length=1 << 22)
start = time.perf_counter()
kept = pathlib.Path(folder) / "root.json"
first = None if kept.exists() else urlopen(url + "1.root.json").read()
updater = Updater(folder, url, bootstrap=first, config=config)
updater._trusted_set.reference_time = datetime.fromisoformat(now)
updater.refresh()
found = sum(len(updater.get_targetinfo(project).custom["statements"]) for project in projects)
print((time.perf_counter() - start) * 1e3, found)
