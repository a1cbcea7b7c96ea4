// A plain server of files, as any web host is one.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".json": "application/json", ".svg": "image/svg+xml" };

/** Serves folders, each under its path; `pages` are documents that lie nowhere. */
export async function serve(folders, { pages = {}, types = {}, headers = {} } = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    asked.push(`${request.method} ${pathname}`);
    const page = pages[pathname];
    if (page !== undefined) return response.writeHead(200, { "content-type": TYPES[".html"], ...headers }).end(page);
    for (const [at, folder] of Object.entries(folders)) {
      if (!pathname.startsWith(at)) continue;
      try {
        const rest = pathname.slice(at.length) || "index.html";
        const bytes = readFileSync(join(folder, normalize(`/${rest}`)));
        return response.writeHead(200, { "content-type": types[extname(rest)] ?? TYPES[extname(rest)] ?? "application/octet-stream", ...headers }).end(bytes);
      } catch {
        // Another folder may have it.
      }
    }
    return response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, asked, stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}
