import * as assert from "assert";
import type { V1Pod } from "@kubernetes/client-node";
import { agentRecord, nodeRecord, podRecord, roleOf, runsAwsNode } from "../../continuity/monitor/records";

const TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

interface Shape {
    env?: Record<string, string>;
    mountPath?: string;
    audience?: string;
    phase?: string;
    ready?: boolean;
    deleted?: boolean;
}

function pod(more: Shape = {}): V1Pod {
    const { env = {}, mountPath = TOKEN, audience, phase = "Running", ready = true, deleted = false } = more;
    const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
    const serviceAccountToken = { audience, path: "token" };
    return {
        metadata: {
            name: "aws-node-x",
            uid: "1",
            creationTimestamp: new Date(1000),
            ...(deleted ? { deletionTimestamp: new Date(2000) } : {}),
        },
        spec: {
            nodeName: "n1",
            serviceAccountName: "aws-node",
            containers: [
                { name: "aws-eks-nodeagent", env: [{ name: "AWS_ROLE_ARN", value: "other" }] },
                { name: "aws-node", env: variables, volumeMounts: [{ name: "token", mountPath }] },
            ],
            volumes:
                audience === undefined ? [] : [{ name: "token", projected: { sources: [{ serviceAccountToken }] } }],
        },
        status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
    };
}

describe("what is recorded of a pod", () => {
    const identity = { AWS_ROLE_ARN: "arn:role", AWS_WEB_IDENTITY_TOKEN_FILE: `${TOKEN}/token` };

    it("is the identity of the container that is the CNI", () => {
        assert.deepStrictEqual(podRecord(pod({ env: identity, audience: "sts.amazonaws.com" })), {
            uid: "1",
            name: "aws-node-x",
            node: "n1",
            running: true,
            ready: true,
            terminating: false,
            createdAt: 1000,
            serviceAccount: "aws-node",
            ipFamily: "ipv4",
            tokenFile: true,
            containerCredentials: false,
            roleArn: "arn:role",
            audience: "sts.amazonaws.com",
        });
    });

    it("is the family of its addresses", () => {
        const familyOf = (value: string) => podRecord(pod({ env: { ENABLE_IPv6: value } })).ipFamily;
        assert.deepStrictEqual([familyOf("true"), familyOf("false")], ["ipv6", "ipv4"]);
    });

    it("is no identity where there is none", () => {
        const { tokenFile, roleArn, audience } = podRecord(pod({ audience: "sts.amazonaws.com" }));
        assert.deepStrictEqual([tokenFile, roleArn, audience], [false, undefined, undefined]);
    });

    it("is the credentials of Pod Identity", () => {
        const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" };
        const { tokenFile, containerCredentials } = podRecord(pod({ env }));
        assert.deepStrictEqual([tokenFile, containerCredentials], [false, true]);
    });

    it("is no audience where the token file lies in no volume of a token", () => {
        assert.strictEqual(podRecord(pod({ env: identity })).audience, undefined);
        const elsewhere = pod({ env: identity, audience: "sts.amazonaws.com", mountPath: `${TOKEN}-2` });
        assert.strictEqual(podRecord(elsewhere).audience, undefined);
    });

    it("is whether it runs, is Ready and is about to end", () => {
        const { running, ready, terminating } = podRecord(pod({ phase: "Pending", ready: false, deleted: true }));
        assert.deepStrictEqual([running, ready, terminating], [false, false, true]);
    });
});

describe("what is recorded of a pod of the Pod Identity agent", () => {
    const agent = (ready: boolean, more: Shape = {}) => {
        const { metadata, spec, status } = pod(more);
        const containerStatuses = [{ name: "agent", ready, image: "", imageID: "", restartCount: 0 }];
        return agentRecord({ metadata, spec, status: { phase: status?.phase, containerStatuses } });
    };

    it("is its node and whether it answers there", () => {
        assert.deepStrictEqual(agent(true), { uid: "1", node: "n1", serving: true });
    });

    it("is that it does not answer before it is ready, and after the termination signal", () => {
        const answers = [agent(false), agent(true, { phase: "Pending" }), agent(true, { deleted: true })];
        assert.deepStrictEqual(
            answers.map(({ serving }) => serving),
            [false, false, false],
        );
    });
});

describe("what is recorded of a node", () => {
    const node = (providerID: string, status = "True") =>
        nodeRecord({
            metadata: { name: "n1" },
            spec: { providerID },
            status: { conditions: [{ type: "Ready", status }] },
        });

    it("is its instance and whether it is Ready", () => {
        assert.deepStrictEqual(node("aws:///us-west-2a/i-0ab"), { name: "n1", ready: true, instanceId: "i-0ab" });
        assert.strictEqual(node("aws:///us-west-2a/i-0ab", "Unknown").ready, false);
        assert.strictEqual(node("aws:///us-west-2a/fargate-ip-10").instanceId, undefined);
    });

    it("is nothing where aws-node does not run", () => {
        const labelled = (os: string, computeType?: string) =>
            runsAwsNode({
                metadata: {
                    labels: {
                        "kubernetes.io/os": os,
                        ...(computeType !== undefined && { "eks.amazonaws.com/compute-type": computeType }),
                    },
                },
            });
        assert.deepStrictEqual([labelled("linux"), labelled("linux", "ec2")], [true, true]);
        const others = [labelled("windows"), ...["auto", "fargate", "hybrid"].map((type) => labelled("linux", type))];
        assert.deepStrictEqual(others, [false, false, false, false]);
        assert.strictEqual(runsAwsNode({}), false);
    });
});

describe("what is recorded of the service account", () => {
    it("is the role that it names", () => {
        const annotations = { "eks.amazonaws.com/role-arn": "arn:role", "eks.amazonaws.com/audience": "x" };
        assert.strictEqual(roleOf({ metadata: { annotations } }), "arn:role");
        assert.strictEqual(roleOf({}), undefined);
    });
});
