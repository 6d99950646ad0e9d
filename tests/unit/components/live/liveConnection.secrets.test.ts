import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import { withSecrets } from "../../../../components/live/liveConnection";

/** Whether a value of the state is a secret. Undefined if there is no value. */
async function isSecret(value: unknown): Promise<boolean | undefined> {
    return pulumi.Output.isInstance(value) ? pulumi.isSecret(value) : value === undefined ? undefined : false;
}

describe("the component's arguments as the state has them", () => {
    before(() => pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) }));

    it("hold a kubeconfig and the way to the account as secrets, also where they are plain", async () => {
        const state = withSecrets({ clusterName: "prod", kubeconfig: "text", aws: { externalId: "word" } });
        strictEqual(await isSecret(state["kubeconfig"]), true);
        strictEqual(await isSecret(state["aws"]), true);
        strictEqual(await isSecret(state["clusterName"]), false);
    });

    it("are otherwise what was given", () => {
        const nothing = { clusterName: "prod", kubeconfig: null, aws: null } as unknown as { clusterName: string };
        deepStrictEqual(withSecrets(nothing), nothing);
        deepStrictEqual(withSecrets({ clusterName: "prod" }), { clusterName: "prod" });
    });
});
