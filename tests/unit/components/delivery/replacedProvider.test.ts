import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import { isReplaced } from "../../../../components/delivery/replacedProvider";
import { CniServiceAccountRole } from "../../../../index";
import { PROVIDER_ARN } from "../../support/standIn";
import { run } from "../../support/underMocks";

describe("a replaced Kubernetes provider", () => {
    const before = { clusterName: "a", kubernetesProvider: "1" };

    for (const [what, after, replaced] of [
        ["another ID", { ...before, kubernetesProvider: "2" }, true],
        ["the same ID", before, false],
        ["a default provider in its place", { clusterName: "a" }, true],
        ["another cluster by its name", { clusterName: "b", kubernetesProvider: "2" }, false],
        ["another cluster by its OIDC provider", { ...before, oidcProviderArn: "b", kubernetesProvider: "2" }, false],
    ] as const) {
        it(`is ${replaced ? "" : "not "}noticed by ${what}`, () => {
            strictEqual(isReplaced(before, after), replaced);
        });
    }

    it("is not noticed in a stack of a version that did not remember the provider", () => {
        strictEqual(isReplaced({ clusterName: "a" }, before), false);
        strictEqual(isReplaced(undefined, before), false);
    });
});

describe("what the component remembers of its Kubernetes provider", () => {
    /** With this stack configuration, and in this place a provider of the program. */
    async function remembered(
        config: Record<string, string>,
        where: (provider: pulumi.ProviderResource) => pulumi.ComponentResourceOptions = () => ({}),
        liveChecks = false,
    ): Promise<unknown> {
        pulumi.runtime.setAllConfig(config);
        const done = await run(() => {
            const opts = where(new kubernetes.Provider("own", { kubeconfig: "{}" }));
            const args = { oidcProviderArn: PROVIDER_ARN, liveChecks, kubeconfig: "{}" };
            return new CniServiceAccountRole("cni", args, opts);
        });
        return done.resources.find(({ name }) => name === "cni")?.inputs["kubernetesProvider"];
    }
    afterEach(() => pulumi.runtime.setAllConfig({}));

    const text = (token: string, server: string) => JSON.stringify({ users: [{ token }], clusters: [{ server }] });
    const digest = (kubeconfig: string, more = {}) => remembered({ "kubernetes:kubeconfig": kubeconfig, ...more });

    it("is the ID of an explicit one, wherever the program passes it", async () => {
        const parent = (provider: pulumi.ProviderResource) =>
            new pulumi.ComponentResource("test:index:Parent", "parent", {}, { providers: [provider] });
        const places = [
            (provider: pulumi.ProviderResource) => ({ providers: [provider] }),
            (provider: pulumi.ProviderResource) => ({ providers: { kubernetes: provider } }),
            (provider: pulumi.ProviderResource) => ({ provider }),
            (provider: pulumi.ProviderResource) => ({ parent: parent(provider) }),
        ];
        const ids = await places.reduce<Promise<unknown[]>>(
            async (all, place) => [...(await all), await remembered({}, place)],
            Promise.resolve([]),
        );
        deepStrictEqual(ids, ["own-id", "own-id", "own-id", "own-id"]);
    });

    it("is a digest of the configuration of the default one, in which a new token changes nothing", async () => {
        strictEqual(await digest(text("a", "x")), await digest(text("b", "x")));
        strictEqual((await digest(text("a", "x"))) === (await digest(text("a", "y"))), false);
    });

    it("is nothing where no change replaces it: with an identifier, with the ambient kubeconfig, with live checks", async () => {
        strictEqual(await digest(text("a", "x"), { "kubernetes:clusterIdentifier": "issuer" }), undefined);
        strictEqual(await remembered({}), undefined);
        strictEqual(await remembered({}, (provider) => ({ providers: [provider] }), true), undefined);
    });
});
