import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { compareReleases } from "#release/compareReleases.ts";
import { fileOf, newer, older, type SampleRelease } from "#release/comparison/sampleReleases.fixture.ts";
import { toComparedRelease } from "#release/comparison/toComparedRelease.ts";

import { escapeHtml, renderDiffPage } from "./renderDiffPage.ts";

function renderPage(a: SampleRelease, b: SampleRelease, names = ["out/a", "out/b"]): string {
  const toNamed = (name = "", { manifest, contents }: SampleRelease) => {
    return { name, system: toComparedRelease(manifest, { contents }) };
  };
  return renderDiffPage(compareReleases(toNamed(names[0], a), toNamed(names[1], b)));
}

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (Element | string)[];
}

const VOID = new Set(["meta", "input", "br", "hr", "img", "link"]);
const RAW = new Set(["script", "style"]);

/** Reads the page strictly: every element is closed in order, every attribute quoted, no bare `<` or `&` in text. */
function parseStrictly(page: string): Element {
  assert.ok(page.startsWith("<!doctype html>\n"));
  const root: Element = { name: "#root", attributes: new Map(), children: [] };
  const open: Element[] = [root];
  const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>|([^<]+)/gy;
  token.lastIndex = "<!doctype html>\n".length;
  for (let at = token.lastIndex; at < page.length; at = token.lastIndex) {
    const match = token.exec(page);
    assert.ok(match !== null, `not HTML: ${page.slice(at, at + 80)}`);
    const [, slash, name, attributes = "", text] = match;
    const parent = open.at(-1)!;
    if (text !== undefined) {
      assert.doesNotMatch(text, /&(?!(amp|lt|gt|quot|#39);)|>/, "text is escaped");
      parent.children.push(text);
    } else if (slash === "/") {
      assert.equal(name, open.pop()?.name, `closed in order near ${page.slice(at - 80, at + 20)}`);
    } else {
      const element: Element = { name: name!, attributes: toAttributes(attributes), children: [] };
      parent.children.push(element);
      if (RAW.has(element.name)) {
        const end = page.indexOf(`</${element.name}>`, token.lastIndex);
        element.children.push(page.slice(token.lastIndex, end));
        token.lastIndex = end + `</${element.name}>`.length;
      } else if (!VOID.has(element.name)) open.push(element);
    }
  }
  assert.equal(open.length, 1, "every element is closed");
  return root;
}

function toAttributes(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function findAll(element: Element, name: string): Element[] {
  return element.children.flatMap((child) =>
    typeof child === "string" ? [] : [...(child.name === name ? [child] : []), ...findAll(child, name)],
  );
}

function toText(element: Element): string {
  return element.children.map((child) => (typeof child === "string" ? child : toText(child))).join("");
}

test("the page is HTML that a strict reader takes, and every part can be reached and read aloud", () => {
  const root = parseStrictly(renderPage(older, newer));
  const all = ["html", "head", "body", "header", "nav", "main", "footer", "h1"];
  for (const name of all) assert.equal(findAll(root, name).length, 1, name);
  assert.equal(findAll(root, "html")[0]?.attributes.get("lang"), "en");
  for (const table of findAll(root, "table")) {
    assert.equal(findAll(table, "caption").length, 1);
    for (const header of findAll(table, "th"))
      assert.match(header.attributes.get("scope") ?? "", /^(col|row)$/);
    const columns = findAll(findAll(table, "thead")[0]!, "tr")[0]!.children.length;
    const rows = findAll(findAll(table, "tbody")[0]!, "tr");
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(row.children.length, columns);
  }
  const withIds = ["h2", "input", "span"].flatMap((name) => findAll(root, name));
  const ids = withIds.flatMap(({ attributes }) => attributes.get("id") ?? []);
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  const links = findAll(root, "a").map(({ attributes }) => attributes.get("href") ?? "");
  assert.equal(links.length, 9);
  for (const link of links) assert.ok(ids.includes(link.slice(1)), link);
  for (const section of findAll(root, "section")) {
    assert.ok(ids.includes(section.attributes.get("aria-labelledby") ?? ""));
  }
});

test("the page needs nothing from elsewhere and runs nothing but its own script", () => {
  const page = renderPage(older, newer);
  const root = parseStrictly(page);
  for (const name of ["link", "img", "iframe", "object"]) assert.deepEqual(findAll(root, name), []);
  assert.doesNotMatch(page, /\b(src|srcset|action)=|https?:|url\(|@import/);
  const policy = findAll(root, "meta")
    .find((meta) => meta.attributes.has("http-equiv"))
    ?.attributes.get("content");
  assert.match(policy ?? "", /^default-src 'none';/);
  for (const name of ["script", "style"] as const) {
    const [element, ...others] = findAll(root, name);
    assert.deepEqual(others, []);
    const digest = createHash("sha256").update(toText(element!)).digest("base64");
    assert.ok(policy?.includes(`${name}-src 'sha256-${digest}'`), name);
  }
  assert.equal(
    findAll(root, "p")
      .find(({ attributes }) => attributes.get("class") === "filter")
      ?.attributes.has("hidden"),
    true,
  );
});

const HOSTILE = [
  "</script><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'onmouseover='x",
  "</details></table>&lt;b&gt;&amp;",
  "<!--",
  "]]>\u0000\u202Egpj",
];

test("hostile names are text, wherever they stand", () => {
  for (const name of HOSTILE) {
    const hostile: SampleRelease = {
      manifest: { ...newer.manifest, kernelVersion: name, kernelCommandLine: `ro ${name}` },
      contents: {
        ...newer.contents,
        packages: [
          { name, version: name, architecture: name, source: "openssl", sourceVersion: "9", licences: [] },
        ],
        files: [
          fileOf(`/usr/${name}`, "x", 0o4755),
          { path: "/z", type: "symlink", mode: 0o777, uid: 0, gid: 0, target: name },
        ],
        units: [{ name, state: "enabled" }],
        listeners: [{ unit: name, protocol: "tcp", port: 1, address: name }],
        fixes: { openssl: [{ version: "8", cves: [name] }] },
      },
    };
    const root = parseStrictly(renderPage(older, hostile, [name, name]));
    assert.equal(findAll(root, "script").length, 1, name);
    for (const wrong of ["img", "b", "details"]) {
      const allowed = wrong === "b" || wrong === "details" ? ["", "open"] : [];
      for (const { attributes } of findAll(root, wrong)) {
        assert.ok(
          [...attributes.keys()].every((key) => allowed.includes(key)),
          `${wrong} from ${name}`,
        );
      }
    }
    assert.ok(toText(findAll(root, "main")[0]!).includes(escapeHtml(name)), "and it can be read");
  }
});

test("escaped text holds no sign that HTML reads", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(escapeHtml(text), /[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }),
  );
});

test("long lists are closed at first, and everything is in them", () => {
  const files = Array.from({ length: 200 }, (_, index) => fileOf(`/usr/share/file-${index}`, "x"));
  const root = parseStrictly(renderPage(older, { ...newer, contents: { ...newer.contents, files } }));
  const section = findAll(root, "section").find(
    ({ attributes }) => attributes.get("aria-labelledby") === "files",
  )!;
  assert.equal(findAll(section, "details")[0]?.attributes.has("open"), false);
  assert.equal(findAll(findAll(section, "tbody")[0]!, "tr").length, 207);
});

test("two that are the same make a short page", () => {
  const root = parseStrictly(renderPage(older, older));
  assert.deepEqual(findAll(root, "nav"), []);
  assert.match(toText(root), /The same, by root hash/);
});
