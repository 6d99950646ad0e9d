import { provider, runtime } from "@pulumi/pulumi";
import * as api from "../index";
import { usePluginBinding } from "../components/live/liveResources";
import { endWithTheEngine } from "../handover/engine/endWithTheEngine";
import { EksCniProvider } from "./provider";

// Whoever imports the folder itself, and not the package by its name, gets the same as by its name. It is not to be enumerated,
// or the SDK would find the component among it and serve that alone.
for (const [name, value] of Object.entries(api)) {
    Object.defineProperty(serve, name, { value });
}

/**
 * What the engine runs of this package for programs in other languages: PulumiPlugin.yaml has it start this folder as a Node.js
 * program, and `main` of package.json names this module. Loading it does nothing; the SDK calls what it exports.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/run-plugin/run.ts
 */
function serve(): Promise<void> {
    const args = process.argv.slice(2);
    const [engine = ""] = args;
    endWithTheEngine();
    // The SDK knows the engine only while it constructs a component, and prints what is logged at any other time to where
    // nobody sees it.
    runtime.resetOptions("", "", -1, engine, "", false, "");
    usePluginBinding();
    return provider.main(new EksCniProvider(), args);
}

export = serve;
