import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";

import { createDevelopmentAccess } from "#trust/certificates.ts";

import { fetchBytes } from "./fetchMetadata.ts";
import type { FetchLimits } from "./fetchLimits.ts";
import { createHttpFetcher } from "./httpFetcher.ts";
import { startMemoryProxy } from "./memoryProxy.fixture.ts";
import { startMemoryServer } from "./memoryServer.fixture.ts";

const FILE = Buffer.alloc(200_000, "file");
const CREDENTIALS = `Basic ${btoa("name:secret")}`;

async function startSecureServer() {
  const { ca, server } = await createDevelopmentAccess({ name: "mirror", now: new Date(), days: 1 });
  const https = createServer(server, (_request, response) => response.end(FILE));
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const { port } = https.address() as AddressInfo; // it listens on TCP
  return {
    ca,
    port,
    url: new URL(`https://127.0.0.1:${port}/file`),
    [Symbol.dispose]: () => {
      https.closeAllConnections();
      https.close();
    },
  };
}

test("over HTTP the proxy is asked, with the credentials of its address", async () => {
  await using server = await startMemoryServer(() => new Map([["file", FILE]]));
  await using proxy = await startMemoryProxy();
  for (const name of ["http_proxy", "HTTP_PROXY"]) {
    const fetcher = createHttpFetcher({ environment: { [name]: proxy.url } });
    assert.deepEqual(await fetchBytes(fetcher, new URL("file", server.url), FILE.length), FILE);
    assert.deepEqual(proxy.asked.splice(0), [`GET ${server.url}file ${CREDENTIALS}`]);
  }
  assert.deepEqual(server.asked, ["file", "file"]);
});

test("over HTTPS there is a tunnel, in which the server's certificate counts", async () => {
  using server = await startSecureServer();
  await using proxy = await startMemoryProxy();
  const environment = { https_proxy: proxy.url };
  const fetcher = createHttpFetcher({ environment, tls: { ca: server.ca } });
  assert.deepEqual(await fetchBytes(fetcher, server.url, FILE.length), FILE);
  assert.deepEqual(proxy.asked, [`CONNECT 127.0.0.1:${server.port} ${CREDENTIALS}`]);
  await assert.rejects(fetchBytes(createHttpFetcher({ environment }), server.url, FILE.length), {
    code: "server-unreachable",
  });
});

for (const noProxy of ["127.0.0.1", "10.0.0.0/8,127.0.0.0/8", "*"])
  test(`what no_proxy has is asked without one: ${noProxy}`, async () => {
    await using server = await startMemoryServer(() => new Map([["file", FILE]]));
    const environment = { http_proxy: "http://127.0.0.1:9", no_proxy: noProxy };
    const fetcher = createHttpFetcher({ environment });
    assert.deepEqual(await fetchBytes(fetcher, new URL("file", server.url), FILE.length), FILE);
  });

test("a proxy that refuses is an error without its password", async () => {
  using server = await startSecureServer();
  await using proxy = await startMemoryProxy();
  proxy.tunnels = "refuses";
  const fetcher = createHttpFetcher({ environment: { https_proxy: proxy.url } });
  const error: unknown = await fetchBytes(fetcher, server.url, FILE.length).catch((refused) => refused);
  assert.match(inspect(error), /server-unreachable[^]*407/);
  assert.doesNotMatch(inspect(error), /secret/);
});

test("a proxy that does not answer is given up, and left at once by who stops waiting", async () => {
  using server = await startSecureServer();
  await using proxy = await startMemoryProxy();
  proxy.tunnels = "says nothing";
  const environment = { https_proxy: proxy.url };
  const limits: Partial<FetchLimits> = { connectTimeoutMs: 100 };
  await assert.rejects(fetchBytes(createHttpFetcher({ environment, limits }), server.url, 9), {
    code: "server-unreachable",
  });
  const controller = new AbortController();
  const fetcher = createHttpFetcher({ environment, signal: controller.signal });
  const fetching = fetchBytes(fetcher, server.url, 9);
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(fetching, { name: "AbortError" });
});
