import { deepStrictEqual } from "assert";
import { vpcCniAddonHasOwnRole as rule } from "../../../policies/vpcCniAddonHasOwnRole";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { addon, ROLE_ARN } from "./support/stacks";

const association = {
    name: "association",
    type: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    props: { clusterName: "cluster", namespace: "kube-system", serviceAccount: "aws-node", roleArn: ROLE_ARN },
};

describe("vpc-cni-addon-has-own-role", () => {
    it("is content with a role, known or not, and with Pod Identity", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: UNKNOWN_TEXT })]), []);
        deepStrictEqual(await violations(rule, [addon({ podIdentityAssociations: [{ roleArn: UNKNOWN_TEXT }] })]), []);
        deepStrictEqual(await violations(rule, [addon(), association]), []);
        deepStrictEqual(await violations(rule, [addon({ addonName: "coredns" })]), []);
    });

    it("refuses none, an empty one, and the association of another cluster", async () => {
        const message =
            "addon: The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
            "the node role. Set serviceAccountRoleArn.";
        for (const stack of [
            [addon()],
            [addon({ serviceAccountRoleArn: null, podIdentityAssociations: [] })],
            [addon({ clusterName: "other" }), association],
        ]) {
            deepStrictEqual(await violations(rule, stack), [message]);
        }
    });
});
