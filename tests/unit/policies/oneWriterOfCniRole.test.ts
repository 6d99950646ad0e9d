import { deepStrictEqual } from "assert";
import { oneWriterOfCniRole as rule } from "../../../policies/oneWriterOfCniRole";
import { violations } from "./support/run";
import { account, addon, ROLE_ARN } from "./support/stacks";

describe("one-writer-of-the-cni-role", () => {
    it("is content with the add-on or the patch alone", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch")]), []);
    });

    it("refuses both", async () => {
        deepStrictEqual(
            await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN }), account("ServiceAccountPatch")]),
            [
                "account: The vpc-cni add-on has a role, and this resource also annotates kube-system/aws-node with one. Set delivery: " +
                    '"external" on CniServiceAccountRole, or remove the role from the add-on.',
            ],
        );
    });
});
