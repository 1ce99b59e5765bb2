import assert from "node:assert/strict";
import { test } from "node:test";

import { AUTHORITY, REVOCATIONS, SERVER_CERTIFICATE } from "./certificates.fixture.ts";
import { parseMachineConfiguration } from "./parseMachineConfiguration.ts";
import { assertProblems, problemsOf } from "./problemsOf.fixture.ts";
import { HEAD, WHOLE_DOCUMENT } from "./wholeDocument.fixture.ts";

test("a document with every key is right", () => {
  assert.deepEqual(problemsOf(WHOLE_DOCUMENT), []);
});

test("time: servers and a zone", () => {
  assertProblems([
    [{ time: {} }, undefined],
    [{ time: { servers: ["2001:db8::1", "ntp-1.example.org"] } }, undefined],
    [{ time: { servers: ["a b"] } }, /time\.servers\[0\] is "a b": .*each server as an item of its own/],
    [{ time: { servers: ["192.0.2.300"] } }, /time\.servers\[0\] is "192\.0\.2\.300"/],
    [{ time: { zone: "europe/paris" } }, /time\.zone is .*did you mean "Europe\/Paris"/],
    [{ time: { zone: "../../etc/shadow" } }, /time\.zone is/],
  ]);
});

test("certificates are those of authorities, one an item, and no private key is told", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
  const trust = (...authorities: unknown[]) => ({ trust: { authorities } });
  assertProblems([
    [trust(AUTHORITY), undefined],
    [trust(AUTHORITY.replaceAll("\n", "\r\n")), undefined],
    [
      trust(AUTHORITY, AUTHORITY + AUTHORITY),
      /authorities\[1\] is "-+BEGIN CERTIFICATE-+": .*item of its own/,
    ],
    [trust(SERVER_CERTIFICATE), /authorities\[0\] is .*of a server or a client/],
    [trust(AUTHORITY.replace("MII", "MIA")), /authorities\[0\] is .*it is damaged/],
    [trust(REVOCATIONS), /authorities\[0\] is "-+BEGIN X509 CRL-+"/],
    [trust("certificate"), /authorities\[0\] is "certificate"/],
    [trust(7), /authorities\[0\] is 7/],
    [trust(key), /^(?!.*MIGH).*there is a private key in it/],
    [trust(`${AUTHORITY}${key}`), /^(?!.*MIGH).*there is a private key in it/],
    [trust("-----BEGIN CERTIFICATE-----".repeat(2000)), /authorities\[0\] is/],
    [trust("A".repeat(70_000)), /at most 65536 characters/],
    [{ access: {} }, /access\.authorities is missing/],
    [{ access: { authorities: [AUTHORITY], revocations: REVOCATIONS + REVOCATIONS } }, undefined],
    [{ access: { authorities: [AUTHORITY], revocations: AUTHORITY } }, /access\.revocations is/],
    [
      { access: { authorities: [AUTHORITY], revocations: REVOCATIONS.replace("MIG2", "MIG3") } },
      /access\.revocations is/,
    ],
  ]);
});

test("certificates are written anew in one form", () => {
  const written = AUTHORITY.replaceAll("\n", "\r\n");
  const { authorities } = parseMachineConfiguration({
    ...HEAD,
    trust: { authorities: [`# CA\n${written}`] },
  });
  assert.deepEqual(authorities, [AUTHORITY]);
});

