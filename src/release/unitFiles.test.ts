import assert from "node:assert/strict";
import { test } from "node:test";

import { ReleaseError } from "./releaseError.ts";
import { isAboutUnits, parseUnitList, readListeners, SOCKET_TEXTS, type UnitTreeEntry } from "./unitFiles.ts";

const ETC = "/etc/systemd/system";
const USR = "/usr/lib/systemd/system";
const link = (path: string, target: string): UnitTreeEntry => ({ path, type: "symlink", target });
const file = (path: string, text: string): UnitTreeEntry => ({ path, type: "file", text });
const wants = (name: string, folder = ETC) => link(`${folder}/sockets.target.wants/${name}`, `../${name}`);
const socket = (name: string, lines: string, folder = USR) =>
  file(`${folder}/${name}`, `[Unit]\nDescription=x\nListenStream=1\n[Socket]\n${lines}\n`);
const listen = (...tree: UnitTreeEntry[]) =>
  readListeners(tree).map(({ unit, protocol, address, port }) => `${unit} ${protocol} ${address}:${port}`);

for (const [what, tree, expected] of [
  [
    "a wanted socket listens",
    [wants("a.socket"), socket("a.socket", "ListenStream=22")],
    ["a.socket tcp *:22"],
  ],
  ["a socket that nothing wants does not", [socket("a.socket", "ListenStream=22")], []],
  [
    "a socket that the image's own target wants listens",
    [wants("a.socket", USR), socket("a.socket", "ListenDatagram = 69")],
    ["a.socket udp *:69"],
  ],
  [
    "addresses are those of the unit, sorted by protocol and port",
    [
      wants("a.socket"),
      socket(
        "a.socket",
        "ListenDatagram=[::1]:5353\nListenStream=[fe80::1]%eth0:443\nListenStream=127.0.0.1:80",
      ),
    ],
    ["a.socket tcp 127.0.0.1:80", "a.socket tcp [fe80::1]%eth0:443", "a.socket udp [::1]:5353"],
  ],
  [
    "paths, abstract names, virtual sockets and impossible ports are no ports",
    [
      wants("a.socket"),
      socket(
        "a.socket",
        "ListenStream=/run/a\nListenStream=@a\nListenStream=vsock::22\nListenStream=70000\nListenFIFO=80",
      ),
    ],
    [],
  ],
  [
    "an empty setting takes back what was set",
    [wants("a.socket"), socket("a.socket", "ListenStream=22\nListenDatagram=\nListenStream=23")],
    ["a.socket tcp *:23"],
  ],
  [
    "comments and continued lines are systemd's",
    [wants("a.socket"), socket("a.socket", "#ListenStream=1\n; ListenStream=2\nListenStream=\\\n  22")],
    ["a.socket tcp *:22"],
  ],
  [
    "a masked socket does not listen",
    [wants("a.socket"), link(`${ETC}/a.socket`, "/dev/null"), socket("a.socket", "ListenStream=22")],
    [],
  ],
  [
    "an empty file masks as well",
    [wants("a.socket"), file(`${ETC}/a.socket`, ""), socket("a.socket", "ListenStream=22")],
    [],
  ],
  [
    "a masked link wants nothing",
    [link(`${ETC}/sockets.target.wants/a.socket`, "/dev/null"), socket("a.socket", "ListenStream=22")],
    [],
  ],
  [
    "the file in /etc takes the place of the one in /usr",
    [wants("a.socket"), socket("a.socket", "ListenStream=23", ETC), socket("a.socket", "ListenStream=22")],
    ["a.socket tcp *:23"],
  ],
  [
    "drop-ins are added in the order of their names, wherever they lie",
    [
      wants("a.socket"),
      socket("a.socket", "ListenStream=22"),
      file(`${USR}/a.socket.d/20.conf`, "[Socket]\nListenStream=24"),
      file(`${ETC}/a.socket.d/10.conf`, "[Socket]\nListenStream=\nListenStream=23"),
    ],
    ["a.socket tcp *:23", "a.socket tcp *:24"],
  ],
  [
    "a drop-in of the same name in /etc is stronger, and a link to /dev/null removes it",
    [
      wants("a.socket"),
      socket("a.socket", "ListenStream=22"),
      file(`${USR}/a.socket.d/10.conf`, "[Socket]\nListenStream=23"),
      file(`${ETC}/a.socket.d/10.conf`, "[Socket]\nListenStream=24"),
      file(`${USR}/a.socket.d/20.conf`, "[Socket]\nListenStream=25"),
      link(`${ETC}/a.socket.d/20.conf`, "/dev/null"),
    ],
    ["a.socket tcp *:22", "a.socket tcp *:24"],
  ],
  [
    "drop-ins for all sockets and for all whose name begins alike count",
    [
      wants("a-b.socket"),
      socket("a-b.socket", "ListenStream=22"),
      file(`${USR}/socket.d/1.conf`, "[Socket]\nListenStream=23"),
      file(`${USR}/a-.socket.d/2.conf`, "[Socket]\nListenStream=24"),
      file(`${USR}/c-.socket.d/3.conf`, "[Socket]\nListenStream=25"),
    ],
    ["a-b.socket tcp *:22", "a-b.socket tcp *:23", "a-b.socket tcp *:24"],
  ],
  [
    "an instance listens as its template says",
    [wants("a@8080.socket"), socket("a@.socket", "ListenStream=%i")],
    ["a@8080.socket tcp *:8080"],
  ],
  [
    "an alias stands for its socket, which is named once",
    [
      wants("b.socket"),
      wants("a.socket"),
      link(`${ETC}/b.socket`, `${USR}/a.socket`),
      socket("a.socket", "ListenStream=22"),
    ],
    ["a.socket tcp *:22"],
  ],
  ["a wanted socket that is not there does not listen", [wants("a.socket")], []],
] as [string, UnitTreeEntry[], string[]][]) {
  test(what, () => assert.deepEqual(listen(...tree), expected));
}

