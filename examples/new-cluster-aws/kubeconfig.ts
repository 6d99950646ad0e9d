import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Like the one that `aws eks update-kubeconfig` writes. The AWS CLI gets tokens on demand, so the state has no credentials. */
export function kubeconfigOf({ name, endpoint, certificateAuthority }: aws.eks.Cluster): pulumi.Output<string> {
    const exec = {
        apiVersion: "client.authentication.k8s.io/v1beta1",
        command: "aws",
        args: ["eks", "get-token", "--cluster-name", name, "--output", "json"],
    };
    return pulumi.jsonStringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "eks",
        clusters: [
            { name: "eks", cluster: { server: endpoint, "certificate-authority-data": certificateAuthority.data } },
        ],
        contexts: [{ name: "eks", context: { cluster: "eks", user: "eks" } }],
        users: [{ name: "eks", user: { exec } }],
    });
}
