/** A firmware with the project's keys: what it lets through, what it refuses, and that the machine comes back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { toSecureBootCertificates } from "#cli/withSecureBoot.ts";
import { buildRelease } from "#image/buildRelease.ts";
import { findKeys } from "#image/openBuild.ts";
import { ALIGNMENT_BYTES } from "#boot/diskLayoutFit.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import { copyFileTo, makeFolder, readBytes, remove, writeAtomic } from "#system/files.ts";
import { signPortableExecutable } from "#trust/authenticode.ts";
import { makeTestSigner } from "#trust/certifiedSigner.fixture.ts";
import type { CertifiedSigner } from "#trust/signer.ts";
import { findArtifact } from "#vm/findRelease.ts";

import { bootTestMachine, buildTestSystem, type TestMachine, type TestSystem } from "./harness.ts";

const TIMEOUT_MS = 480_000;

/** A disk of the release with files beside it on the ESP, which an attacker could have put there. */
async function plantFiles(
  system: TestSystem,
  folder: string,
  files: ReadonlyMap<string, string>,
): Promise<string> {
  const { tools } = system.context;
  const disk = join(folder, "disk.raw");
  const copy = ["cp", "--sparse=always", await findArtifact(system, "disk"), disk];
  await tools.run(copy, { folders: [folder, system.folder] });
  for (const [name, file] of files) {
    const argv = ["mcopy", "-i", `${disk}@@${ALIGNMENT_BYTES}`, file, `::/EFI/${name}`];
    await tools.run(argv, { folders: [folder, join(file, "..")] });
  }
  return disk;
}

/** The kernel image of a release, signed by somebody else, or, without a signer, by nobody. */
async function signAnew(
  system: TestSystem,
  source: TestSystem,
  file: string,
  signer?: CertifiedSigner,
): Promise<void> {
  await copyFileTo(await findArtifact(source, "uki"), file);
  await system.context.tools.run(["sbattach", "--remove", file], { folders: [join(file, "..")] });
  if (signer !== undefined)
    await writeAtomic(file, await signPortableExecutable(await readBytes(file), signer));
}

/** Puts a planted kernel image in place as the next version, and starts the machine anew. */
async function updateTo(
  vm: TestMachine,
  { manifest }: TestSystem,
  planted: string,
  version: string,
): Promise<void> {
  await vm.tell(
    `for i in $(seq 100); do [ -e /sys/firmware/efi/efivars/Boot50C3-* ] && break; sleep 0.2; done
     mv /boot/EFI/${planted} /boot/EFI/Linux/${manifest.id}_${version}+3-0.efi && sync`,
  );
  const restarted = vm.machine.waitForLine(/Linux version/, TIMEOUT_MS);
  await vm.shell("systemctl reboot").catch(() => {}); // the connection may break before the answer
  await restarted;
}

/** Scripts of root that try to run what is not in the signed root, on a file system that would allow it. */
const OUTSIDE: readonly (readonly [what: string, script: string, refusal: RegExp])[] = [
  ["a copied program", "cp /usr/bin/true /mnt/; /mnt/true", /Permission denied/],
  [
    "the same by the loader",
    "cp /usr/bin/true /mnt/; /lib64/ld-linux-x86-64.so.2 /mnt/true",
    /Permission denied|failed to map/,
  ],
  [
    "a preloaded library",
    "cp /usr/lib/x86_64-linux-gnu/libz.so.1 /mnt/; LD_PRELOAD=/mnt/libz.so.1 /usr/bin/true 2>&1 | grep . && exit 1",
    /Permission denied|failed to map/,
  ],
  [
    "a signed module from outside",
    "cp $(modinfo -n vfat) /mnt/vfat.ko; rmmod vfat; insmod /mnt/vfat.ko",
    /denied|not permitted/i,
  ],
  [
    "an unsigned module",
    "head -c -100 $(modinfo -n vfat) > /mnt/unsigned.ko; insmod /mnt/unsigned.ko",
    /denied|not permitted|rejected/i,
  ],
  ["switching the policy off", "echo 0 > /sys/kernel/security/ipe/enforce", /not permitted/],
  [
    "another policy",
    "cat /usr/share/socle/trust/root.json > /sys/kernel/security/ipe/new_policy",
    /not permitted|denied/,
  ],
];

