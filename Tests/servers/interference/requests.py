"""What a request brought, from its bytes."""

import base64
import urllib.parse


def message_of(request: bytes) -> bytes:
    """The SCEP message in a request, by POST or GET; empty where there is none."""
    head, _, body = request.partition(b"\r\n\r\n")
    target = head.split(b" ", 2)[1].decode()
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
    if query.get("operation") != ["PKIOperation"]:
        return b""
    return body or base64.b64decode(query["message"][0])
