import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { createDevelopmentAccess } from "#trust/certificates.ts";

import { fetchBytes } from "./fetchMetadata.ts";
import type { FetchLimits } from "./fetchLimits.ts";
import { createHttpFetcher } from "./httpFetcher.ts";
import { type Answer, dripping, startMemoryServer } from "./memoryServer.fixture.ts";

const FILE = Buffer.alloc(200_000, "file");

async function prepareServer() {
  return startMemoryServer(() => new Map([["file", FILE]]));
}

function redirectTo(location: string): Answer {
  return (_request, response) => void response.writeHead(302, { location }).end();
}

test("redirects are followed, a few of them", async () => {
  await using server = await prepareServer();
  server.instead.set("old", redirectTo("/older"));
  server.instead.set("older", redirectTo(`${server.url}file`));
  const fetcher = createHttpFetcher({ limits: { redirects: 2 } });
  assert.deepEqual(await fetchBytes(fetcher, new URL("old", server.url), FILE.length), FILE);
  server.instead.set("file", redirectTo("/old"));
  await assert.rejects(fetchBytes(fetcher, new URL("old", server.url), FILE.length), {
    code: "server-error",
    message: /more than 2 redirects/,
  });
});

for (const location of ["file:///etc/passwd", "ftp://localhost/", "http://["]) {
  test(`a redirect to ${location} is not followed`, async () => {
    await using server = await prepareServer();
    server.instead.set("old", redirectTo(location));
    const url = new URL("old", server.url);
    await assert.rejects(fetchBytes(createHttpFetcher(), url, 9), {
      code: "server-error",
      message: /not followed/,
    });
  });
}

test("a file is not there with 404, nor with the 403 of storage services; other statuses are errors", async () => {
  await using server = await prepareServer();
  for (const status of [404, 403]) {
    server.instead.set("file", (_request, response) => void response.writeHead(status).end("not here"));
    assert.equal(await fetchBytes(createHttpFetcher(), new URL("file", server.url), 9), undefined);
  }
  for (const status of [204, 401, 429, 500]) {
    server.instead.set("file", (_request, response) => void response.writeHead(status).end());
    await assert.rejects(fetchBytes(createHttpFetcher(), new URL("file", server.url), 9), {
      code: "server-error",
      message: new RegExp(`status ${status}`),
    });
  }
});

test("a compressed answer is refused by its name, not by a hash that does not fit", async () => {
  await using server = await prepareServer();
  server.instead.set(
    "file",
    (_request, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(),
  );
  await assert.rejects(fetchBytes(createHttpFetcher(), new URL("file", server.url), 9), {
    message: /as gzip/,
  });
});

test("the server's clock is remembered for a hint", async () => {
  await using server = await prepareServer();
  server.instead.set(
    "file",
    (_request, response) => void response.writeHead(200, { date: "Sun, 22 Nov 2026 12:00:00 GMT" }).end(),
  );
  const fetcher = createHttpFetcher();
  assert.equal(fetcher.serverDate(), undefined);
  await fetchBytes(fetcher, new URL("file", server.url), 9);
  assert.equal(fetcher.serverDate()?.toISOString(), "2026-11-22T12:00:00.000Z");
});

/** A window that even a busy machine answers in. */
const PACE: Partial<FetchLimits> = { windowMs: 400, windowBytes: 1000 };

test("a server that drips is refused although it never stops sending", async () => {
  await using server = await prepareServer();
  server.instead.set("file", dripping);
  await assert.rejects(
    fetchBytes(createHttpFetcher({ limits: PACE }), new URL("file", server.url), FILE.length),
    {
      code: "server-too-slow",
    },
  );
});

test("a server that is just fast enough is not refused, however long it takes altogether", async () => {
  await using server = await prepareServer();
  server.instead.set("file", (_request, response) => {
    let sent = 0;
    const send = setInterval(() => {
      response.write(FILE.subarray(0, 1000));
      if (++sent === 15) {
        clearInterval(send);
        response.end();
      }
    }, 40);
  });
  const bytes = await fetchBytes(
    createHttpFetcher({ limits: PACE }),
    new URL("file", server.url),
    FILE.length,
  );
  assert.equal(bytes?.length, 15_000);
});

test("a reader that takes its time does not make the server look slow", async () => {
  await using server = await prepareServer();
  const { body } = await createHttpFetcher({ limits: PACE }).get(new URL("file", server.url));
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 450));
  }
  assert.equal(sizeBytes, FILE.length);
});

test("who stops waiting gets an abort, not an error of the server", async () => {
  await using server = await prepareServer();
  server.instead.set("file", () => {});
  const controller = new AbortController();
  const fetching = fetchBytes(
    createHttpFetcher({ signal: controller.signal }),
    new URL("file", server.url),
    9,
  );
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(fetching, { name: "AbortError" });
  server.instead.set("file", dripping);
  const other = new AbortController();
  const reading = fetchBytes(
    createHttpFetcher({ signal: other.signal }),
    new URL("file", server.url),
    FILE.length,
  );
  setTimeout(() => other.abort(), 30);
  await assert.rejects(reading, { name: "AbortError" });
});

test("over HTTPS: only with an authority that is trusted, with a certificate of one's own where one is asked for", async () => {
  const { ca, server, client } = await createDevelopmentAccess({ name: "mirror", now: new Date(), days: 1 });
  const https = createServer(
    { ...server, ca, requestCert: true, rejectUnauthorized: true },
    (_request, response) => response.end(FILE),
  );
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const { port } = https.address() as AddressInfo; // it listens on TCP
  const url = new URL(`https://127.0.0.1:${port}/file`);
  try {
    assert.deepEqual(await fetchBytes(createHttpFetcher({ tls: { ca, ...client } }), url, FILE.length), FILE);
    for (const tls of [{}, { ca }, { ...client }])
      await assert.rejects(
        fetchBytes(createHttpFetcher({ tls }), url, FILE.length),
        (error: { code?: string }) => ["server-unreachable", "download-truncated"].includes(error.code ?? ""),
      );
  } finally {
    https.closeAllConnections();
    https.close();
  }
});
