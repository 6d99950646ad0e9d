/** What a stack's state asks for by name: see components/liveResources.ts. Not for programs. */
export { dynamicProvider } from "./dynamicProvider";
