import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { V1Container, V1DaemonSet, V1EnvVar } from "@kubernetes/client-node";
import { awsNode } from "../../../cluster/manifests/awsNode";

/**
 * The SHA-256 of each object of the manifest of v1.23.1, as JSON with sorted keys: https://github.com/aws/amazon-vpc-cni-k8s at
 * b52188387f2e2f10bf289ace929d6a63b176a4fa, config/master/aws-k8s-cni.yaml. Its CustomResourceDefinition
 * eniconfigs.crd.k8s.amazonaws.com is left out, since no test uses custom networking.
 */
const upstream = {
    "ServiceAccount aws-node": "da8d7296ed6ab5702eb1aacd9181ac8a4978eaeeab72de22b546aff845e15c6f",
    "ConfigMap amazon-vpc-cni": "11aed63f18c468ab1a20d27f436ce25028225db395746366288f557fb44b614c",
    "ClusterRole aws-node": "af92bb73f60c23aa5ea9090c6b1a6b9e0562df2ac266b5ff5820bd36aa7ccfcb",
    "ClusterRoleBinding aws-node": "1d640cb5790a775d404831804698d3b1c51fcbf4729158cc83d72f609deab1b2",
    "DaemonSet aws-node": "40d68693a2df4132a976f84192e709c23c6b2f1ffa41872d6cb1d5a560f1caa5",
};

/** Where the sandbox's DaemonSet may differ from upstream's, and why. */
const allowed: Readonly<Record<string, { why: string; withoutIt: (main: V1Container) => void }>> = {
    "the variable CLUSTER_NAME": {
        why: "EKS adds it to the aws-node of its clusters, and the CNI tags interfaces with it. Inferred: no source lists it.",
        withoutIt: (main) => {
            main.env = main.env?.filter(({ name }) => name !== "CLUSTER_NAME");
        },
    },
};

const options = { region: "us-west-2", clusterName: "sandbox", ipFamily: "ipv4" } as const;

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(sorted);
    }
    return typeof value === "object" && value !== null
        ? Object.fromEntries(
              Object.entries(value)
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .map(([key, of]) => [key, sorted(of)]),
          )
        : value;
}

const hashOf = (object: unknown) =>
    createHash("sha256")
        .update(JSON.stringify(sorted(object)))
        .digest("hex");

function mainOf(daemonSet: unknown): V1Container {
    return (daemonSet as V1DaemonSet).spec?.template.spec?.containers[0] ?? assert.fail();
}

function withoutAllowed(object: unknown): unknown {
    const copy = structuredClone(object) as { kind?: string };
    if (copy.kind === "DaemonSet") {
        for (const { withoutIt } of Object.values(allowed)) {
            withoutIt(mainOf(copy));
        }
    }
    return copy;
}

const nameOf = ({ kind = "", metadata }: ReturnType<typeof awsNode>[number]) => `${kind} ${metadata?.name ?? ""}`;

describe("aws-node in the sandbox and upstream's manifest of v1.23.1", () => {
    for (const [name, hash] of Object.entries(upstream)) {
        it(`agree on the ${name}, but for ${name.startsWith("DaemonSet") ? Object.keys(allowed).join() : "nothing"}`, () => {
            const own = awsNode(options).find((object) => nameOf(object) === name);
            assert.equal(hashOf(withoutAllowed(own)), hash);
        });
    }

    it("have the same objects, but for those that are left out", () =>
        assert.deepEqual(awsNode(options).map(nameOf), Object.keys(upstream)));

    it("differ in each place of the list", () => {
        const own = awsNode(options).find(({ kind }) => kind === "DaemonSet");
        assert.notEqual(hashOf(own), upstream["DaemonSet aws-node"]);
    });

    /** docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html */
    it("differ on IPv6 in the settings that AWS's page lists, and nowhere else", () => {
        const [four, six] = (["ipv4", "ipv6"] as const).map((ipFamily) =>
            awsNode({ ...options, ipFamily }).find(({ kind }) => kind === "DaemonSet"),
        );
        const values = (env: V1EnvVar[] = []) => Object.fromEntries(env.map(({ name, value }) => [name, value]));
        const [ofFour, ofSix] = [values(mainOf(four).env), values(mainOf(six).env)];
        const changed = Object.keys(ofSix).filter((name) => ofSix[name] !== ofFour[name]);
        assert.deepEqual(changed.sort(), ["ENABLE_IPv4", "ENABLE_IPv6", "ENABLE_PREFIX_DELEGATION"]);
        const ipv6 = JSON.stringify(six).replace(
            '{"name":"ENABLE_IPv4","value":"false"}',
            '{"name":"ENABLE_IPv4","value":"true"}',
        );
        const back = ipv6
            .replaceAll('{"name":"ENABLE_IPv6","value":"true"}', '{"name":"ENABLE_IPv6","value":"false"}')
            .replace(
                '{"name":"ENABLE_PREFIX_DELEGATION","value":"true"}',
                '{"name":"ENABLE_PREFIX_DELEGATION","value":"false"}',
            )
            .replace("--enable-ipv6=true", "--enable-ipv6=false");
        assert.equal(back, JSON.stringify(four));
    });
});
