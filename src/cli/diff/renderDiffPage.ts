import { createHash } from "node:crypto";

import type { DiffSide, ReleaseDiff } from "#release/comparison/releaseDiff.ts";

import { PAGE_SCRIPT } from "./pageScript.ts";
import { PAGE_STYLE } from "./pageStyle.ts";
import type { Row, Section } from "./section.ts";
import { toNotes, toSections, toTitle, toVerdict } from "./toSections.ts";
import { toVisibleText } from "./visibleText.ts";

/**
 * The comparison as one page that needs nothing else: no network, no script to be read. Everything
 * that comes from the systems goes through `escapeHtml`, and the page allows itself, by the hash, only
 * the script and the style that are written here. The same comparison gives the same bytes.
 */
export function renderDiffPage(diff: ReleaseDiff): string {
  const sections = toSections(diff);
  const title = escapeHtml(toTitle(diff));
  const verdict = toVerdict(diff);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${toCspHash(PAGE_SCRIPT)}'; style-src '${toCspHash(PAGE_STYLE)}'; base-uri 'none'; form-action 'none'">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="kind">Comparison</p>
<h1>${title}</h1>
<p class="verdict ${diff.same ? "same" : "differs"}">${escapeHtml(toSentence(verdict))}</p>
${renderSides(diff)}
</header>
${renderContents(sections)}
<main>
${renderNotes(diff)}
${sections.map(renderSection).join("\n")}
</main>
<footer><p>Same as: <code>socle diff ${escapeHtml(toWord(diff.from.name))} ${escapeHtml(toWord(diff.to.name))}</code></p></footer>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/** For text and for attributes in double quotes. Signs that cannot be seen are written out. */
export function escapeHtml(text: string): string {
  return toVisibleText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function toCspHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function toSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As a shell takes it. */
function toWord(name: string): string {
  return /^[\w./:@+=-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}

function renderSides({ from, to }: ReleaseDiff): string {
  const row = (header: string, cell: (side: DiffSide) => string) =>
    `<tr><th scope="row">${header}</th><td>${cell(from)}</td><td>${cell(to)}</td></tr>`;
  const code = (text: string) => `<code>${escapeHtml(text)}</code>`;
  return `<div class="scroll" role="region" aria-label="What is compared" tabindex="0"><table class="sides">
<caption>What is compared</caption>
<thead><tr><td></td><th scope="col">From</th><th scope="col">To</th></tr></thead>
<tbody>
${row("Name", ({ kind, name }) => `${kind} ${code(name)}`)}
${row("System", ({ id, version }) => escapeHtml(`${id} ${version}`))}
${row("Root hash", ({ rootHash }) => (rootHash === null ? "none known" : code(rootHash)))}
</tbody>
</table></div>`;
}

function renderContents(sections: readonly Section[]): string {
  if (sections.length === 0) return "";
  const links = sections.map(({ id, title, rows }) => {
    const alarms = rows.filter(({ mark }) => mark === "!").length;
    const sign = alarms === 0 ? "" : ` <span class="alarm">! ${alarms} to look at</span>`;
    return `<li><a href="#${id}">${title}</a>${sign}</li>`;
  });
  return `<nav aria-label="Sections">
<ul>
${links.join("\n")}
</ul>
<p class="filter" hidden><label for="filter">Show only rows with</label> <input id="filter" type="search" autocomplete="off" spellcheck="false"> <span id="found" role="status"></span></p>
</nav>`;
}

function renderNotes(diff: ReleaseDiff): string {
  const notes = toNotes(diff);
  if (notes.length === 0) return "";
  const items = notes.map((note) => `<li>${escapeHtml(note)}</li>`);
  return `<section aria-labelledby="notes"><h2 id="notes">To know</h2>
<ul class="notes">
${items.join("\n")}
</ul></section>`;
}

/** Longer lists are closed at first. */
const MOST_OPEN_ROWS = 60;

function renderSection({ id, title, summary, subject, rows, outline }: Section): string {
  const isOpen = rows.length <= MOST_OPEN_ROWS;
  const withDetails = rows.some(({ details = [] }) => details.length > 0);
  const heads = ["Change", subject, "From", "To", ...(withDetails ? ["Which"] : [])];
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("");
  const outlined =
    outline === undefined || isOpen
      ? ""
      : `<ul class="outline">${outline.map(({ subject: folder, word }) => `<li><code>${escapeHtml(folder)}</code> ${escapeHtml(word)}</li>`).join("")}</ul>\n`;
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
<p>${escapeHtml(summary)}</p>
${outlined}<details${isOpen ? " open" : ""}>
<summary>${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}</summary>
<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table${withDetails ? ' class="detailed"' : ""}>
<caption>${title}: ${escapeHtml(summary)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map((row) => renderRow(row, withDetails)).join("\n")}
</tbody>
</table></div>
</details>
</section>`;
}

const CLASSES = { "+": "added", "-": "removed", "~": "changed", "!": "alarm", " ": "plain" } as const;

function renderRow({ mark, subject, from, to, word, details = [] }: Row, withDetails: boolean): string {
  const cells = [from, to].map((value) => `<td>${escapeHtml(value ?? "")}</td>`).join("");
  const more = withDetails ? `<td>${renderDetails(details)}</td>` : "";
  const sign = mark === " " ? "" : `<b>${escapeHtml(mark)}</b> `;
  return `<tr class="${CLASSES[mark]}"><td>${sign}${escapeHtml(word)}</td><th scope="row">${escapeHtml(subject)}</th>${cells}${more}</tr>`;
}

const MOST_OPEN_DETAILS = 12;

function renderDetails(details: readonly string[]): string {
  const list = details.map((detail) => `<span>${escapeHtml(detail)}</span>`).join(" ");
  return details.length <= MOST_OPEN_DETAILS
    ? list
    : `<details><summary>all ${details.length}</summary>${list}</details>`;
}
