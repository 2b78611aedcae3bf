"""Reads a repository from a folder on this disk."""

from datetime import datetime

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater


class FromFolder(FetcherInterface):
    def __init__(self, folder):
        self.folder = folder

    def _fetch(self, url):
        path = self.folder / url.removeprefix("feed/")
        if not path.exists():
            raise DownloadHTTPError("not there", 404)
        yield path.read_bytes()


def refreshed(kept, folder, first, now: datetime):
    """A client that has read what is in the folder, at a time of ours: the stories play in November 2026."""
    updater = Updater(kept, "feed/", fetcher=FromFolder(folder), bootstrap=first)
    updater._trusted_set.reference_time = now
    updater.refresh()
    return updater
