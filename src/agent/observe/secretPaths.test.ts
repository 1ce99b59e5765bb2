import assert from "node:assert/strict";
import { test } from "node:test";

import { isSecretPath } from "./secretPaths.ts";

for (const path of [
  "/etc/shadow",
  "/etc/gshadow-",
  "/etc/ssl/private/x.pem",
  "/var/lib/socle/agent/key.pem",
  "/var/lib/socle/config.json",
  "/run/credentials/socle-agent.service/socle.agent.key",
  "/proc/1/environ",
  "/proc/self/mem",
  "/proc/42/task/43/environ",
  "/proc/42/root/etc/shadow",
  "/proc/kcore",
  "/sys/firmware/dmi/entries/11-0/raw",
  "/dev/vda",
  "/root/.bash_history",
  "/etc/systemd/network/50-wg.netdev",
  "/run/socle/etc/systemd/network/50-wg.netdev",
  "/var/lib/systemd/coredump/core.sshd.zst",
  "/var/backups/shadow.bak",
  "/var/lib/app/tls/server.key",
  "/srv/app/privkey.pem",
  "/home/a/keys/id_ed25519",
  "/proc/kmsg",
  "/proc/1/pagemap",
]) {
  test(`nobody gets ${path}`, () => assert.equal(isSecretPath(path), true));
}

for (const path of [
  "/etc/os-release",
  "/etc/ssl/certs/ca-certificates.crt",
  "/proc/cmdline",
  "/proc/meminfo",
  "/proc/1/status",
  "/sys/class/net/lo/mtu",
  "/var/lib/socle/health/x.json",
  "/etc/systemd/network/50-lan.network",
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/etc/keys",
]) {
  test(`whoever may read gets ${path}`, () => assert.equal(isSecretPath(path), false));
}
