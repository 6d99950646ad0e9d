import type { Metafile } from "esbuild";

declare function bundle(root: string, out: string): Metafile;
export = bundle;
