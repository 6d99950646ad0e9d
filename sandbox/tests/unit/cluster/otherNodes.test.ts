import * as assert from "node:assert/strict";
import { awsNode } from "../../../cluster/manifests/awsNode";
import { isInstance, otherNode, type OtherNodeKind, otherNodeKinds, place, tagsOf } from "../../../cluster/otherNodes";

const instance = {
    id: "i-0123456789abcdef0",
    zone: "us-west-2a",
    subnetId: "subnet-1",
    privateIp: "10.0.3.7",
    ipv6: "2600:1f14:abc:de03::7",
    nodeGroup: "sandbox",
};
const options = { region: "us-west-2", clusterName: "prod", ipFamily: "ipv4", kubernetesVersion: "v1.34.4" } as const;
const made = (kind: OtherNodeKind) => otherNode(kind, isInstance(kind) ? instance : place("us-west-2", 3), options);

interface Requirement {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
}

/** Those of the node affinity of aws-node. */
function requirements(): readonly Requirement[] {
    const daemonSet = awsNode({ region: "us-west-2", clusterName: "prod", ipFamily: "ipv4" }).find(
        ({ kind }) => kind === "DaemonSet",
    ) as unknown as { spec: { template: { spec: { affinity: Record<string, Record<string, unknown>> } } } };
    const required = daemonSet.spec.template.spec.affinity["nodeAffinity"]?.[
        "requiredDuringSchedulingIgnoredDuringExecution"
    ] as { nodeSelectorTerms: readonly { matchExpressions: readonly Requirement[] }[] };
    return required.nodeSelectorTerms.flatMap(({ matchExpressions }) => matchExpressions);
}

describe("A node of another kind", () => {
    for (const kind of otherNodeKinds) {
        it(`is left out by the affinity of aws-node: ${kind}`, () => {
            const labels = made(kind).metadata?.labels ?? {};
            const left = requirements().filter(({ key, operator, values }) => {
                const isOneOf = values.includes(labels[key] ?? "");
                return operator === "In" ? !isOneOf : isOneOf;
            });
            assert.equal(left.length, 1);
        });
    }

    it("names its instance if EC2 shows one in the account", () => {
        const ids = Object.fromEntries(otherNodeKinds.map((kind) => [kind, made(kind).spec?.providerID]));
        assert.deepEqual(ids, {
            windows: "aws:///us-west-2a/i-0123456789abcdef0",
            auto: "aws:///us-west-2a/i-0123456789abcdef0",
            fargate: "aws:///us-west-2a/00000000000000003/fargate-ip-10-1-0-3.us-west-2.compute.internal",
            hybrid: "eks-hybrid:///us-west-2/prod/mi-00000000000000003",
        });
    });

    it("has the tags of its kind", () => {
        assert.equal(tagsOf("windows", "prod"), undefined);
        assert.equal(tagsOf("auto", "prod")?.["eks:eks-cluster-name"], "prod");
    });

    it("keeps other pods away as on Fargate", () => {
        assert.deepEqual(made("fargate").spec?.taints, [
            { key: "eks.amazonaws.com/compute-type", value: "fargate", effect: "NoSchedule" },
        ]);
    });
});
