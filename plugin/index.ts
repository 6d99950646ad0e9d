import { provider, runtime } from "@pulumi/pulumi";
import { usePluginBinding } from "../components/live/liveResources";
import { exitWithEngine } from "../handover/engine/exitWithEngine";
import * as api from "../index";
import { EksCniProvider } from "./provider";

// An import of the folder gives the same API as an import of the package by name. The properties are not enumerable, otherwise
// the SDK would find the component among them and serve only the component.
for (const [name, value] of Object.entries(api)) {
    Object.defineProperty(serve, name, { value });
}

/**
 * The entry point of the provider plugin, for programs in other languages. The engine starts this folder as a Node.js program
 * because of PulumiPlugin.yaml, and `main` of package.json names this module. Loading it does nothing; the SDK calls its export.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/run-plugin/run.ts
 */
function serve(): Promise<void> {
    const args = process.argv.slice(2);
    const [engine = ""] = args;
    exitWithEngine();
    // The SDK knows the engine only while it constructs a component. Logs at any other time would not reach the user.
    runtime.resetOptions("", "", -1, engine, "", false, "");
    usePluginBinding();
    return provider.main(new EksCniProvider(), args);
}

export = serve;
