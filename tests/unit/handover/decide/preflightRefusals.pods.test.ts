import { deepStrictEqual } from "node:assert/strict";
import { preflightRefusals } from "../../../../handover/decide/preflightRefusals";
import { passingPreflight, Reason, seen, table, withDaemonSet, withServiceAccount } from "../support/preflights";
import { SETTING_GAP } from "../support/settingGap";
import { carrying, incomplete, onNodeRole, pod, ROLE, subject } from "../support/worlds";

const audience = (value: string) => withServiceAccount({ annotations: { "eks.amazonaws.com/audience": value } });
const skip = "eks.amazonaws.com/skip-pod-identity-webhook";
const skipContainers = "eks.amazonaws.com/skip-containers";
const logs = { nodeAgentArguments: ["--enable-ipv6=false", "--enable-cloudwatch-logs=true"] };
const other = pod("n2", { kind: "other", what: "AWS_ACCESS_KEY_ID" });

const GAP_SEEN =
    "On this IPv6 cluster, ENABLE_MULTI_NIC is true. So the plugin adds interfaces, and calls ec2:AttachNetworkInterface, ec2:CreateNetworkInterface, " +
    `ec2:ModifyNetworkInterfaceAttribute, which ${ROLE} does not grant.`;

table("Settings that need more than the role grants", [
    [
        "are refused before the pods get it",
        { world: seen({}, { settingGap: SETTING_GAP }) },
        [["permissions-for-settings", GAP_SEEN]],
    ],
    [
        "are refused where the role is another one",
        { isApproved: true, keepsRole: false, world: seen({}, { settingGap: SETTING_GAP }) },
        [["permissions-for-settings", GAP_SEEN]],
    ],
    [
        "are not where pods may carry it already, so that repairs go on",
        { keepsRole: true, world: seen({}, { settingGap: SETTING_GAP }) },
        [],
    ],
    ["are not if the role grants it all", { world: seen() }, []],
]);

table("What keeps the role from the pods", [
    [
        "is another audience",
        audience("sts.amazonaws.com.cn"),
        [
            [
                "audience-annotation",
                "The service account has the annotation eks.amazonaws.com/audience: sts.amazonaws.com.cn.",
            ],
        ],
    ],
    ["is not the audience as it is by itself", audience("sts.amazonaws.com"), []],
    [
        "is the label that the webhook skips",
        withDaemonSet({ templateLabels: { [skip]: "" } }),
        [["webhook-skipped", `The DaemonSet's pod template has the label ${skip}.`]],
    ],
    [
        "is the annotation by which it skips containers",
        withDaemonSet({ templateAnnotations: { [skipContainers]: "" } }),
        [["webhook-skipped", `The DaemonSet's pod template has the annotation ${skipContainers}.`]],
    ],
    [
        "is not the one in the place of the other",
        withDaemonSet({ templateLabels: { [skipContainers]: "" }, templateAnnotations: { [skip]: "" } }),
        [],
    ],
    [
        "is a pod with other credentials",
        { world: seen({ pods: [pod("n1", onNodeRole), other] }) },
        [["other-credentials", "The pod pod-n2 carries AWS_ACCESS_KEY_ID."]],
    ],
    [
        "is a pod with the credentials of Pod Identity",
        { world: seen({ pods: [pod("n1", onNodeRole), pod("n2", { kind: "containerCredentials", what: "A" })] }) },
        [["other-credentials", "The pod pod-n2 carries A."]],
    ],
    [
        "is not a pod with a role, whole or in part",
        { world: seen({ pods: [pod("n1", carrying(ROLE)), pod("n2", incomplete(ROLE))] }) },
        [],
    ],
    [
        "is a node agent that writes logs by the node role",
        withDaemonSet(logs),
        [["network-policy-logs", "The container aws-eks-nodeagent runs with --enable-cloudwatch-logs=true."]],
    ],
    [
        "is not such a node agent when the role has more policies",
        { ...withDaemonSet(logs), additionalPolicies: true },
        [],
    ],
    [
        "is not a node agent that writes none",
        withDaemonSet({ nodeAgentArguments: ["--enable-cloudwatch-logs=false"] }),
        [],
    ],
]);

const cluster = (major: number, minor: number) => ({ clusterVersion: { major, minor } });
const tooOld = (version: string): Reason => ["cluster-too-old", `The cluster runs Kubernetes ${version}.`];
const ipv6 = { injectionGuard: false, subject: { ...subject, ipFamily: "ipv6" as const } };
const image = (name: string) => ({ ...ipv6, ...withDaemonSet({ images: { "aws-node": name } }) });
const cni = (version: string): Reason => ["cni-too-old", `aws-node runs version ${version}.`];

table("Versions", [
    ["refuse the injection guard below 1.30", cluster(1, 29), [tooOld("1.29")]],
    ["allow no injection guard below it", { ...cluster(1, 29), injectionGuard: false }, []],
    ["allow the injection guard at 2.0", cluster(2, 0), []],
    ["refuse IPv6 below 1.21", { ...ipv6, ...cluster(1, 20) }, [tooOld("1.20")]],
    ["allow IPv6 at 1.21", { ...ipv6, ...cluster(1, 21) }, []],
    ["allow IPv4 below 1.21", { ...cluster(1, 20), injectionGuard: false }, []],
    ["refuse both below both", { ...ipv6, ...cluster(1, 20), injectionGuard: true }, [tooOld("1.20"), tooOld("1.20")]],
    ["refuse IPv6 with 1.10.0", image("host:5000/cni:v1.10.0"), [cni("1.10.0")]],
    ["allow IPv6 with 1.10.1", image("cni:v1.10.1"), []],
    ["allow IPv6 with 1.10.2-eksbuild.1", image("cni:v1.10.2-eksbuild.1"), []],
    ["refuse IPv6 with 1.9.3", image("cni:v1.9.3"), [cni("1.9.3")]],
    ["refuse IPv6 with 1.9.12", image("cni:v1.9.12"), [cni("1.9.12")]],
    ["allow IPv6 with 1.11.0", image("cni:1.11.0"), []],
    ["refuse IPv6 with 0.11.5, written without v", image("cni:0.11.5"), [cni("0.11.5")]],
    ["allow IPv6 with 2.0.0", image("cni:v2.0.0"), []],
    ["allow IPv6 where the image tells no version", image("cni:latest"), []],
    [
        "allow IPv6 where there is no such container",
        { ...ipv6, ...withDaemonSet({ images: { other: "cni:v1.9.3" } }) },
        [],
    ],
    ["allow IPv4 with 1.9.3", withDaemonSet({ images: { "aws-node": "cni:v1.9.3" } }), []],
]);

describe("A version that is too old", () => {
    it("is reported with what needs the newer one", () => {
        const all = { ...passingPreflight, ...ipv6, ...cluster(1, 20), injectionGuard: true };
        deepStrictEqual(
            preflightRefusals(all).map(({ means }) => means),
            ["The injection guard needs 1.30 or later.", "An IPv6 cluster needs 1.21 or later."],
        );
    });
});
