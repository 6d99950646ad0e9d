import { deepStrictEqual, strictEqual } from "assert";
import { CNI_ACTIONS } from "../../../documents/cniActions";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { fixture } from "../support/fixtures";

describe("the actions of the CNI", () => {
    it("are on IPv4 those of AWS's managed policy, but for DescribeSecurityGroups", () => {
        const policy = fixture("grants/AmazonEKS_CNI_Policy") as { Statement: { Action: string[] }[] };
        deepStrictEqual(
            [...CNI_ACTIONS.ipv4.map(({ action }) => action), "ec2:DescribeSecurityGroups"].sort(),
            policy.Statement.flatMap(({ Action }) => Action).sort(),
        );
    });

    it("are on IPv6 those of the policy that is made for it", () => {
        deepStrictEqual(
            CNI_ACTIONS.ipv6.map(({ action }) => action).sort(),
            ipv6CniPolicy("aws")
                .Statement.flatMap(({ Action }) => Action)
                .sort(),
        );
    });

    it("are on a resource unless they read", () => {
        for (const { action, on } of [...CNI_ACTIONS.ipv4, ...CNI_ACTIONS.ipv6]) {
            strictEqual(on.length === 0, action.startsWith("ec2:Describe"), action);
        }
    });
});
