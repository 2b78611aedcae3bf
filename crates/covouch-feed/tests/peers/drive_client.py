"""Generic TUF repositories, written by python-tuf, served over HTTP, and read by the example client.

Usage: drive_client.py CLIENT

Every story changes a repository step by step and says after each step what the client must answer and trust.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    TOP_LEVEL_ROLE_NAMES,
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

CLIENT = sys.argv[1]
NOW = datetime.now(timezone.utc).replace(microsecond=0)
LATER = NOW + timedelta(days=30)
PAST = NOW - timedelta(days=5)


class Repository:
    """One repository and everything it ever published."""

    def __init__(self, make=CryptoSigner.generate_ed25519, consistent=True):
        self.make = make
        self.roles = {
            "root": Root(expires=LATER, consistent_snapshot=consistent),
            "timestamp": Timestamp(expires=LATER),
            "snapshot": Snapshot(expires=LATER),
            "targets": Targets(expires=LATER),
        }
        self.signers = {}
        self.published = {}
        self.files = {}
        self.asked = []
        self.taken = []
        self.withheld = set()
        self.announce_bytes = False
        for role in TOP_LEVEL_ROLE_NAMES:
            self.rotate(role)
        for role in ["root", "targets", "snapshot", "timestamp"]:
            self.publish(role, bump=False)

    def rotate(self, role, signers=None, threshold=1):
        """Other keys for a top-level role."""
        signers = signers or [self.make()]
        root = self.roles["root"]
        root.roles[role].keyids.clear()
        root.roles[role].threshold = threshold
        for signer in signers:
            root.add_key(signer.public_key, role)
        self.signers[role] = signers

    def publish(self, *roles, bump=True):
        for role in roles:
            signed = self.roles[role]
            if bump:
                signed.version += 1
            metadata = Metadata(signed)
            for signer in self.signers[role]:
                metadata.sign(signer, append=True)
            self.publish_bytes(role, metadata.to_bytes(JSONSerializer()))

    def publish_bytes(self, role, data):
        version = self.roles[role].version
        self.published.setdefault(role, {})[version] = data
        meta = MetaFile(version)
        if self.announce_bytes:
            meta = MetaFile.from_data(version, data, ["sha256"])
        if role == "snapshot":
            self.roles["timestamp"].snapshot_meta = meta
        elif role not in ("root", "timestamp"):
            self.roles["snapshot"].meta[f"{role}.json"] = meta

    def everything(self):
        self.publish("targets", "snapshot", "timestamp")

    def add_file(self, path, data, role="targets"):
        self.roles[role].targets[path] = TargetFile.from_data(path, data, ["sha256"])
        self.files[path] = data

    def delegate(self, parent, name, paths=("*",), terminating=False, expires=LATER, prefixes=None):
        signer = self.make()
        delegator = self.roles[parent]
        if delegator.delegations is None:
            delegator.delegations = Delegations({}, roles={})
        paths = None if prefixes else list(paths)
        delegator.delegations.roles[name] = DelegatedRole(name, [], 1, terminating, paths, prefixes)
        delegator.add_key(signer.public_key, name)
        if name not in self.roles:
            self.roles[name] = Targets(expires=expires)
            self.signers[name] = [signer]
            self.publish(name, bump=False)
        else:
            self.signers[name].append(signer)

    def fetch(self, path):
        kind, _, rest = path.partition("/")
        if any(name in rest for name in self.withheld):
            return None
        if kind == "metadata":
            name = urllib.parse.unquote(rest.removesuffix(".json"))
            version, _, role = name.partition(".")
            consistent = self.roles["root"].consistent_snapshot
            if name != "timestamp" and (consistent or role == "root"):
                self.asked.append((role, int(version)))
                return self.published.get(role, {}).get(int(version))
            self.asked.append((name, None))
            versions = self.published.get(name)
            return versions[max(versions)] if versions else None
        path = urllib.parse.unquote(rest)
        self.taken.append(path)
        if self.roles["root"].consistent_snapshot:
            folder, slash, name = path.rpartition("/")
            digest, _, name = name.partition(".")
            path = f"{folder}{slash}{name}"
            if self.files.get(path) is None:
                return None
            listed = [t.targets[path] for t in self.roles.values() if isinstance(t, Targets) and path in t.targets]
            return self.files[path] if digest in [h for t in listed for h in t.hashes.values()] else None
        return self.files.get(path)


class Server(ThreadingHTTPServer):
    repository = None
    status = None


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.status and not self.path.endswith("timestamp.json"):
            self.send_error(self.server.status)
            return
        data = self.server.repository.fetch(self.path[1:])
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
ADDRESS = f"http://127.0.0.1:{server.server_port}"


class Reader:
    """The client, and what it trusts."""

    def __init__(self, repository):
        server.repository = repository
        server.status = None
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.metadata = self.home / "metadata"
        self.into = self.home / "targets"
        self.repository = repository

    def run(self, *words):
        command = [CLIENT, "--metadata-dir", str(self.metadata), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done.stderr
        self.error = done.stderr
        return done.returncode == 0

    def init(self, data=None):
        root = self.home / "first.json"
        root.write_bytes(data or self.repository.published["root"][1])
        return self.run("init", str(root))

    def refresh(self):
        self.repository.asked.clear()
        return self.run("--metadata-url", f"{ADDRESS}/metadata", "refresh")

    def download(self, name):
        self.repository.asked.clear()
        words = ["--target-name", name, "--target-base-url", f"{ADDRESS}/targets", "--target-dir", str(self.into)]
        return self.run("--metadata-url", f"{ADDRESS}/metadata", *words, "download")

    def trusts(self, **versions):
        found = {
            urllib.parse.unquote(path.name.removesuffix(".json")): json.loads(path.read_bytes())["signed"]["version"]
            for path in self.metadata.glob("*.json")
        }
        assert found == versions, (found, self.error)

    def files(self):
        return sorted(path.read_bytes() for path in self.into.rglob("*") if path.is_file())

    def kept(self):
        return {path.name: path.read_bytes() for path in self.metadata.iterdir()}


def begun(repository):
    reader = Reader(repository)
    assert reader.init(), reader.error
    assert reader.refresh(), reader.error
    return reader


def asks_for_what_it_needs_and_keeps_the_bytes():
    for make in (CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa):
        repository = Repository(make)
        reader = begun(repository)
        assert repository.asked == [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)], repository.asked
        reader.trusts(root=1, timestamp=1, snapshot=1, targets=1)
        for role in TOP_LEVEL_ROLE_NAMES:
            assert (reader.metadata / f"{role}.json").read_bytes() == repository.published[role][1]
        assert reader.refresh() and repository.asked == [("root", 2), ("timestamp", None)]
    signers = {k: [CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256")] for k in ["timestamp"]}
    repository.rotate("timestamp", signers["timestamp"])
    repository.publish("root", "timestamp")
    assert reader.refresh(), reader.error


def files_lie_side_by_side_or_not():
    for consistent in (True, False):
        repository = Repository(consistent=consistent)
        reader = begun(repository)
        repository.add_file("a/b/file with spaces.txt", b"text")
        repository.everything()
        assert reader.download("a/b/file with spaces.txt"), reader.error
        assert reader.files() == [b"text"]
        assert not reader.download("nowhere")


def wrong_files_are_not_taken():
    repository = Repository()
    reader = begun(repository)
    repository.add_file("one", b"first")
    repository.add_file("two", b"second")
    repository.everything()
    assert reader.download("one")
    for path in ("one", "two"):
        repository.files[path] = b"evil!"
    reader.download("one")
    assert not reader.download("two")
    assert reader.files() == [b"first"]
    repository.files["two"] = b"second and more"
    assert not reader.download("two")
    repository.add_file("one", b"new")
    repository.everything()
    assert reader.download("one") and reader.files() == [b"new"]


def a_first_root_must_be_one():
    repository = Repository()
    good = json.loads(repository.published["root"][1])
    for spoil in (
        lambda root: root["signed"].pop("version"),
        lambda root: root["signatures"][0].update(sig="00" * 64),
        lambda root: root["signed"]["roles"]["root"].update(threshold=0),
        lambda root: root["signed"]["roles"].pop("snapshot"),
        lambda root: root["signed"].update(spec_version="2.0.0"),
    ):
        root = json.loads(json.dumps(good))
        spoil(root)
        reader = Reader(repository)
        repository.asked.clear()
        assert not reader.init(json.dumps(root).encode()) or not reader.refresh()
        assert repository.asked == []


def roots_follow_each_other():
    keys = [CryptoSigner.generate_ed25519() for _ in range(8)]
    # (keys, threshold, signed by, believed)
    stories = [
        [([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])],
        [([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4])],
        [([0, 1, 2], 2, [0, 2]), ([0, 1, 3], 2, [0, 1]), ([0, 1, 3], 2, [1, 3])],
        [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])],
        [([1], 1, [1]), ([2], 1, [2, 3]), False],
        [([1], 1, [1]), ([2], 1, [1, 3]), False],
        [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2]), False],
        [([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1]), False],
    ]
    for story in stories:
        believed = story[-1] is not False
        steps = [step for step in story if step]
        repository = Repository()
        for number, (listed, threshold, signing) in enumerate(steps):
            repository.rotate("root", [keys[index] for index in listed], threshold)
            repository.signers["root"] = [keys[index] for index in signing]
            repository.publish("root", bump=number > 0)
        reader = Reader(repository)
        assert reader.init(), reader.error
        assert reader.refresh() == believed, (story, reader.error)
        last = repository.published["root"][len(steps) - (0 if believed else 1)]
        assert (reader.metadata / "root.json").read_bytes() == last


def no_root_is_skipped():
    repository = Repository()
    reader = begun(repository)
    repository.roles["root"].version = 2
    repository.publish("root")
    versions = repository.published["root"]
    versions[2] = versions.pop(3)
    assert not reader.refresh()
    reader.trusts(root=1, timestamp=1, snapshot=1, targets=1)


def a_server_in_trouble_is_no_end_of_roots():
    repository = Repository()
    reader = begun(repository)
    server.status = 500
    assert not reader.refresh()
    for status in (403, 404, 410):
        server.status = status
        assert reader.refresh(), (status, reader.error)


def what_expired_is_not_taken():
    for role in ("root", "timestamp", "snapshot", "targets"):
        repository = Repository()
        reader = begun(repository)
        repository.roles[role].expires = PAST
        repository.publish(*{"root": ["root"], "timestamp": ["timestamp"], "snapshot": ["snapshot", "timestamp"],
                             "targets": ["targets", "snapshot", "timestamp"]}[role])
        assert not reader.refresh()
        below = {"root": 2, "timestamp": 1, "snapshot": 1, "targets": 1}
        if role == "snapshot":
            below = {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1}
        if role == "targets":
            below = {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}
        if role == "timestamp":
            below["root"] = 1
        reader.trusts(**below)


def nothing_goes_back():
    for announce in (False, True):
        repository = Repository()
        repository.announce_bytes = announce
        repository.publish("snapshot", "timestamp")
        reader = begun(repository)
        # The timestamp itself.
        repository.roles["timestamp"].version = 1
        repository.publish("timestamp", bump=False)
        del repository.published["timestamp"][2]
        assert not reader.refresh()
        reader.trusts(root=1, timestamp=2, snapshot=2, targets=1)
        # The snapshot it names.
        repository.roles["timestamp"].version = 2
        repository.roles["snapshot"].version = 1
        repository.publish("snapshot", bump=False)
        repository.publish("timestamp")
        assert not reader.refresh()
        reader.trusts(root=1, timestamp=2, snapshot=2, targets=1)
        # The list the snapshot names.
        repository = Repository()
        repository.announce_bytes = announce
        repository.everything()
        reader = begun(repository)
        repository.roles["targets"].version = 1
        repository.publish("targets", bump=False)
        repository.publish("snapshot", "timestamp")
        assert not reader.refresh()
        reader.trusts(root=1, timestamp=3, snapshot=2, targets=2)
        # A list that is gone.
        repository = Repository()
        repository.delegate("targets", "more")
        repository.everything()
        reader = begun(repository)
        del repository.roles["snapshot"].meta["more.json"]
        repository.publish("snapshot", "timestamp")
        assert not reader.refresh()


def the_same_version_brings_nothing():
    repository = Repository()
    reader = begun(repository)
    repository.roles["timestamp"].snapshot_meta.version = 100
    repository.publish("timestamp", bump=False)
    assert reader.refresh(), reader.error
    reader.trusts(root=1, timestamp=1, snapshot=1, targets=1)


def versions_and_digests_are_those_announced():
    repository = Repository()
    reader = begun(repository)
    repository.roles["targets"].version += 1
    metadata = Metadata(repository.roles["targets"])
    metadata.sign(repository.signers["targets"][0])
    repository.publish("targets")
    repository.published["targets"][3] = metadata.to_bytes(JSONSerializer()).replace(b'"version": 3', b'"version": 2')
    repository.publish("snapshot", "timestamp")
    assert not reader.refresh()
    repository = Repository()
    reader = begun(repository)
    repository.announce_bytes = True
    repository.everything()
    repository.published["targets"][2] += b" "
    assert not reader.refresh()
    reader.trusts(root=1, timestamp=2, snapshot=2, targets=1)


def new_keys_recover_from_a_leap_forward():
    for role, versions in (("timestamp", 100), ("snapshot", 100)):
        repository = Repository()
        repository.roles[role].version = versions
        repository.publish("snapshot", "timestamp", bump=False)
        reader = begun(repository)
        repository.rotate("timestamp")
        repository.rotate("snapshot")
        repository.publish("root")
        for back in ("timestamp", "snapshot"):
            repository.roles[back].version = 2
            repository.published[back].clear()
        repository.publish("snapshot", "timestamp", bump=False)
        assert reader.refresh(), reader.error
        reader.trusts(root=2, timestamp=2, snapshot=2, targets=1)


def keys_are_counted_not_ids():
    repository = Repository()
    reader = begun(repository)
    signer = CryptoSigner.generate_ed25519()
    root = repository.roles["root"]
    second = SSlibKey("ab" * 32, signer.public_key.keytype, signer.public_key.scheme, signer.public_key.keyval)
    for key in (signer.public_key, second):
        root.add_key(key, "snapshot")
    root.roles["snapshot"].threshold = 3
    repository.publish("root")
    repository.roles["snapshot"].version += 1
    metadata = Metadata(repository.roles["snapshot"])
    metadata.sign(repository.signers["snapshot"][0])
    twin = metadata.sign(signer, append=True)
    signed = json.loads(metadata.to_bytes(JSONSerializer()))
    signed["signatures"].append({"keyid": second.keyid, "sig": twin.signature})
    repository.publish_bytes("snapshot", json.dumps(signed).encode())
    repository.publish("timestamp")
    assert not reader.refresh()
    reader.trusts(root=2, timestamp=2, snapshot=1, targets=1)
    # The honest twin: a third key instead of a third id.
    third = CryptoSigner.generate_ed25519()
    root.add_key(third.public_key, "snapshot")
    repository.publish("root")
    repository.signers["snapshot"] = [*repository.signers["snapshot"], signer, third]
    repository.publish("snapshot", "timestamp")
    assert reader.refresh(), reader.error


def what_is_not_known_is_tolerated():
    repository = Repository()
    reader = begun(repository)
    root = repository.roles["root"]
    root.unrecognized_fields["custom"] = {"a": [1, "ü\n\"\\", None, True]}
    root.roles["targets"].unrecognized_fields["note"] = "x"
    keyid = root.roles["timestamp"].keyids[0]
    root.keys[keyid].unrecognized_fields["keyid_hash_algorithms"] = ["md5"]
    root.add_key(SSlibKey("cd" * 32, "new-kind", "new-scheme", {"public": "?", "more": "!"}), "timestamp")
    repository.publish("root")
    assert reader.refresh(), reader.error
    reader.trusts(root=2, timestamp=1, snapshot=1, targets=1)


def delegations_are_asked_in_order():
    graphs = {
        "A": [("targets", "A")],
        "AB": [("targets", "A"), ("targets", "B")],
        "ABC": [("targets", "A"), ("targets", "B"), ("B", "C")],
        "ACDB": [("targets", "A"), ("targets", "B"), ("A", "C"), ("A", "D")],
        "AC": [("targets", "A"), ("targets", "B"), ("A", "C", ("*",), True), ("A", "D")],
        "B": [("targets", "A", ("*.py",)), ("targets", "B"), ("A", "C")],
        "ABCD": [("targets", "A"), ("targets", "B"), ("B", "C"), ("C", "D"), ("D", "B")],
        "ACB": [("targets", "A"), ("targets", "B"), ("B", "C"), ("A", "C")],
    }
    for order, delegations in graphs.items():
        repository = Repository()
        reader = begun(repository)
        for parent, name, *rest in delegations:
            repository.delegate(parent, name, *rest)
        names = sorted({name for _, name, *_ in delegations})
        repository.publish(*names, "targets", "snapshot", "timestamp")
        assert not reader.download("nowhere")
        assert "".join(role for role, _ in repository.asked[4:]) == order, (order, repository.asked)
        # What is kept is not fetched again.
        assert not reader.download("nowhere")
        assert repository.asked == [("root", 2), ("timestamp", None)], repository.asked


def patterns_do_not_cross_folders():
    repository = Repository()
    reader = begun(repository)
    for parent, name, paths in (
        ("targets", "A", ("*.doc", "*.md")),
        ("targets", "B", ("releases/*/*",)),
        ("B", "C", ("releases/x/*",)),
        ("B", "D", ("releases/y/*.zip",)),
    ):
        repository.delegate(parent, name, paths)
    for role, path in (("A", "README.md"), ("C", "releases/x/x_v1"), ("D", "releases/y/y.zip"), ("D", "releases/z/z.zip")):
        repository.add_file(path, path.encode(), role)
    repository.publish("A", "B", "C", "D", "targets", "snapshot", "timestamp")
    for path, found in (("README.md", True), ("releases/x/x_v1", True), ("releases/y/y.zip", True),
                        ("releases/z/z.zip", False), ("folder/README.md", False)):
        assert reader.download(path) == found, (path, reader.error)


def a_list_that_expired_ends_the_search():
    repository = Repository()
    reader = begun(repository)
    repository.delegate("targets", "old", expires=PAST)
    repository.add_file("file", b"old", "old")
    repository.publish("old", "targets", "snapshot", "timestamp")
    assert reader.refresh(), reader.error
    assert not reader.download("file")
    reader.trusts(root=1, timestamp=2, snapshot=2, targets=2)


def strange_names_stay_in_their_folder():
    for name in ("?", "#", "/role", "../role", "a b", "ü", "100%"):
        repository = Repository()
        reader = begun(repository)
        repository.delegate("targets", name)
        repository.publish("targets", "snapshot", "timestamp")
        assert not reader.download("nowhere")
        assert (name, 1) in repository.asked, (name, repository.asked)
        reader.trusts(root=1, timestamp=2, snapshot=2, targets=2, **{name: 1})


def bins_are_found_by_digest():
    for bits in (1, 4, 5, 8):
        repository = Repository()
        reader = begun(repository)
        signer = repository.make()
        succinct = SuccinctRoles([], 1, bits, "bin")
        targets = repository.roles["targets"]
        targets.delegations = Delegations({}, None, succinct)
        targets.add_key(signer.public_key)
        for name in succinct.get_roles():
            repository.roles[name] = Targets(expires=LATER)
            repository.signers[name] = [signer]
        for path in ("one", "two", "three"):
            repository.add_file(path, path.encode(), succinct.get_role_for_target(path))
        repository.publish(*succinct.get_roles(), bump=False)
        repository.everything()
        for path in ("one", "two", "three"):
            assert reader.download(path), reader.error
            assert len(repository.asked) <= 5
        assert not reader.download("four")


def names_of_files_are_escaped_as_addresses_are():
    names = ("100%.txt", "%2e%2e/x", "a?b#c", "ä/ö ü.txt", "plus+and&more=1", "~user/it's (1).zip", "deep/a/b/c/d", "...")
    for consistent in (True, False):
        repository = Repository(consistent=consistent)
        reader = begun(repository)
        for name in names:
            repository.add_file(name, name.encode())
        repository.everything()
        for name in names:
            assert reader.download(name), (name, reader.error)
            assert repository.taken[-1].endswith(name.rpartition("/")[2]), (name, repository.taken)
        assert reader.files() == sorted(name.encode() for name in names)
        assert all(path.parent == reader.into for path in reader.into.rglob("*"))
        # What is there and right is not taken again.
        repository.taken.clear()
        for name in names:
            assert reader.download(name), (name, reader.error)
        assert repository.taken == []


def several_files_are_taken_at_once():
    repository = Repository()
    reader = begun(repository)
    for name in ("one", "two"):
        repository.add_file(name, name.encode())
    repository.everything()
    words = ["--target-base-url", f"{ADDRESS}/targets", "--target-dir", str(reader.into)]
    names = ["--target-name", "one", "--target-name", "two"]
    assert reader.run("--metadata-url", f"{ADDRESS}/metadata", *names, *words, "download"), reader.error
    assert reader.files() == [b"one", b"two"]


def hashed_prefixes_divide_the_paths():
    for consistent in (True, False):
        repository = Repository(consistent=consistent)
        reader = begun(repository)
        thirds = {"low": ["0", "1", "2", "3", "4"], "middle": ["5", "6", "7", "8", "9"], "high": list("abcdef")}
        for name, prefixes in thirds.items():
            repository.delegate("targets", name, prefixes=prefixes)
        repository.delegate("high", "highest", prefixes=["fff", "ffe"])
        homes = {}
        for number in range(30):
            path = f"folder/file-{number}"
            first = hashlib.sha256(path.encode()).hexdigest()[0]
            homes[path] = next(name for name, prefixes in thirds.items() if first in prefixes)
            repository.add_file(path, path.encode(), homes[path])
        stray = next(path for path, home in homes.items() if home == "low")
        repository.add_file("stray", b"stray", "low" if hashlib.sha256(b"stray").hexdigest()[0] > "4" else "high")
        repository.publish("highest", *thirds, "targets", "snapshot", "timestamp")
        for path, home in homes.items():
            assert reader.download(path), (path, reader.error)
        assert not reader.download("stray"), "nobody whose prefix it has lists it"
        assert len(reader.files()) == 30 and stray.encode() in reader.files()


def the_first_who_may_has_the_word():
    def download(terminating, lists):
        repository = Repository()
        reader = begun(repository)
        repository.delegate("targets", "A", ("a/*",), terminating)
        repository.delegate("targets", "B")
        repository.delegate("targets", "C", ("a/*",))
        repository.delegate("A", "D", ("a/*",))
        for role in lists:
            repository.roles[role].targets["a/file"] = TargetFile.from_data("a/file", role.encode(), ["sha256"])
        repository.publish("A", "B", "C", "D", "targets", "snapshot", "timestamp")
        repository.files["a/file"] = lists[0].encode()
        return reader.download("a/file") and reader.files()

    for terminating in (False, True):
        assert download(terminating, ["targets", "A"]) == [b"targets"]
        assert download(terminating, ["A", "D", "C"]) == [b"A"]
        assert download(terminating, ["D", "C"]) == [b"D"]
    assert download(False, ["C"]) == [b"C"]
    assert not download(True, ["C"])


def what_cannot_be_had_changes_nothing():
    for role in ("timestamp", "snapshot", "targets"):
        for is_there in (False, True):
            repository = Repository()
            reader = begun(repository)
            before = reader.kept()
            assert sorted(before) == ["root.json", "snapshot.json", "targets.json", "timestamp.json"]
            repository.everything()
            whole = dict(repository.published[role])
            if is_there:
                repository.published[role] = {version: data[:-20] for version, data in whole.items()}
            else:
                repository.withheld = {role}
            assert not reader.refresh()
            after = reader.kept()
            # Roles above it are news of their own; it and those below are what they were.
            order = ["timestamp", "snapshot", "targets"]
            for same in order[order.index(role):]:
                assert after[f"{same}.json"] == before[f"{same}.json"], (role, same)
            assert sorted(after) == sorted(before)
            repository.published[role], repository.withheld = whole, set()
            assert reader.refresh(), reader.error
            reader.trusts(root=1, timestamp=2, snapshot=2, targets=2)


def keys_of_every_kind_follow_each_other():
    makes = [
        CryptoSigner.generate_ed25519,
        CryptoSigner.generate_ecdsa,
        CryptoSigner.generate_rsa,
        lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256"),
        CryptoSigner.generate_ed25519,
    ]
    repository = Repository()
    early = begun(repository)
    for number, make in enumerate(makes):
        old = repository.signers["root"]
        new = [make(), make()]
        repository.rotate("root", new, 2)
        for role in ("timestamp", "snapshot", "targets"):
            repository.rotate(role, [make()])
        repository.signers["root"] = [*old, *new]
        repository.publish("root")
        repository.signers["root"] = new
        repository.everything()
        if number == 2:
            late = Reader(repository)
            assert late.init(repository.published["root"][4]) and late.refresh(), late.error
    for reader in (early, late):
        assert reader.refresh(), reader.error
        reader.trusts(root=6, timestamp=6, snapshot=6, targets=6)
        assert (reader.metadata / "root.json").read_bytes() == repository.published["root"][6]


def ids_of_keys_are_names():
    repository = Repository()
    reader = begun(repository)
    root = repository.roles["root"]
    for number, (role, keyid) in enumerate(
        [("timestamp", "no digest"), ("snapshot", "AB" * 32), ("targets", "ü?/../#")], start=2
    ):
        signer = CryptoSigner.generate_ecdsa()
        kind = ["ecdsa", "ecdsa-sha2-nistp256"][number % 2]
        public = signer.public_key
        named = SSlibKey(keyid, kind, public.scheme, public.keyval, {"x-tuf-on-ci-keyowner": "@somebody"})
        root.roles[role].keyids = ["listed, and nowhere else"]
        root.add_key(named, role)
        signer.public_key.keyid = keyid
        repository.signers[role] = [signer]
    repository.publish("root")
    repository.everything()
    assert reader.refresh(), reader.error
    reader.trusts(root=2, timestamp=2, snapshot=2, targets=2)


def an_empty_signature_is_nobodys_yet():
    repository = Repository()
    reader = begun(repository)
    waiting = CryptoSigner.generate_ecdsa()
    for role in ("root", "timestamp"):
        repository.roles["root"].add_key(waiting.public_key, role)
    repository.publish("root")
    repository.everything()
    for role, version in (("root", 2), ("timestamp", 2)):
        metadata = json.loads(repository.published[role][version])
        metadata["signatures"].append({"keyid": waiting.public_key.keyid, "sig": ""})
        repository.published[role][version] = json.dumps(metadata).encode()
    assert reader.refresh(), reader.error
    reader.trusts(root=2, timestamp=2, snapshot=2, targets=2)
    # Its twin asks for that signature.
    repository.roles["root"].roles["timestamp"].threshold = 2
    repository.publish("root", "timestamp")
    assert not reader.refresh()
    reader.trusts(root=3, timestamp=2, snapshot=2, targets=2)


def length_and_digests_may_be_said_or_not():
    for spoil, believed in (
        (lambda meta: None, True),
        (lambda meta: setattr(meta, "hashes", None), True),
        (lambda meta: setattr(meta, "length", None), True),
        (lambda meta: meta.hashes.update({"blake2b-256": "00" * 32}), True),
        (lambda meta: meta.hashes.update({"sha512": "00" * 64}), False),
        (lambda meta: setattr(meta, "length", meta.length - 1), False),
        (lambda meta: setattr(meta, "length", meta.length + 1), False),
        (lambda meta: meta.hashes.update({"sha256": "00" * 32}), False),
    ):
        for place in ("snapshot", "timestamp"):
            repository = Repository()
            reader = begun(repository)
            repository.announce_bytes = True
            repository.publish("targets")
            if place == "snapshot":
                spoil(repository.roles["snapshot"].meta["targets.json"])
            repository.publish("snapshot")
            if place == "timestamp":
                spoil(repository.roles["timestamp"].snapshot_meta)
            repository.publish("timestamp")
            assert reader.refresh() == believed, (place, believed, reader.error)


def one_major_version_of_the_specification_is_read():
    for spoken, believed in (("1.0.19", True), ("1.31.4", True), ("1.0", True), ("2.0.0", False), ("10.0.0", False)):
        repository = Repository()
        reader = begun(repository)
        repository.everything()
        value = repository.roles["timestamp"].to_dict()
        value["spec_version"] = spoken
        signature = repository.signers["timestamp"][0].sign(encode_canonical(value).encode())
        said = {"signed": value, "signatures": [signature.to_dict()]}
        repository.publish_bytes("timestamp", json.dumps(said).encode())
        assert reader.refresh() == believed, (spoken, reader.error)


def every_list_keeps_its_version_and_new_keys_let_it_go_back():
    repository = Repository()
    repository.delegate("targets", "A")
    repository.delegate("A", "B")
    for _ in range(3):
        repository.publish("A", "B")
    repository.add_file("file", b"file", "B")
    repository.publish("B", "A", "targets", "snapshot", "timestamp")
    reader = begun(repository)
    assert reader.download("file"), reader.error
    kept = reader.kept()
    old = repository.roles["B"].version
    repository.roles["B"].version = 2
    repository.publish("B", bump=False)
    repository.publish("snapshot", "timestamp")
    assert not reader.refresh()
    assert reader.kept()["snapshot.json"] == kept["snapshot.json"] and reader.kept()["B.json"] == kept["B.json"]
    # Whoever holds the root takes the old snapshot's word away.
    repository.rotate("snapshot")
    repository.publish("root", "snapshot", "timestamp")
    assert reader.download("file"), reader.error
    assert json.loads(reader.kept()["B.json"])["signed"]["version"] == 2 < old


STORIES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__module__", "") == "__main__"
           and value.__name__ not in ("Repository", "Server", "Handler", "Reader", "begun")]

for story in STORIES:
    try:
        story()
    except BaseException:
        print(f"in {story.__name__}", file=sys.stderr)
        raise
print(json.dumps({"stories": len(STORIES)}))
