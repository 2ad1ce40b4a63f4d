"""Read a kubelet's certificate request (PKCS #10) from its DER bytes; whatever a kubelet never writes is an error.

Every byte but those of the key and the signature is compared or interpreted here, so that no text which a node puts
into its request can stand for something else. Hosts have no library that does this.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass

PEM = re.compile(
    rb"-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)\n-----END CERTIFICATE REQUEST-----\n?", re.ASCII
)
"""Exactly one block: another reader might take another one of several."""
SEQUENCE, SET, ATTRIBUTES = 0x30, 0x31, 0xA0
INTEGER, BITS, OCTETS, OID = 0x02, 0x03, 0x04, 0x06
TEXTS = (0x0C, 0x13)
"""UTF8String and PrintableString."""
DNS_NAME, ADDRESS = 0x82, 0x87
ORGANIZATION, COMMON_NAME = bytes.fromhex("55040a"), bytes.fromhex("550403")
ALTERNATIVE_NAMES = bytes.fromhex("551d11")
EXTENSION_REQUEST = bytes.fromhex("2a864886f70d01090e")
LONG_FORM = 0x80
MAX_LENGTH_BYTES = 2
IPV4_BYTES = 4


@dataclass(frozen=True, slots=True)
class NodeRequest:
    """What a node asks for.

    Attributes:
        der: the whole request.
        organization: organization in the subject, escaped for a log.
        name: common name in the subject, escaped for a log.
        names: the alternative names in their order, as in DNS:worker1 and IP Address:198.18.0.12.
    """

    der: bytes
    organization: str
    name: str
    names: tuple[str, ...]


def read(pem: bytes) -> NodeRequest:
    """Return what a request asks for.

    Raises:
        ValueError: it is not one that a kubelet writes; the text says in which way.
    """
    found = PEM.fullmatch(pem)
    if not found:
        raise ValueError("is not one PEM block")
    der = base64.b64decode(found[1].replace(b"\n", b""), validate=True)
    info, algorithm, signature = _parts(_only(der, SEQUENCE), 3)
    version, subject, key, attributes = _parts(_expect(info, SEQUENCE), 4)
    _expect(algorithm, SEQUENCE), _expect(signature, BITS), _expect(key, SEQUENCE)
    if _expect(version, INTEGER) != b"\0":
        raise ValueError("is of an unknown version")
    organization, name = _parts(_expect(subject, SEQUENCE), 2)
    names = _names(_expect(attributes, ATTRIBUTES))
    return NodeRequest(der, _text(organization, ORGANIZATION), _text(name, COMMON_NAME), names)


def _text(part: tuple[int, bytes], kind: bytes) -> str:
    """Return the text of a part of a subject."""
    oid, (tag, content) = _parts(_only(_expect(part, SET), SEQUENCE), 2)
    if _expect(oid, OID) != kind or tag not in TEXTS:
        raise ValueError("has another kind of subject than a node's")
    return _escaped(content)


def _names(attributes: bytes) -> tuple[str, ...]:
    """Return the alternative names, which are all that a kubelet asks for."""
    if not attributes:
        return ()
    oid, values = _parts(_only(attributes, SEQUENCE), 2)
    if _expect(oid, OID) != EXTENSION_REQUEST:
        raise ValueError("has an attribute that no kubelet writes")
    extension = _only(_only(_expect(values, SET), SEQUENCE), SEQUENCE)
    oid, value = _parts(extension, 2)
    if _expect(oid, OID) != ALTERNATIVE_NAMES:
        raise ValueError("has an extension that no kubelet writes")
    return tuple(_name(*one) for one in _elements(_only(_expect(value, OCTETS), SEQUENCE)))


def _name(tag: int, content: bytes) -> str:
    if tag == DNS_NAME:
        return f"DNS:{_escaped(content)}"
    if tag == ADDRESS and len(content) == IPV4_BYTES:
        return f"IP Address:{ipaddress.IPv4Address(content)}"
    return f"type {tag:#x}:{_escaped(content)}"


def _escaped(content: bytes) -> str:
    """Return bytes as text of one line: two different contents never give the same."""
    return content.decode("latin-1").encode("unicode_escape").decode("ascii")


def _only(data: bytes, tag: int) -> bytes:
    """Return the content of the one element that some bytes are."""
    (element,) = _parts(data, 1)
    return _expect(element, tag)


def _expect(element: tuple[int, bytes], tag: int) -> bytes:
    """Return the content of an element that has to be of a kind."""
    if element[0] != tag:
        raise ValueError(f"has an element of type {element[0]:#x} where a kubelet writes {tag:#x}")
    return element[1]


def _parts(data: bytes, number: int) -> list[tuple[int, bytes]]:
    """Return the elements that some bytes consist of, which have to be a number."""
    found = _elements(data)
    if len(found) != number:
        raise ValueError(f"has {len(found)} elements where a kubelet writes {number}")
    return found


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Return the elements, type and content, that some bytes consist of: DER has one form for each."""
    found = []
    while data:
        length, begin = _length(data)
        if len(data) < begin + length:
            raise ValueError("is cut off")
        found.append((data[0], data[begin : begin + length]))
        data = data[begin + length :]
    return found


def _length(data: bytes) -> tuple[int, int]:
    """Return the length of the first element's content, and where it begins."""
    if len(data) < 2:  # noqa: PLR2004  type and length
        raise ValueError("is cut off")
    if data[1] < LONG_FORM:
        return data[1], 2
    size = data[1] - LONG_FORM
    length = int.from_bytes(data[2 : 2 + size], "big")
    shortest = max(1, (length.bit_length() + 7) // 8)
    if not 1 <= size <= MAX_LENGTH_BYTES or length < LONG_FORM or size != shortest:
        raise ValueError("has a length that is not written as in DER")
    return length, 2 + size
