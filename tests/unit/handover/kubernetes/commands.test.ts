import type { KubeConfig } from "@kubernetes/client-node";
import { deepStrictEqual, strictEqual } from "assert";
import { homedir } from "node:os";
import { join } from "node:path";
import { eksClusterOf, isFile, kubectlOf, pathOf } from "../../../../handover/kubernetes/commands";

describe("The kubectl of a message", () => {
    for (const [what, connection, expected] of [
        ["the ambient kubeconfig", {}, "kubectl"],
        ["a context of it", { context: "prod" }, "kubectl --context prod"],
        ["a file", { kubeconfig: ` ${__filename}\n` }, `kubectl --kubeconfig ${__filename}`],
        ["a text", { kubeconfig: "clusters: []", context: "prod" }, "kubectl --kubeconfig FILE --context prod"],
        ["a name that a shell would split", { context: "my prod's" }, `kubectl --context 'my prod'\\''s'`],
    ] as const) {
        it(`uses ${what}`, () => strictEqual(kubectlOf(connection), expected));
    }
});

describe("The path of a kubeconfig", () => {
    it("has the home directory for a ~ at its beginning alone", () => {
        strictEqual(pathOf(" ~/.kube/config\n"), join(homedir(), ".kube/config"));
        deepStrictEqual(["~me/config", "/a/~/b", "a~/b"].map(pathOf), ["~me/config", "/a/~/b", "a~/b"]);
    });

    it("is one line, and there is a file", () => {
        deepStrictEqual([__filename, `${__filename}x`, `${__filename}\na`].map(isFile), [true, false, false]);
    });
});

describe("The EKS cluster of a kubeconfig", () => {
    const nameIn = (cluster: string | undefined, args?: unknown, clusterName?: string) =>
        eksClusterOf({
            config: {
                getCurrentCluster: () => (cluster === undefined ? null : { name: cluster }),
                getCurrentUser: () => (args === undefined ? null : { name: "me", exec: { command: "aws", args } }),
            } as unknown as KubeConfig,
            kubectl: "kubectl",
            ...(clusterName !== undefined && { clusterName }),
        });
    const arn = "arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/of-arn";

    it("is the one that the program names, if it does", () => strictEqual(nameIn(arn, [], "named"), "named"));

    it("is that of the credential command, whichever tool wrote it", () => {
        strictEqual(nameIn(arn, ["--region", "x", "eks", "get-token", "--cluster-name", "prod"]), "prod");
        strictEqual(nameIn("prod.eu-west-1.eksctl.io", ["token", "-i", "prod"]), "prod");
    });

    it("is that of the cluster's ARN otherwise", () => {
        deepStrictEqual(
            [nameIn(arn), nameIn(arn, ["eks", "--cluster-name"]), nameIn(arn, "x")],
            Array(3).fill("of-arn"),
        );
    });

    it("is a placeholder where the kubeconfig names none", () => {
        deepStrictEqual(
            [nameIn(undefined), nameIn("kind-kind"), nameIn(`x${arn}`), nameIn(`${arn}/x`)],
            Array(4).fill("CLUSTER"),
        );
    });
});
