import { strictEqual } from "node:assert/strict";
import { enforcesNetworkPolicies, writesNetworkPolicyLogs } from "../../../../handover/model/networkPolicy";
import { daemonSet } from "../support/worlds";

const withArguments = (...nodeAgentArguments: string[]) => ({ ...daemonSet, nodeAgentArguments });

describe("A flag of aws-eks-nodeagent", () => {
    const cases: [what: string, isOn: boolean, ...given: string[]][] = [
        ["is off without arguments", false],
        [
            "is off among others",
            false,
            "--enable-network-policy-more=true",
            "--enable-ipv6=true",
            "enable-network-policy",
        ],
        ["is on with a value", true, "--enable-ipv6=false", "--enable-network-policy=true"],
        ["is on with any value that Go takes for true", true, "--enable-network-policy=T"],
        ["is on without a value", true, "--enable-network-policy"],
        ["is off with a value that is not true", false, "--enable-network-policy=yes"],
        ["is off with an empty value", false, "--enable-network-policy="],
        ["is what the last argument says: on", true, "--enable-network-policy=false", "--enable-network-policy=true"],
        ["is what the last argument says: off", false, "--enable-network-policy", "--enable-network-policy=false"],
        ["is off if only another one is on", false, "--enable-cloudwatch-logs=true"],
    ];
    for (const [what, isOn, ...given] of cases) {
        it(what, () => strictEqual(enforcesNetworkPolicies(withArguments(...given)), isOn));
    }

    it("is each of its own", () => {
        strictEqual(writesNetworkPolicyLogs(withArguments("--enable-cloudwatch-logs")), true);
        strictEqual(writesNetworkPolicyLogs(withArguments("--enable-network-policy")), false);
    });

    it("is off without a DaemonSet", () => {
        strictEqual(enforcesNetworkPolicies(undefined), false);
        strictEqual(writesNetworkPolicyLogs(undefined), false);
    });
});