test("the texts of sockets and their drop-ins are asked for, and no others", () => {
  const asked = (path: string) => new RegExp(SOCKET_TEXTS).test(path);
  for (const path of ["ssh.socket", "ssh.socket.d/a.conf", "socket.d/a.conf", "a@.socket"])
    assert.ok(asked(`${USR}/${path}`), path);
  for (const path of ["ssh.service", "ssh.socket.d/a.txt", "websocket.d/a.conf", "a/b.socket"])
    assert.ok(!asked(`${USR}/${path}`), path);
  assert.ok(!asked("/opt/ssh.socket"));
});

test("units, presets, links to units elsewhere and what can hide them all are about units; other files are not", () => {
  for (const path of [
    "/",
    "/etc",
    "/usr/lib",
    `${ETC}/a.service`,
    "/usr/lib/systemd/system-preset/a.preset",
    "/opt/a.timer",
  ])
    assert.ok(isAboutUnits({ path }), path);
  for (const path of ["/etc/motd", "/usr/bin/systemd-run", "/usr/li", "/opt/a.service.txt"])
    assert.ok(!isAboutUnits({ path }), path);
});

test("units are sorted, and a state that lasts until the next boot counts as that state", () => {
  const json = JSON.stringify([
    { unit_file: "b.service", state: "enabled-runtime", preset: "enabled" },
    { unit_file: "a.service", state: "masked", preset: null },
  ]);
  assert.deepEqual(parseUnitList(json), [
    { name: "a.service", state: "masked" },
    { name: "b.service", state: "enabled" },
  ]);
  assert.throws(
    () => parseUnitList('[{"unit_file":"a.service","state":"new"}]'),
    (error) => error instanceof ReleaseError && error.code === "units-malformed",
  );
});
