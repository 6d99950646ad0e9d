import { deepStrictEqual } from "assert";
import { oneWriterOfCniRole as rule } from "../../../policies/oneWriterOfCniRole";
import { violations } from "./support/run";
import { account, addon, component, ROLE_ARN } from "./support/stacks";

describe("one-writer-of-the-cni-role", () => {
    it("is content with the add-on or the patch alone", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch")]), []);
    });

    it("is content with a component that leaves the annotation to the add-on", async () => {
        for (const delivery of ["eksAddon", "external"]) {
            const stack = [component({ delivery }), addon({ serviceAccountRoleArn: ROLE_ARN })];
            deepStrictEqual(await violations(rule, stack), []);
        }
    });

    it("refuses both", async () => {
        deepStrictEqual(
            await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN }), account("ServiceAccountPatch")]),
            [
                "account: The vpc-cni add-on has a role, and this resource also annotates kube-system/aws-node with one. Set delivery: " +
                    '"eksAddon" on CniServiceAccountRole, or remove the role from the add-on.',
            ],
        );
    });
});
