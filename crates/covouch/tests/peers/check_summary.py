"""Reads what `covouch check --attest` wrote with other people's tools.

usage: check_summary.py ENVELOPE KEY.pem LOCKFILE

The envelope must verify with securesystemslib, one changed byte must not; it must be an in-toto Statement v1 about
the lock file's bytes, with the fields of a VSA v1. Prints the predicate.
"""

import copy
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from google.protobuf import json_format
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey


def check_dsse(data, public):
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    keyid = hashlib.sha256(der).hexdigest()
    key = SSlibKey.from_crypto(public, keyid=keyid)
    envelope = Envelope.from_dict(copy.deepcopy(data))
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert set(envelope.verify([key], 1)) == {keyid}
    payload = envelope.payload
    envelope.payload = payload.replace(b"FAILED", b"PASSED") + b" "
    try:
        envelope.verify([key], 1)
    except VerificationError:
        return payload
    raise AssertionError("a changed attestation was believed")


def check_vsa(payload, lock):
    message = json_format.Parse(payload, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    assert message.predicate_type == "https://slsa.dev/verification_summary/v1"
    (subject,) = message.subject
    assert dict(subject.digest) == {"sha256": hashlib.sha256(lock.read_bytes()).hexdigest()}
    predicate = json.loads(payload)["predicate"]
    # The specification has a list of levels; in-toto-attestation 0.9.3 still has room for one text only.
    (level,) = predicate["verifiedLevels"]
    # Readers skip fields they do not know: ours, and `verifier.version`, which that library does not have.
    summary = json_format.ParseDict(
        predicate | {"verifiedLevels": level}, vsa_pb2.VerificationSummary(), ignore_unknown_fields=True
    )
    assert summary.verifier.id and summary.resource_uri and summary.policy.uri and summary.policy.digest
    assert summary.time_verified.ToJsonString() == predicate["timeVerified"]
    assert (summary.verification_result, level) in {("PASSED", "COVOUCH_ADMITTED"), ("FAILED", "FAILED")}
    return predicate


envelope, key, lock = (pathlib.Path(argument) for argument in sys.argv[1:])
payload = check_dsse(json.loads(envelope.read_bytes()), serialization.load_pem_public_key(key.read_bytes()))
print(json.dumps(check_vsa(payload, lock)))
