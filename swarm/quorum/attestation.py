"""The certificate in the envelope that supply-chain tools know: an in-toto statement in DSSE.

What is honest to say of it: the envelope is well-formed, and the statement names the git tree as its
subject, so tools can store, show and find it. But DSSE signatures are made over the payload, and our voters
sign ballots, before there is a payload. Each entry of `signatures` therefore holds a whole signed ballot.
A stock DSSE verifier rejects these; `verify_certificate` checks them.
"""

import base64
import binascii
import json

from pydantic import ValidationError

from swarm.domain.ballots import Certificate
from swarm.domain.canonical import Json, canonical
from swarm.domain.errors import Rejected

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = "urn:swarm:quorum-certificate:v1"


def export_dsse(certificate: Certificate) -> bytes:
    """Canonical JSON, ending without a newline. See the module for what the signatures are."""
    signatures = [
        {"keyid": ballot.public_key, "sig": _armoured(ballot.event.encode())}
        for ballot in certificate.ballots
    ]
    return canonical(
        {
            "payloadType": _PAYLOAD_TYPE,
            "payload": _armoured(canonical(_statement(certificate))),
            "signatures": signatures,
        }
    )


def read_dsse(envelope: bytes) -> Certificate:
    """The certificate inside. Checks the form only. Raises Rejected when it is not one of ours."""
    try:
        outer = json.loads(envelope)
        statement = json.loads(base64.b64decode(outer["payload"], validate=True))
        certificate = Certificate.model_validate_json(json.dumps(statement["predicate"]))
    except (ValueError, KeyError, TypeError, binascii.Error, ValidationError) as error:
        raise Rejected(f"not a certificate in a DSSE envelope: {error}") from error
    if export_dsse(certificate) != canonical(outer):
        raise Rejected("the envelope and the certificate inside it do not agree")
    return certificate


def _statement(certificate: Certificate) -> Json:
    subject = certificate.subject
    return {
        "_type": _STATEMENT_TYPE,
        "subject": [{"name": subject.repository, "digest": {"gitTree": subject.tree}}],
        "predicateType": _PREDICATE_TYPE,
        "predicate": certificate.model_dump(mode="json"),
    }


def _armoured(data: bytes) -> str:
    return base64.b64encode(data).decode()
