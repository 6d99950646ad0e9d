import { KubeConfig } from "@kubernetes/client-node";
import { deepStrictEqual } from "node:assert/strict";
import { clustersInKubeconfig } from "../../../../handover/kubernetes/clustersInKubeconfig";

const ARN = "arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/of-arn";

/** A kubeconfig with a second context, which is not in use. */
function namesIn(args: unknown, { cluster = "eks", context = "mine" } = {}): string[] {
    const config = new KubeConfig();
    const exec = (words: unknown) => ({ apiVersion: "client.authentication.k8s.io/v1", command: "aws", args: words });
    const other = "arn:aws:eks:eu-west-1:111122223333:cluster/other";
    config.loadFromOptions({
        currentContext: context,
        clusters: [cluster, other].map((name) => ({ name, server: "https://127.0.0.1" })),
        users: [
            { name: "me", ...(args === undefined ? { token: "t" } : { exec: exec(args) }) },
            { name: "them", exec: exec(["--cluster-name", "theirs"]) },
        ],
        contexts: [
            { name: context, cluster, user: "me" },
            { name: other, cluster: other, user: "them" },
        ],
    });
    return clustersInKubeconfig(config);
}

describe("The clusters that a kubeconfig names", () => {
    const commands: [string, unknown, string[]][] = [
        [
            "the one of `aws eks get-token`",
            ["--region", "x", "eks", "get-token", "--cluster-name", "prod", "--output", "json"],
            ["prod"],
        ],
        ["the same after an equals sign", ["eks", "get-token", "--cluster-name=prod"], ["prod"]],
        ["the one of `aws-iam-authenticator token -i`", ["token", "-i", "prod"], ["prod"]],
        ["the one of `aws-iam-authenticator token --cluster-id`", ["token", "--cluster-id", "prod"], ["prod"]],
        ["the same after an equals sign", ["token", "--cluster-id=prod"], ["prod"]],
        [
            "one behind another command",
            ["exec", "me", "--", "aws", "eks", "get-token", "--cluster-name", "a-1_B"],
            ["a-1_B"],
        ],
        ["both of two options, once each", ["-i", "a", "--cluster-name", "b", "-i", "a"], ["a", "b"]],
        ["none of an option without a value", ["eks", "get-token", "--cluster-name"], []],
        ["none of an empty value", ["eks", "get-token", "--cluster-name="], []],
        [
            "none that cannot be the name of a cluster",
            ["-i", "/home/me/key", "--cluster-id", "-x", "-i", "a".repeat(101)],
            [],
        ],
        ["one of the greatest length", ["-i", "a".repeat(100)], ["a".repeat(100)]],
        ["none of another option", ["--my-cluster-name", "a", "--cluster-names", "b", "-id", "c", "x-i=d"], []],
        ["none of arguments that are no list", "--cluster-name prod", []],
        ["only texts", ["--cluster-name", 7, "-i", "prod"], ["prod"]],
        ["none without arguments", undefined, []],
    ];
    for (const [what, args, names] of commands) {
        it(`are ${what}`, () => deepStrictEqual(namesIn(args), names));
    }

    it("are that of the ARN by which the cluster or the context is called", () => {
        deepStrictEqual(namesIn(undefined, { cluster: ARN }), ["of-arn"]);
        deepStrictEqual(namesIn(undefined, { context: ARN }), ["of-arn"]);
        deepStrictEqual(namesIn(undefined, { cluster: ARN, context: ARN }), ["of-arn"]);
    });

    it("are that of the credential command first", () => {
        deepStrictEqual(namesIn(["--cluster-name", "prod"], { cluster: ARN }), ["prod", "of-arn"]);
    });

    it("are none by a name that is no ARN of a cluster", () => {
        for (const cluster of [`x${ARN}`, `${ARN}/x`, "arn:aws:eks:eu-west-1:1:cluster/short", "kind-kind"]) {
            deepStrictEqual(namesIn(undefined, { cluster }), []);
        }
    });

    it("are none of a kubeconfig without a context", () => deepStrictEqual(clustersInKubeconfig(new KubeConfig()), []));
});
