import { deepStrictEqual } from "assert";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { cniPolicyFitsIpFamily as rule } from "../../../policies/cniPolicyFitsIpFamily";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { attachment, cluster, goodTrust, managedCni, role } from "./support/stacks";

const IPV4 = [role("cni", goodTrust()), attachment("a", "cni", managedCni())];
const IPV6 = [role("cni", goodTrust(), { inlinePolicies: [{ policy: JSON.stringify(ipv6CniPolicy("aws")) }] })];
const ON_IPV6 = cluster({ kubernetesNetworkConfig: { ipFamily: "ipv6" } });

describe("cni-policy-fits-ip-family", () => {
    it("is content with the policy of the family, and where the stack shows none", async () => {
        deepStrictEqual(await violations(rule, [cluster(), ...IPV4]), []);
        deepStrictEqual(await violations(rule, [ON_IPV6, ...IPV6]), []);
        deepStrictEqual(await violations(rule, IPV6), []);
    });

    it("refuses the other family's, either way", async () => {
        deepStrictEqual(await violations(rule, [ON_IPV6, ...IPV4]), [
            "a: The CNI role has the IPv4 policy, but the cluster's IP family is IPv6, so pods would get no address. Attach the IPv6 policy instead.",
        ]);
        deepStrictEqual(await violations(rule, [cluster(), ...IPV6]), [
            "cni: The CNI role has the IPv6 policy, but the cluster's IP family is IPv4, so pods would get no address. Attach the IPv4 policy instead.",
        ]);
    });

    it("takes a family that the provider fills in for EKS's default, and is silent about one that comes from elsewhere", async () => {
        const computed = cluster({ kubernetesNetworkConfig: { ipFamily: UNKNOWN_TEXT } });
        deepStrictEqual((await violations(rule, [computed, ...IPV6])).length, 1);
        const fromOutput = { ...computed, from: { kubernetesNetworkConfig: ["cni"] } };
        deepStrictEqual(await violations(rule, [fromOutput, ...IPV6]), []);
    });

    it("takes the family from its configuration", async () => {
        deepStrictEqual((await violations(rule, IPV4, { ipFamily: "ipv6" })).length, 1);
    });
});
