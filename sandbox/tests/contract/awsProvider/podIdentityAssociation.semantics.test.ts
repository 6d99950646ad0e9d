import { deepStrictEqual, equal, match } from "node:assert/strict";
import { AwsApi } from "../../../aws";
import { associationInputs, podIdentityAssociation } from "./contractsOfEks";
import { trust, unique } from "./prerequisites";
import { rejectsWith } from "./rejectsWith";
import { text } from "../../../providerClient";
import { startSandboxApi } from "./sandboxApi";
import { useWorld } from "./world";

const { type } = podIdentityAssociation;
let api: AwsApi | undefined;

describe("a Pod Identity association of the AWS provider stand-in", () => {
    const world = useWorld(async () => {
        const { settings, ...started } = await startSandboxApi();
        api = settings;
        return started;
    });
    const made = async () => {
        const { provider } = world();
        const inputs = await provider.inputs(type, await associationInputs(world()));
        return { inputs, ...(await provider.create(type, inputs)) };
    };
    const roleArn = async (service: string) => {
        const RoleName = unique("pods");
        await world().iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(service) });
        return `arn:aws:iam::111122223333:role/${RoleName}`;
    };

    it("waits for a role that IAM does not show yet, in a create and in an update", async () => {
        const { provider } = world();
        const { id, state, inputs } = await made();
        api?.setDelays({ visibilitySeconds: 0.5 });
        try {
            const updated = { ...inputs, roleArn: await roleArn("pods.eks.amazonaws.com") };
            equal((await provider.update(type, id, state, updated))["roleArn"], updated.roleArn);
            const other = { ...inputs, serviceAccount: "other", roleArn: await roleArn("pods.eks.amazonaws.com") };
            equal((await provider.create(type, other)).state["roleArn"], other.roleArn);
        } finally {
            api?.setDelays({ visibilitySeconds: 0 });
        }
    });

    it("says what EKS refuses: a role that does not trust the service, and a second association", async () => {
        const { provider } = world();
        const { inputs } = await made();
        await rejectsWith(
            provider.create(type, { ...inputs, serviceAccount: "other", roleArn: await roleArn("ec2.amazonaws.com") }),
            /creating EKS Pod Identity Association: operation error EKS: CreatePodIdentityAssociation, .*InvalidParameterException: Trust policy of the role provided is invalid/,
        );
        await rejectsWith(
            provider.create(type, inputs),
            /StatusCode: 409, .*ResourceInUseException: Association already exists: a-/,
        );
    });

    it("keeps the id and the association when the role changes", async () => {
        const { provider } = world();
        const { id, state, inputs } = await made();
        const changed = { ...inputs, roleArn: await roleArn("pods.eks.amazonaws.com") };
        const updated = await provider.update(type, id, state, changed);
        deepStrictEqual([updated["associationId"], updated["associationArn"]], [id, state["associationArn"]]);
    });

    it("is imported by the names of the cluster and the association, and by no other", async () => {
        const { provider } = world();
        const { id } = await made();
        await rejectsWith(
            provider.read(type, id),
            new RegExp(`wrong format of import ID \\(${id}\\), use: 'cluster-name,association-id'`),
        );
    });

    it("has a target role with an external id, which an update that leaves it out does not take away", async () => {
        const { provider } = world();
        const { inputs } = await made();
        const targetRoleArn = "arn:aws:iam::444455556666:role/target";
        const wanted = { ...inputs, serviceAccount: "targeted", targetRoleArn };
        const { id, state } = await provider.create(type, wanted);
        match(text(state["externalId"]), /\/kube-system\/targeted$/);
        const without = { ...inputs, serviceAccount: "targeted" };
        equal((await provider.update(type, id, state, without))["targetRoleArn"], targetRoleArn);
    });
});
