// Says how large files are: as they lie, and as they travel.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export function sizes(file) {
  const bytes = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const file of process.argv.slice(2)) {
    const { raw, gzip, brotli } = sizes(file);
    console.log(`${file.padEnd(36)} ${raw.toLocaleString("en").padStart(10)} bytes, ${gzip.toLocaleString("en").padStart(9)} gzip, ${brotli.toLocaleString("en").padStart(9)} brotli`);
  }
}
