import type { ReleaseArtifact } from "../manifest.ts";
import type { ComparedSystem } from "./comparedSystem.ts";
import { compareTexts } from "./compareKeyed.ts";
import type { ArtifactDiff, ArtifactFacts, SlotChange, SlotFill } from "./releaseDiff.ts";

type Artifacts = NonNullable<ComparedSystem["artifacts"]>;

/** Files of a release by kind: their names carry version and root hash, and so always differ. */
export function compareArtifacts(from: Artifacts, to: Artifacts): ArtifactDiff {
  const kinds = new Set([...from.files, ...to.files].map(({ kind }) => kind));
  return {
    changed: [...kinds]
      .sort(compareTexts)
      .map((kind) => ({ kind, from: findFacts(from, kind), to: findFacts(to, kind) }))
      .filter((change) => change.from?.sha256 !== change.to?.sha256),
    slots: (["root", "verity"] as const).flatMap((slot) => compareSlots(from, to, slot)),
    partitions: (["disk", "esp"] as const)
      .map((name) => ({ name, from: from.sizes[`${name}Bytes`], to: to.sizes[`${name}Bytes`] }))
      .filter((change) => change.from !== change.to),
  };
}

export function isEmptyArtifactDiff({ changed, slots, partitions }: ArtifactDiff): boolean {
  return (
    changed.length + partitions.length === 0 &&
    slots.every(({ from, to }) => from.sizeBytes === to.sizeBytes && from.usedBytes === to.usedBytes)
  );
}

function findFacts({ files }: Artifacts, kind: ReleaseArtifact["kind"]): ArtifactFacts | null {
  const found = files.find((file) => file.kind === kind);
  return found === undefined ? null : { sizeBytes: found.sizeBytes, sha256: found.sha256 };
}

/** A classic release has no hash tree, so nothing that fills its slot. */
function compareSlots(from: Artifacts, to: Artifacts, slot: "root" | "verity"): SlotChange[] {
  const [before, after] = [toFill(from, slot), toFill(to, slot)];
  return before === undefined || after === undefined ? [] : [{ slot, from: before, to: after }];
}

function toFill(artifacts: Artifacts, slot: "root" | "verity"): SlotFill | undefined {
  const facts = findFacts(artifacts, slot);
  const sizeBytes = artifacts.sizes[`${slot}SlotBytes`];
  return facts === null ? undefined : { usedBytes: facts.sizeBytes, sizeBytes };
}
