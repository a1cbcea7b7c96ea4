import type { CompiledModule } from "holdpoint";

/** The compiled gate, where a runtime or bundler imports wasm as a module (Cloudflare Workers do). */
declare const gate: CompiledModule;
export default gate;
