"""Reads what covouch signed with other people's tools, and signs something for covouch to read.

usage: check_statements.py FOLDER

FOLDER is what the example `statements` wrote. Every envelope in it must verify with securesystemslib and with
PyNaCl, and every claim about files must be an in-toto Statement v1; one changed byte must not. The envelope that
securesystemslib signs goes to FOLDER/foreign/. Prints a line of JSON that says how much was checked.
"""

import base64
import copy
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

IN_TOTO = "application/vnd.in-toto+json"


def key_id(public):
    """covouch's key id: sha256 of the SubjectPublicKeyInfo in DER."""
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def read_key(keys):
    """PEM and OpenSSH form must be one key, under the id that covouch gives it."""
    pem = serialization.load_pem_public_key((keys / "issuer.pem").read_bytes())
    ssh = serialization.load_ssh_public_key((keys / "issuer.pub").read_bytes())
    assert raw(pem) == raw(ssh)
    assert key_id(pem) == (keys / "issuer.id").read_text().strip()
    return pem


def must_fail(check, error):
    try:
        check()
    except error:
        return
    raise AssertionError("a changed statement was believed")


def check_dsse(data, public):
    envelope = Envelope.from_dict(copy.deepcopy(data))
    key = SSlibKey.from_crypto(public, keyid=key_id(public))
    assert set(envelope.verify([key], 1)) == {key_id(public)}
    envelope.payload += b" "
    must_fail(lambda: envelope.verify([key], 1), VerificationError)


def check_raw(data, public):
    """The bytes under the signature, by DSSE's own words, without a DSSE library."""
    payload = base64.b64decode(data["payload"], validate=True)
    kind = data["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    signature = base64.b64decode(data["signatures"][0]["sig"], validate=True)
    key = VerifyKey(raw(public))
    key.verify(signed, signature)
    must_fail(lambda: key.verify(signed + b" ", signature), BadSignatureError)
    return payload


def check_in_toto(payload):
    data = json.loads(payload)
    message = json_format.ParseDict(data, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    assert [subject.digest["sha256"] for subject in message.subject] == [
        subject["digest"]["sha256"] for subject in data["subject"]
    ]


def sign_foreign(folder):
    """A vouch that covouch never saw, signed by securesystemslib."""
    signer = CryptoSigner.generate_ed25519()
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public_key.keyval["public"]))
    signer.public_key.keyid = key_id(public)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "widget-1.4.2.tar.gz", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "urn:covouch:vouch:v1",
        "predicate": {
            "statement": {
                "project": "widget",
                "version": "1.4.2",
                "issued": "2026-06-01T12:00:00Z",
                "expires": "2027-06-01T12:00:00Z",
                "sequence": 1,
            },
            "level": "vouched",
            "read": [{"what": "metadata"}],
            "reviewer": "hand",
            "notes": "signed elsewhere",
        },
    }
    envelope = Envelope(json.dumps(statement, indent=1).encode(), IN_TOTO, {})
    envelope.sign(signer)
    folder.mkdir(exist_ok=True)
    (folder / "vouch.json").write_text(json.dumps(envelope.to_dict(), indent=2))
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    (folder / "key.pub").write_bytes(line + b" foreign@example\n")


def main(folder):
    public = read_key(folder / "keys")
    checked = {"envelopes": 0, "in_toto": 0}
    for path in sorted((folder / "statements").glob("*.json")):
        data = json.loads(path.read_text())
        assert data["signatures"][0]["keyid"] == key_id(public)
        check_dsse(data, public)
        payload = check_raw(data, public)
        checked["envelopes"] += 1
        if data["payloadType"] == IN_TOTO:
            check_in_toto(payload)
            checked["in_toto"] += 1
    sign_foreign(folder / "foreign")
    print(json.dumps(checked))


main(pathlib.Path(sys.argv[1]))
