import { deepStrictEqual } from "assert";
import { cniRoleHoldsNoMore as rule } from "../../../policies/cniRoleHoldsNoMore";
import { violations } from "./support/run";
import { attachment, goodStack, goodTrust, role } from "./support/stacks";

const ADMIN = "arn:aws-us-gov:iam::aws:policy/AdministratorAccess";

describe("cni-role-holds-no-more", () => {
    it("is content with the CNI's policy, and with what is allowed by name", async () => {
        deepStrictEqual(await violations(rule, goodStack()), []);
        const stack = [role("cni", goodTrust()), attachment("a", "cni", ADMIN)];
        deepStrictEqual(await violations(rule, stack, { allowedPolicyArns: [ADMIN] }), []);
    });

    it("refuses another policy of AWS", async () => {
        deepStrictEqual(await violations(rule, [role("cni", goodTrust()), attachment("a", "cni", ADMIN)]), [
            "a: The CNI role has the AWS managed policy AdministratorAccess, which is not a CNI policy. Remove it from the role, or add its ARN to allowedPolicyArns.",
        ]);
    });

    it("refuses an own policy with other calls", async () => {
        const policy = JSON.stringify({ Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" } });
        deepStrictEqual(await violations(rule, [role("cni", goodTrust(), { inlinePolicies: [{ policy }] })]), [
            "cni: The CNI role has an inline policy with actions that the CNI does not need. Remove it from the role.",
        ]);
    });
});
