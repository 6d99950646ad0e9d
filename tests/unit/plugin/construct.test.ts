import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, throws } from "assert";
import { EksCniProvider } from "../../../plugin/provider";
import { PROVIDER_ARN } from "../support/standIn";

type LiveResources = typeof import("../../../components/live/liveResources");

const LIVE_RESOURCES = require.resolve("../../../components/live/liveResources");

/** A new copy of the module, since a process chooses its engine binding only once. */
async function freshLiveResources(): Promise<LiveResources> {
    const loaded = require.cache[LIVE_RESOURCES];
    require.cache[LIVE_RESOURCES] = undefined;
    try {
        return (await import(LIVE_RESOURCES)) as LiveResources;
    } finally {
        require.cache[LIVE_RESOURCES] = loaded;
    }
}

async function registrationsOf(use: (live: LiveResources) => void): Promise<pulumi.runtime.MockResourceArgs[]> {
    const resources: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks({
        newResource: (resource) => {
            resources.push(resource);
            return { id: resource.name, state: resource.inputs as object };
        },
        call: ({ inputs }) => inputs as object,
    });
    use(await freshLiveResources());
    await pulumi.runtime.disconnect();
    return resources.sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** Registers one of each. Their inputs do not matter to the registration. */
function registerAll({ CredentialGuard, Canary, DeletionOrder, Detachment }: LiveResources): void {
    const inputs = { drift: "none" } as unknown;
    new CredentialGuard("guard", inputs as ConstructorParameters<typeof CredentialGuard>[1], {});
    new Canary("canary", inputs as ConstructorParameters<typeof Canary>[1], {});
    new DeletionOrder("order", {});
    new Detachment("detachment", inputs as ConstructorParameters<typeof Detachment>[1], {});
}

describe("the live checks of a component", () => {
    it("are dynamic resources, with the way to the package and none of its code, unless the plugin constructs it", async () => {
        const resources = await registrationsOf(registerAll);
        deepStrictEqual(
            resources.map(({ type }) => type),
            ["Canary", "CredentialGuard", "DeletionOrder", "Detachment"].map(
                (kind) => `pulumi-nodejs:dynamic/eks-cni:${kind}`,
            ),
        );
        for (const [index, name] of ["canary", "credentialGuard", "deletionOrder", "detachment"].entries()) {
            const { __provider, ...inputs } = resources[index]?.inputs as Record<string, unknown>;
            deepStrictEqual(inputs, name === "deletionOrder" ? {} : { drift: "none" });
            deepStrictEqual(/handOver\.(.*);/.exec(String(__provider))?.[1], `dynamicProvider("${name}")`);
        }
    });

    it("are resources of the plugin, with their inputs alone, when it constructs the component", async () => {
        const resources = await registrationsOf((live) => {
            live.usePluginBinding();
            registerAll(live);
        });
        deepStrictEqual(
            resources.map(({ type, inputs }) => ({ type, inputs: inputs as object })),
            ["Canary", "CredentialGuard", "DeletionOrder", "Detachment"].map((kind) => ({
                type: `eks-cni:index:${kind}`,
                inputs: kind === "DeletionOrder" ? {} : { drift: "none" },
            })),
        );
    });
});

describe("what the plugin constructs", () => {
    const plugin = new EksCniProvider();
    const token = "eks-cni:index:CniServiceAccountRole";

    it("answers with each output that the schema promises", async () => {
        await registrationsOf(() => undefined);
        const { state } = await plugin.construct(
            "cni",
            token,
            { oidcProviderArn: PROVIDER_ARN, liveChecks: false },
            {},
        );
        const schema = JSON.parse(plugin.schema) as { resources: Record<string, { properties: object }> };
        deepStrictEqual(Object.keys(state).sort(), Object.keys(schema.resources[token]?.properties ?? {}).sort());
    });

    it("lists bad arguments once, in its message", () => {
        throws(
            () =>
                plugin.construct("cni", token, { clusterName: "c", roleName: "no spaces", maxSessionDuration: 60 }, {}),
            (error: unknown) => {
                deepStrictEqual(pulumi.InputPropertiesError.isInstance(error) && error.errors, []);
                const lines = (error as Error).message.split("\n");
                deepStrictEqual(
                    lines.map((line) => line.split(":")[0]),
                    ['CniServiceAccountRole "cni"', "  roleName", "  maxSessionDuration"],
                );
                return true;
            },
        );
    });
});
