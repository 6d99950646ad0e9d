import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadKubeconfig } from "../kubeconfigs";

export function awsCliFolder(directory: string): string {
    return join(directory, "aws-cli");
}

/**
 * Installs an `aws` with the one command that the kubeconfig of an EKS cluster runs, `aws eks get-token`. The real
 * command's token is a signed STS call, which EKS passes to an IAM authenticator; this one returns the operator's token
 * at the sandbox's API server.
 */
export function writeAwsCli(directory: string, kubeconfigPath: string): void {
    const token = loadKubeconfig(kubeconfigPath).getCurrentUser()?.token;
    const credential = {
        kind: "ExecCredential",
        apiVersion: "client.authentication.k8s.io/v1beta1",
        spec: {},
        status: { token },
    };
    const folder = awsCliFolder(directory);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "credential.json"), JSON.stringify(credential), { mode: 0o600 });
    const script = `#!/bin/sh
if [ "$1 $2" = "eks get-token" ]; then
    exec cat '${join(folder, "credential.json")}'
fi
echo "The sandbox's AWS CLI has the command 'aws eks get-token' only." >&2
exit 252
`;
    writeFileSync(join(folder, "aws"), script, { mode: 0o755 });
}
