import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import { withSecrets } from "../../../../components/live/liveConnection";

/** Whether a value of the state is a secret. Undefined if there is no value. */
async function isSecret(value: unknown): Promise<boolean | undefined> {
    return pulumi.Output.isInstance(value) ? pulumi.isSecret(value) : value === undefined ? undefined : false;
}

function textOf(value: unknown): Promise<unknown> {
    return new Promise((resolve) => (value as pulumi.Output<unknown>).apply(resolve));
}

describe("the component's arguments as the state has them", () => {
    before(() => pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) }));

    it("hold a kubeconfig and the way to the account as secrets, also where they are plain", async () => {
        const state = withSecrets({ clusterName: "prod", kubeconfig: "text", aws: { externalId: "word" } });
        strictEqual(await isSecret(state["kubeconfig"]), true);
        strictEqual(await isSecret(state["aws"]), true);
        strictEqual(await isSecret(state["clusterName"]), false);
    });

    it("hold no token of a kubeconfig: the engine would show an update of the component with each new one", async () => {
        const of = (token: string) => ({
            clusterName: "prod",
            kubeconfig: JSON.stringify({ users: [{ user: { token } }] }),
        });
        const [one, other] = await Promise.all(
            ["one", "other"].map(async (token) => textOf(withSecrets(of(token))["kubeconfig"])),
        );
        strictEqual(one, '{"users":[{"user":{"token":"TOKEN"}}]}');
        strictEqual(other, one);
        strictEqual(await isSecret(withSecrets(of("one"))["kubeconfig"]), true);
    });

    it("are otherwise what was given", () => {
        const nothing = { clusterName: "prod", kubeconfig: null, aws: null } as unknown as { clusterName: string };
        deepStrictEqual(withSecrets(nothing), nothing);
        deepStrictEqual(withSecrets({ clusterName: "prod" }), { clusterName: "prod" });
    });
});
