import type { ToolName } from "./recipes";

/** How an installed tool is asked for its version, and which versions will do. */
export interface Installed {
    /** A semver range. */
    fitting: string;
    versionArguments: string[];
}

const sameMinorAsOurs = { fitting: "~1.34.0", versionArguments: ["--version"] };

/**
 * moto is not here: the AWS stand-in leans on what this one version leaves out. Nor are the language hosts: they do
 * not tell their version, so those that are taken are those that lie beside the pulumi that is taken.
 */
export const installed: Partial<Record<ToolName, Installed>> = {
    pulumi: { fitting: ">=3.248.0 <4.0.0", versionArguments: ["version"] },
    "pulumi-resource-kubernetes": { fitting: ">=4.24.0 <5.0.0", versionArguments: ["--version"] },
    // The API server needs progress notifications of watches, which came with 3.4.25 and 3.5.8.
    etcd: { fitting: ">=3.5.13 <3.7.0", versionArguments: ["--version"] },
    "kube-apiserver": sameMinorAsOurs,
    "kube-controller-manager": sameMinorAsOurs,
    "kube-scheduler": sameMinorAsOurs,
    // kubectl may be one minor version older or newer than the API server: https://kubernetes.io/releases/version-skew-policy/
    kubectl: { fitting: ">=1.33.0 <1.36.0", versionArguments: ["version", "--client"] },
    kwok: { fitting: "~0.7.0", versionArguments: ["--version"] },
};
