import { deepStrictEqual } from "assert";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { cniPolicyIsComplete as rule } from "../../../policies/cniPolicyIsComplete";
import { UNKNOWN_TEXT, violations } from "./support/run";

const own = (policy: string) => [{ name: "own", type: "aws:iam/policy:Policy", props: { policy } }];

describe("cni-ipv6-policy-is-complete", () => {
    it("is content with the component's policy, and with one that is not known yet", async () => {
        deepStrictEqual(await violations(rule, own(JSON.stringify(ipv6CniPolicy("aws-cn")))), []);
        deepStrictEqual(await violations(rule, own(UNKNOWN_TEXT)), []);
    });

    it("names the actions that are missing", async () => {
        const policy = JSON.stringify(ipv6CniPolicy("aws")).replace('"ec2:DescribeSubnets",', "");
        deepStrictEqual(await violations(rule, own(policy)), [
            "own: The CNI's IPv6 policy lacks ec2:DescribeSubnets. Add the missing actions.",
        ]);
    });
});