test("Secure Boot lets the project's own images through and nothing else, and the machine comes back by itself", async (t) => {
  const system = await buildTestSystem("sealed");
  const { context } = system;
  const stranger = await makeTestSigner("rsa", "stranger");
  const strange: TestSystem = {
    context,
    ...(await buildRelease(
      { ...context, signing: { ...context.signing, db: stranger } },
      join(system.folder, "..", "test-sealed-stranger"),
    )),
  };
  assert.equal(strange.manifest.rootHash, system.manifest.rootHash, "who signs is not part of the root");

  const folder = join(context.workspace.machines, `secure-boot-${process.pid}`);
  await makeFolder(folder);
  t.after(() => remove(folder));
  await signAnew(system, system, join(folder, "unsigned.efi"));
  await signAnew(system, system, join(folder, "stranger.efi"), stranger);
  // Signed by us, but with a policy of the stranger in its initrd.
  await signAnew(system, strange, join(folder, "policy.efi"), context.signing.db);
  const image = await plantFiles(
    system,
    folder,
    new Map([
      ["unsigned.bin", join(folder, "unsigned.efi")],
      ["stranger.bin", join(folder, "stranger.efi")],
      ["policy.bin", join(folder, "policy.efi")],
      ["signature.bin", await findArtifact(strange, "root-signature")],
    ]),
  );
  const file = join(import.meta.dirname, "secureBoot.test.ts");
  const keys = await openKeyFolder(await findKeys({ file }, context.workspace, context));
  await using vm = await bootTestMachine(t, system, {
    firmware: "uefi",
    secureBootCertificates: toSecureBootCertificates(keys.keySet),
    image: { file: image, format: "raw" },
  });

  const status = await vm.waitUntilHealthy();
  await t.test("the chain is enforced, and status says so", () => {
    assert.equal(status.secureBoot, "on");
    assert.equal(status.lockdown, "integrity");
    assert.equal(status.executionControl.enforced, true);
    assert.deepEqual(status.executionControl.policies, [{ name: "socle", version: "1.0.0", active: true }]);
    assert.equal(status.booted.verity, "verified");
    assert.equal(status.booted.signed, true);
  });

  await vm.tell("mount -t tmpfs -o mode=755 tmpfs /mnt");
  for (const [what, script, refusal] of OUTSIDE) {
    await t.test(`refused: ${what}`, async () => {
      const { exitStatus, output } = await vm.shell(script);
      assert.notEqual(exitStatus, 0, output);
      assert.match(output, refusal);
    });
  }
  await t.test(
    "what the policy cannot cover: an interpreter of the root that reads a script from outside",
    async () => {
      assert.equal(await vm.tell("echo 'echo read' > /mnt/script; sh /mnt/script"), "read");
    },
  );

  const listKernels = async () => (await vm.tell("ls /boot/EFI/Linux")).split("\n").toSorted();
  const { id } = system.manifest;
  for (const [planted, version] of [
    ["unsigned.bin", "1.1"],
    ["stranger.bin", "1.2"],
  ] as const) {
    await t.test(
      `${planted}: the firmware refuses it, and the version before starts, without a reset`,
      async () => {
        await updateTo(vm, system, planted, version);
        const after = await vm.waitUntilHealthy();
        assert.equal(after.image.version, "1.0");
        assert.equal(after.bootCount, null, "the image that runs was not the one counted");
        const kernels = await listKernels();
        assert.ok(
          kernels.includes(`${id}_1.0.efi`) && kernels.includes(`${id}_${version}+0-3.efi`),
          kernels.join(),
        );
      },
    );
  }

  await t.test(
    "a policy signed by a stranger: the initrd ends in a reboot, three times, then the version before starts",
    async () => {
      const refusal = /the kernel refuses the execution policy/;
      const refused = vm.machine.waitForLine(refusal, TIMEOUT_MS);
      await updateTo(vm, system, "policy.bin", "1.3");
      await refused;
      await vm.machine.waitForLine(refusal, TIMEOUT_MS);
      await vm.machine.waitForLine(refusal, TIMEOUT_MS);
      await vm.machine.waitForLine(/Linux version/, TIMEOUT_MS);
      const after = await vm.waitUntilHealthy();
      assert.equal(after.image.version, "1.0");
      assert.ok((await listKernels()).includes(`${id}_1.3+0-3.efi`));
    },
  );

  await t.test(
    "a root hash signed by a stranger: the kernel refuses it, and the machine starts anew",
    async () => {
      await vm.tell(`blockdev --setrw /dev/vda4; dd if=/boot/EFI/signature.bin of=/dev/vda4 conv=fsync`);
      const refused = vm.machine.waitForLine(/or the kernel refuses its signature/, TIMEOUT_MS);
      await vm.shell("systemctl reboot").catch(() => {});
      await refused;
      await vm.machine.waitForLine(/Linux version/, TIMEOUT_MS);
    },
  );
});
