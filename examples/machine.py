#!/usr/bin/env python3
"""Calls a Socle machine with nothing but Python's standard library: JSON over HTTP/1.1, with certificates of both sides.

    machine.py alice.access.json 10.0.0.7 sha256:4be1… MachineService/GetStatus
    machine.py alice.access.json 10.0.0.7 sha256:4be1… --stream ObserveService/ReadJournal '{"lines": 20, "follow": true}'

alice.access.json is what `socle access grant alice --role reader` wrote, the fingerprint what the machine's console shows.
Answers are printed as JSON, one a line. The protocol: https://connectrpc.com/docs/protocol; the calls: docs/api-reference.md.
"""

import argparse
import hashlib
import http.client
import json
import os
import ssl
import struct
import sys
import urllib.parse

COMPRESSED, LAST = 1, 2  # flags of a part of a stream; nothing is compressed unless it is asked for


class Refusal(Exception):
    """What the machine would not do, or could not."""

    def __init__(self, error):
        super().__init__(error.get("message", "the machine gave no reason"))
        # One of the protocol, such as "permission_denied"; and one of docs/errors.md, with a hint, where there is one.
        self.kind = error.get("code", "unknown")
        details = [detail.get("debug", {}) for detail in error.get("details", [])]
        self.code = next((detail["code"] for detail in details if "code" in detail), None)
        self.hint = next((detail["hint"] for detail in details if "hint" in detail), None)


class Machine:
    def __init__(self, access, host, port, fingerprint):
        self._host, self._port = host, port
        self._fingerprint = fingerprint.removeprefix("sha256:").replace(":", "").lower()
        self._tls = ssl.create_default_context()
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        # The machine is known by its fingerprint, which _connect compares; not by a name or an authority.
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        load_identity(self._tls, access["certificate"] + "\n" + access["key"])

    def call(self, method, request):
        """An answer in one piece."""
        connection = self._connect()
        try:
            response = post(connection, method, "application/json", json.dumps(request).encode())
            answer = json.loads(response.read())
            if response.status != 200:
                raise Refusal(answer)
            return answer
        finally:
            connection.close()

    def stream(self, method, request):
        """The parts of an answer, as they come. Leaving the loop ends the call."""
        connection = self._connect()
        try:
            body = json.dumps(request).encode()
            # Each part, in both directions: a byte of flags, the length in four bytes, the part.
            response = post(connection, method, "application/connect+json", struct.pack(">BI", 0, len(body)) + body)
            if response.status != 200:
                raise Refusal({"message": f"the machine answers {response.status}"})
            while True:
                flags, length = struct.unpack(">BI", read_exactly(response, 5))
                part = json.loads(read_exactly(response, length))
                if not flags & LAST:
                    yield part
                elif "error" in part:
                    raise Refusal(part["error"])
                else:
                    return
        finally:
            connection.close()

    def _connect(self):
        connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls, timeout=150)
        connection.connect()
        found = hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest()
        if found != self._fingerprint:
            connection.close()
            raise Refusal({"message": f"this is another machine: sha256:{found}"})
        return connection


def load_identity(context, pem):
    """Python takes certificate and key from a file only; this one is in memory (Linux), so the key is never on a disk."""
    file = os.memfd_create("access")
    try:
        os.write(file, pem.encode())
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)


def post(connection, method, content_type, body):
    connection.request("POST", f"/socle.v1.{method}", body, {"content-type": content_type, "connect-protocol-version": "1"})
    return connection.getresponse()


def read_exactly(response, length):
    content = b""
    while len(content) < length:
        more = response.read(length - len(content))
        if not more:
            raise Refusal({"message": "the answer broke off"})
        content += more
    return content


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("access", type=argparse.FileType("r"))
    parser.add_argument("address", help="HOST or HOST:PORT")
    parser.add_argument("fingerprint")
    parser.add_argument("method", help="SERVICE/METHOD")
    parser.add_argument("request", nargs="?", default="{}", type=json.loads, help="JSON")
    parser.add_argument("--stream", action="store_true", help="the answer comes in parts")
    options = parser.parse_args()
    place = urllib.parse.urlsplit(f"//{options.address}")
    machine = Machine(json.load(options.access), place.hostname, place.port or 7443, options.fingerprint)
    try:
        if options.stream:
            for part in machine.stream(options.method, options.request):
                print(json.dumps(part), flush=True)
        else:
            print(json.dumps(machine.call(options.method, options.request)))
    except Refusal as refusal:
        print(f"{refusal.code or refusal.kind}: {refusal}", file=sys.stderr)
        if refusal.hint:
            print(refusal.hint, file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as error:  # a certificate that is not taken is one, too
        print(f"cannot talk to {options.address}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
