/** Loaded by name from a stack's state: see components/live/liveResources.ts. Not for programs. */
export { dynamicProvider } from "./engine/dynamicBinding";