test("kernel settings come sorted, as text, and none that breaks the chain is taken", () => {
  const { sysctls } = parseMachineConfiguration({
    ...HEAD,
    sysctls: { "vm.swappiness": 10, "kernel.panic": "-1", "net.ipv4.conf.eth0/20.forwarding": 1 },
  });
  assert.deepEqual(sysctls, [
    { name: "kernel.panic", value: "-1" },
    { name: "net.ipv4.conf.eth0/20.forwarding", value: "1" },
    { name: "vm.swappiness", value: "10" },
  ]);
  const one = (name: string, value: unknown) => ({ sysctls: { [name]: value } });
  assertProblems([
    [{ sysctls: [] }, /sysctls is a list: wanted an object of kernel settings/],
    [one("kernel.core_pattern", "core.p"), undefined],
    [
      one("kernel.core_pattern", "|/bin/sh"),
      /a pipe or a socket would let each crash start something as root/,
    ],
    [one("kernel.core_pattern", "@@/run/x"), /a pipe or a socket/],
    [one("kernel.modprobe", "/bin/sh"), /which program the kernel starts as root/],
    [one("kernel.usermodehelper.bset", "1 1"), /which program the kernel starts/],
    [one("fs.binfmt_misc.register", ":x:"), /what is no program itself/],
    [one("kernel.modules_disabled", 1), /a boot loads modules until its end/],
    [one("kernel.kexec_load_disabled", 1), undefined],
    [one("kernel.kexec_load_disabled", 0), /another kernel/],
    [one("kernel.panic", 0), /wanted a number that is not 0/],
    [one("kernel.panic_on_oops", 0), /kernel\.panic_on_oops"\] is 0: wanted "1"/],
    [one("fs.protected_symlinks", 0), /wanted "1" or "2"/],
    [one("kernel.hostname", "a"), /the key "hostname" says it/],
    [one("net/ipv4/ip_forward", 1), /write "net\.ipv4\.ip_forward"/],
    [one("kernel..panic", 1), /wanted the name of a kernel setting/],
    [one("kernel.//.panic", 1), /wanted the name of a kernel setting/],
    [one("net.ipv4.conf.*.forwarding", 1), /wanted the name of a kernel setting/],
    [one("-kernel.panic", 1), /wanted the name of a kernel setting/],
    [one("vm.swappiness", "1\nkernel.modprobe = /x"), /wanted a whole number or one line/],
    [one("vm.swappiness", true), /vm\.swappiness"\] is true/],
    [one("vm.swappiness", 1.5), /whole number/],
    [one("vm.swappiness", ""), /wanted a whole number or one line/],
  ]);
});

test("mounts and folders lie where state may lie", () => {
  const mount = (keys: object) => ({ mounts: [{ path: "/var/lib/data", label: "data", ...keys }] });
  const folder = (keys: object) => ({ folders: [{ path: "/var/lib/app", ...keys }] });
  const uuid = "0a1b2c3d-1111-2222-3333-444455556666";
  assertProblems([
    [mount({}), undefined],
    [mount({ path: "/srv" }), undefined],
    [{ mounts: [{ path: "/var/lib/data", uuid: "0A1B-2C3D" }] }, undefined],
    [mount({ uuid }), /mounts\[0\] is an object: wanted a mount with either a label or a uuid/],
    [{ mounts: [{ path: "/var/lib/data" }] }, /either a label or a uuid/],
    [{ mounts: [{ path: "/var/lib/data", uuid: uuid.toUpperCase() }] }, /uuid is .*write "0a1b2c3d/],
    [mount({ label: "../sda" }), /label is "\.\.\/sda"/],
    [mount({ label: ".." }), /label is "\.\."/],
    [mount({ path: "/etc" }), /path is "\/etc": .*the root is read-only/],
    [mount({ path: "/var" }), /path is "\/var"/],
    [mount({ path: "/var/lib/../../etc" }), /path is/],
    [mount({ path: "/var/lib/data/" }), /without "\/" at the end/],
    [mount({ path: "/var/lib/socle" }), /this one belongs to the system/],
    [mount({ path: "/var/lib/socle/keys" }), /this one belongs to the system/],
    [mount({ path: "/var/lib/systemd/timesync" }), /this one belongs to the system/],
    [mount({ path: "/var/log" }), /this one belongs to the system/],
    [mount({ path: "/srv/data" }), /mount at \/srv itself/],
    [mount({ path: "/var/lib/a b" }), /path is "\/var\/lib\/a b"/],
    [mount({ path: "/var/lib/%n" }), /path is/],
    [mount({ fileSystem: "ext5" }), /fileSystem is "ext5": .*did you mean "ext4"/],
    [mount({ options: "suid" }), /^unknown key "options" in mounts\[0\]/],
    [
      { mounts: [...mount({}).mounts, ...mount({ label: "other" }).mounts] },
      /mounts\[1\]\.path is .*of its own/,
    ],
    [
      { mounts: [...mount({}).mounts, ...mount({ path: "/srv" }).mounts] },
      /mounts\[1\]\.label is .*of its own/,
    ],
    [folder({}), undefined],
    [folder({ owner: "0:0", mode: "2750" }), undefined],
    [folder({ mode: "4755" }), /mode is "4755": .*without the set-user-id bit/],
    [folder({ mode: 755 }), /mode is 755/],
    [folder({ owner: "root" }), /owner is "root": wanted user and group/],
    [folder({ path: "/var/lib" }), /this one belongs to the system/],
    [folder({ path: "/srv/web" }), /folders\[0\]\.path is .*nothing is mounted there/],
    [{ ...mount({ path: "/srv" }), ...folder({ path: "/srv/web" }) }, undefined],
    [{ ...mount({ path: "/srv", readOnly: true }), ...folder({ path: "/srv/web" }) }, /is mounted read-only/],
    [{ folders: [...folder({}).folders, ...folder({}).folders] }, /folders\[1\]\.path is .*of its own/],
  ]);
});

test("logs leave the machine encrypted", () => {
  const logs = (url: unknown) => ({ logs: { forward: { url } } });
  assertProblems([
    [logs("https://logs.example.org:19532"), undefined],
    [logs("http://logs.example.org"), /url is .*they leave it encrypted/],
    [logs("https://u:secret@logs.example.org"), /^(?!.*secret)logs\.forward\.url is/],
    [logs("https://:99999"), /logs\.forward\.url is/],
    [{ logs: {} }, /logs\.forward is missing/],
  ]);
});
