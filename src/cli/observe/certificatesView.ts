import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  ListCertificatesResponseSchema,
  type Certificate,
  type RevocationList,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { toVisibleText } from "../diff/visibleText.ts";
import type { View as Look } from "../update/renderGates.ts";
import { drawTable } from "../view/drawnTable.ts";
import { toTextCell } from "./cells.ts";
import { createObservedView } from "./observedView.ts";

interface Row {
  /** What the machine does with it. */
  readonly use: "machine" | "callers" | "programs";
  readonly certificate?: Certificate | undefined;
  readonly revocations?: RevocationList | undefined;
}

const DAY_MS = 86_400_000;
const WARN_BEFORE_DAYS = 30;

/** The machine's own, of those who sign its callers, and of those whom its programs trust. */
export const certificatesView = createObservedView({
  kind: "Certificates",
  purpose: "list the certificates",
  schema: ListCertificatesResponseSchema,
  ask: (observe, options) => observe.listCertificates({}, options),
  draw: ({ own, authorities, trusted }, look) => [
    drawTable<Row>(
      [
        { use: "machine", certificate: own },
        ...authorities.map((authority) => ({ use: "callers" as const, ...authority })),
        ...trusted.map((certificate) => ({ use: "programs" as const, certificate })),
      ],
      [
        { header: "FOR", value: ({ use }) => use },
        { header: "SUBJECT", value: ({ certificate }) => toVisibleText(certificate?.subject ?? "") },
        { header: "FROM", value: ({ certificate }) => toTextCell(certificate?.source ?? "") },
        { header: "ENDS", value: ({ certificate }) => toDay(certificate?.notAfter) },
        { header: "STATE", value: ({ certificate }) => toState(certificate, look) },
        { header: "REVOKED", value: ({ use, revocations }) => toRevoked(use, revocations) },
        // As a whole: it is there to be compared with another one.
        { header: "FINGERPRINT", value: ({ certificate }) => toTextCell(certificate?.fingerprint ?? "") },
      ],
      "No certificate",
    ),
  ],
});

function toDay(at: Timestamp | undefined): string {
  return at === undefined ? toTextCell("") : timestampDate(at).toISOString().slice(0, 10);
}

function toState(certificate: Certificate | undefined, { marks, paint, now }: Look): string {
  const { notBefore, notAfter } = certificate ?? {};
  if (notBefore === undefined || notAfter === undefined) return toTextCell("");
  if (timestampDate(notBefore) > now) return `${paint("yellow", marks.warning)} not yet valid`;
  const leftMs = timestampDate(notAfter).getTime() - now.getTime();
  if (leftMs < 0) return `${paint("red", marks.failed)} ended`;
  const days = Math.floor(leftMs / DAY_MS);
  if (days >= WARN_BEFORE_DAYS) return `${paint("green", marks.ok)} good`;
  const left = days === 0 ? "today or tomorrow" : `in ${days} ${days === 1 ? "day" : "days"}`;
  return `${paint("yellow", marks.warning)} ends ${left}`;
}

/** `2 (list 7 of 2026-11-22)`; without a list nobody can be turned away before the end of a certificate. */
function toRevoked(use: Row["use"], list: RevocationList | undefined): string {
  if (use !== "callers" || list === undefined) return toTextCell("");
  const number = list.number === "" ? "list" : `list ${list.number}`;
  return `${list.revoked} (${number} of ${toDay(list.thisUpdate)})`;
}
