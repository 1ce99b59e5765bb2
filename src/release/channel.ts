import { z } from "zod";

import { compareVersions } from "#boot/version.ts";

import { encodeCanonicalJson } from "./canonicalJson.ts";
import { ReleaseError } from "./releaseError.ts";
import { isSha256, type Sha256 } from "./sha256.ts";

/**
 * What a channel offers: the target `CHANNEL/channel.json`. A machine reads it first to learn which
 * releases there are; that it is the newest, and the project's own, is what TUF says of the target.
 */
const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value), {
  error: "wanted 64 lower-case hex digits",
});
const version = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.~^-]*$/, 'wanted a version without "_" and "+" (UAPI.10)');

const channel = z
  .strictObject({
    apiVersion: z.literal("socle/v1"),
    kind: z.literal("Channel"),
    name: z.string().refine(isChannelName, { error: "wanted the name of a channel" }),
    /** Of the definition; every release of a channel has the same. */
    id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'wanted lower-case letters, digits, "." and "-"'),
    /** Newest first, in the order of UAPI.10. */
    releases: z.array(
      z.strictObject({
        version,
        /** Target path of its manifest: `CHANNEL/ID_VERSION.manifest.json`. */
        manifest: z.string(),
        /** Of dm-verity; absent where /usr is writable. */
        rootHash: sha256.optional(),
        /** When it came into the channel, RFC 3339; absent where it was published before this was noted. */
        published: z.iso.datetime({ precision: 0 }).optional(),
      }),
    ),
    /** Taken out: not to be installed, and never to be published again with other bytes. Newest first. */
    withdrawn: z.array(
      z.strictObject({
        version,
        /** Of its manifest file, which has the digest of each of its other files. */
        manifestSha256: sha256,
      }),
    ),
  })
  .superRefine((value, context) => {
    const report = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    for (const key of ["releases", "withdrawn"] as const) {
      const versions = value[key].map((entry) => entry.version);
      const isOrdered = versions
        .slice(1)
        .every((each, index) => compareVersions(versions[index] ?? "", each) > 0);
      if (!isOrdered) report(key, "wanted each version once, newest first");
    }
    for (const { version: each, manifest } of value.releases) {
      const wanted = toTargetPath(value.name, `${value.id}_${each}.manifest.json`);
      if (manifest !== wanted)
        report("releases", `the manifest of ${each} is "${manifest}", not "${wanted}"`);
      if (value.withdrawn.some((entry) => entry.version === each))
        report("withdrawn", `has ${each}, as have the releases`);
    }
  });

export type Channel = Readonly<z.infer<typeof channel>>;
export type ChannelRelease = Channel["releases"][number];

export const CHANNEL_DOCUMENT_NAME = "channel.json";

/** A channel's files are targets of the delegated TUF role of its name: that role may not be one of TUF's own. */
export function isChannelName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && !["root", "targets", "snapshot", "timestamp"].includes(name)
  );
}

/** Of a file in a channel, as TUF names it. */
export function toTargetPath(channelName: string, fileName: string): string {
  return `${channelName}/${fileName}`;
}

/** Sorts the versions; throws when the channel would not be read back: a wrong one is not written. */
export function encodeChannel(value: Channel): string {
  const newestFirst = (a: { version: string }, b: { version: string }) =>
    compareVersions(b.version, a.version);
  const text = encodeCanonicalJson({
    ...value,
    releases: value.releases.toSorted(newestFirst),
    withdrawn: value.withdrawn.toSorted(newestFirst),
  });
  parseChannel(text);
  return text;
}

export function parseChannel(text: string): Channel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ReleaseError("channel-malformed", "Cannot read the channel: it is not JSON", { cause });
  }
  const parsed = channel.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ReleaseError("channel-malformed", `Cannot read the channel:\n${z.prettifyError(parsed.error)}`);
}
