/** What a stack's state asks for by name: see components/live/liveResources.ts. Not for programs. */
export { dynamicProvider } from "./engine/dynamicBinding";
