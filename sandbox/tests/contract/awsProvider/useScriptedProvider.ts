import { World } from "./contract";
import { Properties, ProviderClient } from "../../../providerClient";
import { ScriptedApi, startScriptedApi } from "./scriptedApi";
import { useWorld } from "./world";

/** A provider in front of an API whose answers the test sets; call it in a `describe`. */
export function useScriptedProvider() {
    const world = useWorld();
    let api: ScriptedApi | undefined;
    let provider: ProviderClient | undefined;

    before(async () => {
        api = await startScriptedApi(world().endpoint);
        provider = await ProviderClient.start(api.url);
    });

    beforeEach(() => {
        api?.calls.splice(0);
    });

    after(async () => {
        await provider?.stop();
        await api?.stop();
    });

    const started = (): { world: World; api: ScriptedApi; provider: ProviderClient } => {
        if (api === undefined || provider === undefined) {
            throw new Error("the provider is made in `before`");
        }
        return { world: world(), api, provider };
    };

    return {
        started,
        /** Creates a resource as a program would. */
        make: async (
            type: string,
            news: Properties,
        ): Promise<{ id: string; state: Properties; inputs: Properties }> => {
            const inputs = await started().provider.inputs(type, news);
            return { inputs, ...(await started().provider.create(type, inputs)) };
        },
    };
}
