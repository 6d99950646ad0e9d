import { deepStrictEqual, rejects } from "assert";
import { CNI_ACTIONS } from "../../../../documents/cniActions";
import { LOG_ACTIONS } from "../../../../documents/cniGrants";
import { ipv6CniPolicy } from "../../../../documents/cniPermissions";
import { account, CNI_POLICY } from "./account";
import { ACCOUNT, AwsFailure, useAws } from "./fakeAws";

const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const allow = (Action: readonly string[], Resource = "*") => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource }],
});
const names = (ipFamily: "ipv4" | "ipv6") => CNI_ACTIONS[ipFamily].map(({ action }) => action);

describe("What policies do not grant together", () => {
    const aws = useAws();
    const documents = {
        [CNI_POLICY]: { document: allow(names("ipv4")) },
        [arn("ipv6")]: { document: ipv6CniPolicy("aws") },
        [arn("reads")]: { document: allow(names("ipv6").filter((name) => name.startsWith("ec2:Describe"))) },
        [arn("writes")]: { document: allow(["ec2:AssignIpv6Addresses", "ec2:CreateTags"]) },
        [arn("logs")]: { document: allow(LOG_ACTIONS, "arn:aws:logs:*:*:log-group:/aws/eks/*") },
        [arn("some-logs")]: { document: allow(["logs:Create*"]) },
        [arn("no-logs")]: { document: { Statement: [{ Effect: "Deny", Action: "logs:Put*", Resource: "*" }] } },
    };
    beforeEach(() => aws.answer(account({ policies: documents })));
    const missing = (policies: readonly string[], ipFamily: "ipv4" | "ipv6" = "ipv6") =>
        aws.connect().missingGrants(policies, ipFamily);

    it("is nothing of the CNI if one of them, or all together, grant it", async () => {
        deepStrictEqual((await missing([arn("ipv6")])).cni, []);
        deepStrictEqual((await missing([arn("reads"), arn("writes")])).cni, []);
        deepStrictEqual((await missing([arn("reads")])).cni, ["ec2:AssignIpv6Addresses", "ec2:CreateTags"]);
        deepStrictEqual((await missing([])).cni, names("ipv6"));
    });

    it("is nothing of the CNI with AWS's own policy on IPv4, which need not be read", async () => {
        deepStrictEqual(await missing([CNI_POLICY], "ipv4"), { cni: [], logs: [...LOG_ACTIONS] });
        deepStrictEqual(aws.calls, []);
        deepStrictEqual((await missing([arn("reads"), CNI_POLICY])).cni, ["ec2:AssignIpv6Addresses"]);
    });

    it("is what other policies lack on IPv4, which are read", async () => {
        const writes = names("ipv4").filter((name) => !name.startsWith("ec2:Describe"));
        deepStrictEqual((await missing([arn("reads")], "ipv4")).cni, writes);
        deepStrictEqual((await missing([arn("reads"), "nonsense"], "ipv4")).cni, writes);
    });

    it("is nothing of the logs if they may be written to any log group", async () => {
        deepStrictEqual((await missing([arn("logs")])).logs, []);
        deepStrictEqual((await missing([arn("some-logs")])).logs, ["logs:DescribeLogGroups", "logs:PutLogEvents"]);
        deepStrictEqual((await missing([arn("logs"), arn("no-logs")])).logs, ["logs:PutLogEvents"]);
    });

    it("is all of a policy that does not exist", async () => {
        deepStrictEqual(await missing([arn("gone")]), { cni: names("ipv6"), logs: [...LOG_ACTIONS] });
    });

    it("is an error if a policy may not be read", async () => {
        aws.answer({ "iam:GetPolicy": () => new AwsFailure("AccessDenied", "not now", 403) });
        await rejects(missing([arn("ipv6")]), { code: "aws-access-denied" });
    });
});
