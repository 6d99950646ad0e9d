import { deepStrictEqual } from "node:assert/strict";
import type { Preflight } from "../../../../handover/model/preflight";
import { reasons, seen } from "../support/preflights";
import { daemonSet, FORMER_ROLE, nodeRole, pod, subject } from "../support/worlds";

describe("Several reasons", () => {
    it("are all there, from the engine to the node roles", () => {
        const everything: Partial<Preflight> = {
            environment: { PULUMI_SKIP_CHECKPOINTS: "1" },
            callerAccount: "2",
            tokenIssuer: "other",
            clusterVersion: { major: 1, minor: 29 },
            otherDelivery: { addOnRoleArn: FORMER_ROLE, podIdentityRoleArns: ["a"], unread: [] },
            detachFromNodeRoles: ["gone"],
            world: seen(
                {
                    pods: [pod("n2", { kind: "other", what: "AWS_ACCESS_KEY_ID" })],
                    serviceAccount: {
                        uid: "account",
                        roleArnOwners: ["eksctl"],
                        annotations: { "eks.amazonaws.com/audience": "other" },
                    },
                    daemonSet: {
                        ...daemonSet,
                        nodeAgentArguments: ["--enable-cloudwatch-logs=true"],
                        templateLabels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" },
                    },
                },
                { nodeRoles: [nodeRole({ name: "gone", exists: false })] },
            ),
        };
        deepStrictEqual(
            reasons(everything).map(([code]) => code),
            [
                "unsafe-engine-setting",
                "wrong-account",
                "wrong-cluster",
                "add-on-owns-the-role",
                "pod-identity-association",
                "annotation-owned-by-another",
                "audience-annotation",
                "webhook-skipped",
                "other-credentials",
                "network-policy-logs",
                "cluster-too-old",
                "node-role-missing",
                "node-role-not-named",
            ],
        );
    });

    it("are both settings of the engine, in their order", () => {
        const environment = { PULUMI_CONTINUE_ON_ERROR: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
        deepStrictEqual(
            reasons({ environment }).map(([, what]) => what),
            ["PULUMI_SKIP_CHECKPOINTS is set.", "PULUMI_CONTINUE_ON_ERROR is set."],
        );
    });

    it("are not made of what is missing", () => {
        const world = seen({ serviceAccount: undefined, daemonSet: undefined });
        deepStrictEqual(
            reasons({ subject: { ...subject, ipFamily: "ipv6" }, world }).map(([code]) => code),
            ["service-account-missing", "daemon-set-missing"],
        );
    });
});
