"""The statement of a packet, in the form of in-toto: the digest of every file, and the facts; and its signature."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from reconciler.app.evidence.store import digest_of_file
from reconciler.findings import UsageError
from reconciler.model.json_text import json_text
from reconciler.model.packet import PREDICATE_TYPE, STATEMENT_TYPE, PacketFacts, PacketMember, PacketProblem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

STATEMENT = "statement.json"
SIGNATURE = "statement.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_UNNAMED = frozenset({STATEMENT, SIGNATURE})


def statement_of(members: Iterable[PacketMember], facts: PacketFacts) -> bytes:
    """Return the statement as the bytes of its file."""
    subjects = [
        {
            "name": member.name,
            "digest": {"sha256": member.digest.removeprefix("sha256:")},
            "annotations": {"size": member.size},
        }
        for member in sorted(members, key=lambda member: member.name)
    ]
    document = {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": facts.fields(),
    }
    return json_text(document).encode()


def read_statement(data: bytes) -> tuple[PacketFacts | None, dict[str, str], list[PacketProblem]]:
    """Return the facts, the digest of each file by its name, and what is wrong with the statement."""
    try:
        document = json.loads(data, object_pairs_hook=_unique)
        subjects = {str(one["name"]): f"sha256:{one['digest']['sha256']}" for one in document["subject"]}
        kinds = document["_type"], document["predicateType"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return None, {}, [_problem("unreadable-statement", f"it cannot be read as a statement: {error}"[:300])]
    problems = []
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        told = f"it says that it is {kinds[0]} with {kinds[1]}"[:200]
        problems.append(_problem("wrong-version", f"{told}; this version reads {STATEMENT_TYPE} with {PREDICATE_TYPE}"))
    try:
        facts = PacketFacts.model_validate(document["predicate"])
    except (KeyError, ValidationError):
        return None, subjects, [*problems, _problem("wrong-version", "its facts are none that this version knows")]
    members = [
        PacketMember(name=one["name"], digest=f"sha256:{one['digest']['sha256']}", size=_size(one))
        for one in document["subject"]
    ]
    if not problems and (len(members) != len(subjects) or statement_of(members, facts) != data):
        problems.append(_problem("rewritten-statement", "it is not written as a packet's is: reordered, or edited"))
    return facts, subjects, problems


def _size(subject: Mapping[str, Any]) -> int:
    size = subject.get("annotations", {}).get("size")
    return size if isinstance(size, int) else -1


def against_files(named: Mapping[str, str], files: Mapping[str, Path]) -> Iterator[PacketProblem]:
    """Yield what the statement names and the archive lacks, or the other way round, and what has other bytes."""
    for name in sorted(named.keys() - files.keys()):
        yield PacketProblem(code="missing-member", member=name, message="the statement names it, and it is not there")
    for name in sorted(files.keys() - named.keys() - _UNNAMED):
        yield PacketProblem(code="extra-member", member=name, message="the statement does not name it")
    for name in sorted(named.keys() & files.keys()):
        if (found := digest_of_file(files[name])) != named[name]:
            message = f"its bytes are {found}, and the statement says {named[name][:80]}"
            yield PacketProblem(code="digest-differs", member=name, message=message)


def signed(statement: bytes, key: Path) -> tuple[bytes, str]:
    """Return the envelope (DSSE) of a statement signed with an Ed25519 key in PEM, and the digest of the public key."""
    private = _private_key(key)
    name = _name_of(private.public_key())
    signature = private.sign(_encoded(statement))
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode()}],
    }
    return json_text(envelope).encode(), name


def verified(envelope: bytes, statement: bytes, key: Path) -> tuple[str | None, list[PacketProblem]]:
    """Return the digest of the key that verifies the envelope of a statement, or what is wrong with it."""
    from cryptography.exceptions import InvalidSignature

    public = _public_key(key)
    name = _name_of(public)
    try:
        document = json.loads(envelope, object_pairs_hook=_unique)
        payload = base64.b64decode(document["payload"], validate=True)
        kind, signatures = document["payloadType"], list(document["signatures"])
        raw = [(str(one["keyid"]), base64.b64decode(one["sig"], validate=True)) for one in signatures]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, [_problem("unreadable-signature", "it is no envelope of a signature", SIGNATURE)]
    if payload != statement or kind != PAYLOAD_TYPE:
        return None, [_problem("other-statement", "it is the signature of another statement", SIGNATURE)]
    if not any(keyid == name for keyid, _ in raw):
        told = ", ".join(keyid for keyid, _ in raw)[:200] or "nobody"
        return None, [_problem("other-key", f"it is signed by {told}, and the key that was named is {name}", SIGNATURE)]
    for signature in (found for keyid, found in raw if keyid == name):
        try:
            public.verify(signature, _encoded(statement))
        except InvalidSignature:
            continue
        return name, []
    return None, [_problem("wrong-signature", "the key that was named did not sign this statement", SIGNATURE)]


def _encoded(statement: bytes) -> bytes:
    """Return what is signed: the pre-authentication encoding of DSSE, version 1."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(statement), statement)


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{path} holds no private Ed25519 key in PEM without a password",
            hint="make one: `openssl genpkey -algorithm ed25519 -out key.pem`",
        )
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{path} holds no public Ed25519 key in PEM",
            hint="write it out: `openssl pkey -in key.pem -pubout -out key.pub.pem`",
        )
    return key


def _name_of(key: Ed25519PublicKey) -> str:
    return f"sha256:{sha256(key.public_bytes_raw()).hexdigest()}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _problem(code: str, message: str, member: str = STATEMENT) -> PacketProblem:
    return PacketProblem(code=code, member=member, message=message)
