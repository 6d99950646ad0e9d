import { deepStrictEqual } from "node:assert/strict";
import { emptyRegions, regionLines, unreadRegionRefusals } from "../../../../handover/decide/unreadRegions";
import type { AccountSeen, UnreadRegion } from "../../../../handover/model/world";
import { nodeRole } from "../support/worlds";

const MAY_USE =
    "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.";
const ALLOW =
    "Allow ec2:DescribeInstances there for the identity that the live checks use, and run the same command again. If a service control policy " +
    "denies it, the policy's owner has to exempt this identity.";
const REGIONAL =
    "Where AWS does not accept the credentials: a session of the global STS endpoint is valid only in regions that are on by default. Get the " +
    "credentials from a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional), and run the same command again.";
const ANOTHER_ROLE =
    "Look for instances there as an identity that the policy exempts, and give them another role. IAM may still show the former use for some hours.";
const NARROW =
    "Once no instance there uses the node roles, you can also set `regions` to the regions in which instances may use them: the update then looks " +
    "at these and at the cluster's own, and at no others.";
const DISABLE =
    "An opt-in region that the account does not use can be disabled instead: aws account disable-region --region-name REGION.";

const denied = (region: string): UnreadRegion => ({ region, cause: "serviceControlPolicy", answer: "Denied by SCP." });
const other = (region: string, answer = "Denied."): UnreadRegion => ({ region, cause: "other", answer });
const stranger = (region: string): UnreadRegion => ({ region, cause: "credentials", answer: "Unknown caller" });

const account = (more: Partial<AccountSeen> = {}): AccountSeen => ({
    roleOfInstance: {},
    nodeRoles: [nodeRole()],
    ...more,
});
const ROLES = ["nodes"];
const refusalsOf = (more: Partial<AccountSeen>, roles = ROLES) =>
    unreadRegionRefusals(account(more), roles).map(({ code, seen, means, fix }) => ({ code, seen, means, fix }));
const refusal = (seen: string, ...fixes: string[]) => [
    { code: "aws-region-refused", seen, means: MAY_USE, fix: fixes.join(" ") },
];

describe("A region that could not be read", () => {
    const empty = (more: Partial<AccountSeen>, roles = ROLES) =>
        emptyRegions(account(more), roles).map(({ region }) => region);

    it("is none if all were read", () => {
        deepStrictEqual([empty({}), refusalsOf({})], [[], []]);
    });

    it("counts as empty if a service control policy denies it and no node role was used there last", () => {
        const more = {
            unreadRegions: [denied("ap-east-1"), denied("eu-north-1")],
            nodeRoles: [nodeRole({ lastUsedIn: ["us-west-2"] })],
        };
        deepStrictEqual([empty(more), refusalsOf(more)], [["ap-east-1", "eu-north-1"], []]);
    });

    it("does not if a node role was used there last, whatever was seen in between", () => {
        const more = {
            unreadRegions: [denied("ap-east-1"), denied("eu-north-1")],
            nodeRoles: [nodeRole({ lastUsedIn: ["eu-north-1", "us-west-2"] }), nodeRole({ name: "gpu" })],
        };
        deepStrictEqual(empty(more), ["ap-east-1"]);
        deepStrictEqual(
            refusalsOf(more),
            refusal(
                "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: nodes in eu-north-1.",
                ANOTHER_ROLE,
                NARROW,
            ),
        );
    });

    it("does not matter for a role that keeps its policy, or that is gone", () => {
        const more = {
            unreadRegions: [denied("eu-north-1")],
            nodeRoles: [
                nodeRole(),
                nodeRole({ name: "theirs", lastUsedIn: ["eu-north-1"] }),
                nodeRole({ name: "gone", exists: false, lastUsedIn: ["eu-north-1"] }),
            ],
        };
        const roles = ["nodes", "gone"];
        deepStrictEqual([empty(more, roles), refusalsOf(more, roles)], [["eu-north-1"], []]);
    });

    it("is named with each role that was used there", () => {
        const used = { lastUsedIn: ["eu-north-1", "ap-east-1"] };
        const more = {
            unreadRegions: [denied("ap-east-1"), denied("eu-north-1")],
            nodeRoles: [nodeRole(used), nodeRole({ name: "gpu", lastUsedIn: ["ap-east-1"] })],
        };
        deepStrictEqual(
            refusalsOf(more, ["nodes", "gpu"]).map(({ seen }) => seen),
            [
                "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: nodes in ap-east-1, gpu in ap-east-1, " +
                    "nodes in eu-north-1.",
            ],
        );
    });

    it("does not if anything else denies it, and the advice says who can allow it", () => {
        const more = { unreadRegions: [other("eu-north-1"), other("us-east-1", "Boundary"), other("us-east-2")] };
        deepStrictEqual(empty(more), []);
        deepStrictEqual(
            refusalsOf(more),
            refusal(
                "The instances in these regions could not be listed: eu-north-1, us-east-2 (Denied); us-east-1 (Boundary).",
                ALLOW,
                NARROW,
                DISABLE,
            ),
        );
    });

    it("does not if it does not accept the credentials, and the advice says where to get others", () => {
        const more = { unreadRegions: [stranger("ap-east-1")] };
        deepStrictEqual(empty(more), []);
        deepStrictEqual(
            refusalsOf(more),
            refusal(
                "The instances in these regions could not be listed: ap-east-1 (Unknown caller).",
                REGIONAL,
                NARROW,
                DISABLE,
            ),
        );
    });

    it("is refused together with all others", () => {
        const more = {
            unreadRegions: [stranger("ap-east-1"), denied("eu-north-1"), denied("eu-west-3"), other("us-east-1")],
            nodeRoles: [nodeRole({ lastUsedIn: ["eu-north-1"] })],
        };
        deepStrictEqual(empty(more), ["eu-west-3"]);
        deepStrictEqual(
            refusalsOf(more),
            refusal(
                "The instances in these regions could not be listed: ap-east-1 (Unknown caller); us-east-1 (Denied). " +
                    "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: nodes in eu-north-1.",
                ALLOW,
                REGIONAL,
                ANOTHER_ROLE,
                NARROW,
                DISABLE,
            ),
        );
    });
});

describe("The plan and the update say of the regions", () => {
    it("nothing if all were read", () => {
        deepStrictEqual(regionLines(account({ nodeRoles: [nodeRole({ lastUsedIn: ["eu-north-1"] })] }), ROLES), []);
    });

    it("which ones count as empty, and what that means", () => {
        deepStrictEqual(regionLines(account({ unreadRegions: [denied("ap-east-1"), denied("eu-north-1")] }), ROLES), [
            "Counted as empty, since a service control policy denies ec2:DescribeInstances and eks:ListClusters there, and IAM did not see a node role used " +
                "there last: ap-east-1, eu-north-1. An instance that runs there with a node role loses the policy.",
        ]);
    });

    it("where a node role was used, and the argument leaves it out", () => {
        const more = {
            searchedRegions: ["eu-west-1", "us-west-2"],
            nodeRoles: [
                nodeRole({ lastUsedIn: ["eu-north-1", "us-west-2"] }),
                nodeRole({ name: "gpu", lastUsedIn: ["eu-west-1"] }),
                nodeRole({ name: "idle" }),
                nodeRole({ name: "theirs", lastUsedIn: ["eu-north-1"] }),
            ],
        };
        deepStrictEqual(regionLines(account(more), ["nodes", "gpu", "idle"]), [
            "Not looked at, since `regions` leaves it out, although IAM saw a node role used there last: nodes in eu-north-1. " +
                "An instance that runs there with the role loses the policy.",
        ]);
    });
});
