import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { checkBeforeUpdate } from "../../../../components/live/refuseNarrowing";
import { live, option } from "../../support/live";
import { run } from "../../support/underMocks";

const ROLE = "arn:aws:iam::111122223333:role/cni";
const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id";
const trust = (...ids: string[]) => ({
    assumeRolePolicy: JSON.stringify({
        Statement: ids.map((id) => ({ Effect: "Allow", Principal: { Federated: `${PROVIDER}/${id}` } })),
    }),
});

/** How the program names the role: not at all, by a text, or by an Output that a preview does not know. */
type Naming = "generated" | "fixed" | "late";

const NAMES = {
    generated: () => undefined,
    fixed: () => pulumi.output("cni"),
    late: () => pulumi.output(pulumi.unknown as unknown as string),
};

/** Calls the hook under mocks, as the engine does. */
async function call(before: object, after: object, preview = false, naming: Naming = "fixed") {
    let done: Promise<unknown> = Promise.resolve();
    const { warnings } = await run(
        () => {
            const parent = new pulumi.ComponentResource("test:index:Parent", "parent", {});
            const of = {
                roleName: NAMES[naming](),
                oidcProviderArn: pulumi.output(`${PROVIDER}/OWN`),
                serviceAccount: pulumi.output({ namespace: "kube-system", name: "aws-node" }),
                parent,
            };
            const update = { oldInputs: before, newInputs: after, oldOutputs: { arn: ROLE } };
            done = checkBeforeUpdate(of, update as unknown as pulumi.ResourceHookArgs);
            done.catch(() => undefined);
        },
        { preview },
    );
    return { done, warnings: () => warnings.join("\n") };
}

const bounded = { permissionsBoundary: "b" };

describe("The hook before an update of the role in place", () => {
    it("refuses to narrow it, and shows no secret, in a preview too", async () => {
        for (const preview of [false, true]) {
            const { done } = await call({}, { permissionsBoundary: pulumi.secret("b") }, preview);
            const seen = `The update would change ${ROLE} in place: it gets another permissions boundary.`;
            await rejects(done, { code: "role-narrowed", seen });
        }
    });

    it("lets other updates go on", async () => {
        const { done, warnings } = await call({ tags: { a: "b" } }, { tags: {} });
        deepStrictEqual([await done, warnings()], [undefined, ""]);
    });

    it("lets go on what a preview does not know", async () => {
        const { done, warnings } = await call({}, { permissionsBoundary: pulumi.unknown }, true);
        deepStrictEqual([await done, warnings()], [undefined, ""]);
    });

    it("shows the line for an issuer of another cluster that leaves, whether the role has a fixed name or not", async () => {
        for (const naming of ["fixed", "generated"] as const) {
            const { done, warnings } = await call(trust("OWN", "THEIRS"), trust("OWN"), false, naming);
            await done;
            match(
                warnings(),
                /stops trusting the cluster with the issuer \S+\/id\/THEIRS\..* get pods -n kube-system /s,
            );
        }
    });

    it("is stricter about the trust policy of a role with a fixed name, since no other role replaces it", async () => {
        await rejects((await call(trust("FORMER"), trust("OWN"))).done, { code: "role-narrowed" });
        deepStrictEqual(await (await call(trust("FORMER"), trust("OWN"), false, "generated")).done, undefined);
    });

    it("only warns in a preview that does not know whether the update replaces the role", async () => {
        for (const [after, naming] of [
            [{ ...bounded, assumeRolePolicy: pulumi.unknown }, "generated"],
            [{ ...bounded, path: pulumi.unknown }, "fixed"],
            [bounded, "late"],
        ] as const) {
            const { done, warnings } = await call({}, after, true, naming);
            deepStrictEqual(await done, undefined);
            match(warnings(), /\[role-narrowed\]/);
        }
        await rejects((await call({}, bounded, true, "generated")).done, { code: "role-narrowed" });
    });

    it("is not registered without an engine", async () => {
        const hooks = option(await live(), "hooks")["cni-role"] as { beforeUpdateList?: unknown[] } | undefined;
        deepStrictEqual(hooks?.beforeUpdateList ?? [], []);
    });
});
