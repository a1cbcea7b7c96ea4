// Browsers, bundlers and edge runtimes: the wasm beside this file is fetched by `init`, once.

import load from "./gate.js";
import { markReady } from "./holdpoint.js";

export * from "./holdpoint.js";

let loading = null;

export default function init(source) {
  loading ??= load(source === undefined ? undefined : { module_or_path: source }).then(markReady, (error) => {
    // The network may be back when it is asked for again.
    loading = null;
    throw error;
  });
  return loading;
}
